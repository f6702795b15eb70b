#!/usr/bin/env python3
"""A case of tests/integration/gui: somebody new, with a mouse alone, from what tools/play starts to a setting that is changed,
saved, and there again at the next start."""
import os
import shutil
import subprocess
import time

from gui_hands import Hands
from gui_lab import BUILD, SOURCE, WORK, Program, capture, check, newest, run, wait_for as wait_for_seconds

HEAD = bytes((0x1f, 0x24, 0x30))  # of the panel, as wide as all of it and two lines high
SCALING, SAVE, LEAVE = 3, 0, 4  # rows of the pages Picture and VM
PAGES, VM = 6, 4
# A machine without a VM, wherever this runs: no process of another one's, no memory file.
ALONE = [shutil.which('unshare') or 'unshare', '--user', '--map-root-user', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc', 'sh', '-c',
         'mount -t tmpfs none /dev/shm && exec "$0" "$@"']


def wait_for(what, condition):
    return wait_for_seconds(what, condition, 60)


def start():
    """tools/play, where its build is the one that is tested; else what it starts."""
    play = os.path.join(SOURCE, 'tools/play')
    by_play = os.path.realpath(BUILD) == os.path.join(os.path.realpath(SOURCE), 'build') and 'PG_NEWCOMER' in os.environ and \
        subprocess.run([*ALONE, 'true'], capture_output=True, check=False).returncode == 0
    words = [*ALONE, play, '--no-install'] if by_play else [os.path.join(BUILD, 'bin/pierglass'), '--demo']
    print('started with', *words[-2:])
    return Program(words[0], *words[1:], '--audio=off', '--stats=0.2', '--log-level=debug')


def changed_box(before, now):
    """Around all that is another colour: (left, top, right, bottom)."""
    rows = [y for y in range(now.height) if now.data[y * now.width * 3:(y + 1) * now.width * 3] !=
            before.data[y * now.width * 3:(y + 1) * now.width * 3]]
    if not rows:
        return None
    y = (rows[0] + rows[-1]) // 2
    columns = [x for x in range(now.width) if now.pixel(x, y) != before.pixel(x, y)]
    return (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1) if columns else None


class Newcomer:
    def __init__(self):
        self.hands = Hands()
        self.hands.move(5, 795)
        time.sleep(0.5)
        self.empty = wait_for('a desktop at rest', self.still)
        self.program, self.panel = start(), None
        wait_for('figures', self.program.objects)  # tools/play may build first
        wait_for('a picture', lambda: newest(self.program)['video']['shown'] > 5)
        time.sleep(1)  # it takes its size
        self.box = wait_for('the window', lambda: changed_box(self.empty, capture()))

    @staticmethod
    def still():
        before = capture()
        time.sleep(0.3)
        now = capture()
        return now if now.data == before.data else None

    @staticmethod
    def white(screen, x, y):
        """How much there is of the tab's word."""
        rows = [screen.data[(at * screen.width + x - 40) * 3:(at * screen.width + x + 40) * 3]
                for at in range(y, min(y + 40, screen.height))]
        return sum(row[i:i + 3] == b'\xff\xff\xff' for row in rows for i in range(0, len(row), 3))

    def open_panel(self):
        """Along the window's middle from its top, which on some desktops is its title, down to where a tab appears."""
        left, top, right, _ = self.box
        x, plain = (left + right) // 2, capture()
        for y in range(top + 2, top + 80, 5):
            self.hands.move(x, y)
            end = time.monotonic() + 3
            wanted = self.white(plain, x, y) + 100
            while self.white(capture(), x, y) < wanted and time.monotonic() < end:
                time.sleep(0.1)
            if self.white(capture(), x, y) >= wanted:
                break
        else:
            check(False, 'no tab at the top edge of %s' % (self.box,))
        print('the tab came with the mouse at %d of a window at %d' % (y, top))
        capture('tab')
        self.hands.click(x, y + 12)
        self.panel = wait_for('the panel', self.find_panel)
        capture('panel')

    @staticmethod
    def find_panel():
        screen = capture()
        found = [y for y in range(screen.height) if HEAD * 100 in screen.data[y * screen.width * 3:(y + 1) * screen.width * 3]]
        if len(found) < 20:
            return None
        row = screen.data[found[0] * screen.width * 3:(found[0] + 1) * screen.width * 3]
        xs = [x for x in range(screen.width) if row[x * 3:x * 3 + 3] == HEAD]
        return xs[0], found[0], xs[-1] + 1, found[-1] + 1

    def press_row(self, row, more=False):
        left, _, right, _ = self.panel
        line = self.head * 2 // 3
        self.hands.click(right - line if more else left + 5 * line, self.top + 2 * self.head + row * (line + line // 3) + line // 2)

    def page(self, number):
        left, _, right, _ = self.panel
        self.hands.click(left + (right - left) * (2 * number + 1) // (2 * PAGES), self.top + self.head + self.head // 2)
        before = self.panel
        self.panel = wait_for('the other page', lambda: (lambda now: now if now != before else None)(self.find_panel()))

    @property
    def head(self):
        return (self.panel[3] - self.panel[1]) // 2

    @property
    def top(self):
        return self.panel[1]

    def change_and_save(self):
        self.open_panel()
        self.press_row(SCALING, more=True)
        self.page(VM)
        self.press_row(SAVE)
        capture('saved')

    def leave(self):
        self.press_row(LEAVE)
        wait_for('the end', lambda: self.program.process.poll() is not None)
        hurried = any('leaving without waiting' in text for _, text in self.program.log_lines())  # a machine without time
        check(self.program.process.returncode == 0 or hurried, 'it left with %s' % self.program.process.returncode)


def settings():
    path = os.path.join(os.environ['XDG_CONFIG_HOME'], 'pierglass/pierglass.ini')
    if not os.path.exists(path):
        return None
    with open(path, encoding='utf-8') as file:
        return file.read()


def case_newcomer():
    """The next start begins with what was saved: one more step leads from there to the value behind it."""
    os.environ['XDG_STATE_HOME'] = os.path.join(WORK, 'state')
    for wanted in 'scale = nearest\n', 'scale = linear\n':
        newcomer = Newcomer()
        newcomer.change_and_save()
        wait_for('"%s" in the settings, which have %s' % (wanted.strip(), settings()), lambda w=wanted: settings() == w)
        newcomer.leave()
        print('saved: %s' % settings().strip())
        time.sleep(0.5)


run(globals())
