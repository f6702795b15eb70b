#!/usr/bin/env python3
"""Cases of tests/integration/gui about keys and pointer: what is pressed on the desktop, in capture mode and out of it,
arrives at the guest's end of the wire, and only that."""
import ctypes
import os
import re
import subprocess
import time

from gui_hands import Hands
from gui_keys import (A, ALT, CTRL, DEL, F2, FRAME, META, MUTE, NUM, SCROLL, SEMICOLON, SHIFT, VOLUME_DOWN, VOLUME_UP, X, after, captured, events,
                      keys, start, taps, window, with_escape)
from gui_lab import MODE, SOURCE, TILES, WORK, X_ENV, Program, capture, check, client, connected, guest, run, wait_for, xdotool



def case_capture():
    """A tap of the escape key captures and releases; motion is relative then, and the pointer stays; the escape key itself
    never reaches the guest; held long it shows help."""
    source, program, corner = start()
    xdotool('key', 'Scroll_Lock')
    wait_for('the capture', lambda: captured(program))
    # Far more than the screen is wide: only a locked pointer can do that. (weston's own one is at the edge soon.)
    steps, least = (40, 1500) if MODE == 'x11' else (5, 100)
    before = len(events(source, 'motion'))
    for _ in range(steps):
        xdotool('mousemove_relative', '60', '0')
    moved = wait_for('motion', lambda: (lambda x: x if x >= least else None)(
        sum(o['code'] for o in events(source, 'motion')[before:])))
    print('captured: %d steps of 60 to the right came as %d' % (steps, moved))
    check(not events(source, 'position'), 'absolute positions in capture mode')
    after(source, lambda: xdotool('key', 'a'), taps(A))
    # Held: the help, and no toggle when it is let go.
    plain = shown_difference(corner)
    xdotool('keydown', 'Scroll_Lock')
    helped = wait_for('the help', lambda: (lambda d: d if d > plain + 2000 else None)(shown_difference(corner)))
    xdotool('keyup', 'Scroll_Lock')
    print('pixels that are not the picture: %d with help, %d before' % (helped, plain))
    wait_for('the help to go', lambda: shown_difference(corner) < helped - 2000)
    check(captured(program), 'a long press ended the capture')
    xdotool('key', 'Scroll_Lock')
    wait_for('the end of the capture', lambda: not captured(program))
    check(SCROLL not in [code for code, _ in keys(source)], 'the escape key reached the guest')
    check(program.stop() == 0, 'the client left with %s' % program.process.returncode)


def case_capture_start():
    """--capture-on-focus: a window that opens with the focus has the capture as soon as the guest listens, and each time
    that the focus comes back."""
    source = guest(FRAME, '--fps=10', '--report')
    program = client(FRAME, '--log-level=debug', '--capture-on-focus', '--title=ours', env=TOLD)
    connected(program)
    wait_for('the capture', lambda: captured(program))
    time.sleep(0.3)
    after(source, lambda: xdotool('key', 'a'), taps(A))
    check(not events(source, 'position'), 'absolute positions in capture mode')
    other = Other()
    other.take()
    wait_for('the end of the capture', lambda: not captured(program))
    other.leave(program)
    wait_for('the capture again', lambda: captured(program))
    after(source, lambda: xdotool('key', 'a'), taps(A))
    check(program.stop() == 0, 'the client left with %s' % program.process.returncode)


def case_input_method():
    """An input method that is open on the desktop eats no key of the guest's: fcitx5, whose list of the clipboard takes
    every key while it is shown."""
    bus = os.path.join(WORK, 'bus')
    buses = subprocess.Popen(['dbus-daemon', '--session', '--nofork', '--address=unix:path=' + bus], stderr=subprocess.DEVNULL)
    method = None
    try:
        wait_for('the bus', lambda: os.path.exists(bus))
        os.environ.update(DBUS_SESSION_BUS_ADDRESS='unix:path=' + bus, XMODIFIERS='@im=fcitx', SDL_IM_MODULE='fcitx')
        method = subprocess.Popen(['fcitx5', '--disable=wayland,waylandim,kimpanel,notifications'], stdin=subprocess.DEVNULL,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for('the input method', lambda: b'org.freedesktop.portal.Fcitx' in subprocess.run(
            ['busctl', '--address=unix:path=' + bus, 'list', '--no-pager'], capture_output=True, check=False).stdout)
        time.sleep(2)  # nothing says when all of it is loaded
        source, program, _ = start()
        after(source, lambda: xdotool('key', 'ctrl+semicolon', 'key', 'a', 'key', 'x'),
              [(CTRL, True), (SEMICOLON, True), (CTRL, False), (SEMICOLON, False)] + taps(A) + taps(X))
        check(program.stop() == 0, 'the client left with %s' % program.process.returncode)
    finally:
        for process in (method, buses):
            if process:
                process.terminate()
                process.wait(5)


def shown_difference(corner):
    """How many pixels of the lower bands are dark where the ramps are bright: a panel lies over them."""
    screen = capture()
    dark = 0
    # In a window of twice the picture's size the help has room below.
    left, top = (700, 420) if TILES else (int(corner[0]) + 210, int(corner[1]) + 20)
    for y in range(top, top + 150):
        at = (y * screen.width + left) * 3
        row = screen.data[at:at + 330 * 3]
        dark += sum(1 for i in range(0, len(row), 3) if max(row[i:i + 3]) < 200)
    return dark


def screenshots():
    """Two in one second are two files; where there is no folder for them, nothing is written."""
    folder, file = os.path.join(WORK, 'pictures'), os.path.join(os.environ['XDG_CONFIG_HOME'], 'user-dirs.dirs')
    with open(file, 'w', encoding='utf-8') as stream:
        stream.write('XDG_PICTURES_DIR="%s"\n' % folder)
    with_escape('p')
    time.sleep(0.7)
    os.mkdir(folder)
    for count in 1, 2, 3:
        with_escape('p')
        wait_for('picture %d' % count, lambda n=count: len(os.listdir(folder)) >= n)
    time.sleep(0.3)
    names = sorted(os.listdir(folder))
    print('pictures: %s' % names)
    check(len(names) == 3 and all(name.endswith('.png') for name in names), 'not three pictures')
    os.unlink(file)


def case_actions():
    """What the keys behind the escape key send: combinations, function keys, volume, Windows keys, the clipboard as keys."""
    source, program, _ = start()
    after(source, lambda: with_escape('k'), taps(CTRL, ALT, DEL))
    after(source, lambda: with_escape('F2'), taps(CTRL, ALT, F2))
    after(source, lambda: with_escape('Up'), taps(VOLUME_UP))
    after(source, lambda: with_escape('Down'), taps(VOLUME_DOWN))
    after(source, lambda: with_escape('m'), taps(MUTE))
    if MODE != 'mutter':  # GNOME keeps this key for itself until the capture
        after(source, lambda: with_escape('Super_L'), taps(META))
    # The same in plain mode and captured.
    xdotool('key', 'Scroll_Lock')
    wait_for('the capture', lambda: captured(program))
    after(source, lambda: with_escape('k'), taps(CTRL, ALT, DEL))
    after(source, lambda: xdotool('keydown', 'super', 'key', 'x', 'keyup', 'super'), taps(META, X))
    xdotool('key', 'Scroll_Lock')
    wait_for('the end of the capture', lambda: not captured(program))
    # Input off: nothing goes, not even what the escape key sends.
    with_escape('i')
    time.sleep(0.3)
    before = len(keys(source))
    xdotool('key', 'a')
    time.sleep(0.3)
    check(len(keys(source)) == before, 'keys went while input was off')
    with_escape('i')
    after(source, lambda: xdotool('key', 'a'), taps(A))
    if MODE == 'x11':
        owner = subprocess.Popen(['xclip', '-quiet', '-selection', 'clipboard', '-i'], stdin=subprocess.PIPE,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=X_ENV)
        owner.stdin.write(b'aX')
        owner.stdin.close()
        time.sleep(0.5)
        after(source, lambda: with_escape('x'),
              taps(A) + [(SHIFT, True), (X, True), (X, False), (SHIFT, False)])
        owner.kill()
        owner.wait()
        screenshots()
    check(program.stop() == 0, 'the client left with %s' % program.process.returncode)


def case_panel():
    """Settings by mouse alone, from the tab at the top edge to the VM's profile; the guest hears of none of it."""
    home = os.path.join(WORK, 'panel')
    os.environ['XDG_CONFIG_HOME'] = home
    source, program, corner = start('panel-vm')
    size, cell, line = (640, 360), 9, 18  # start()'s window, and the face at --ui-size=16
    left, top = int(corner[0]) + size[0] // 2, int(corner[1])
    xdotool('mousemove', str(left), str(top + 30), 'mousemove', str(left), str(top + 3))
    wait_for('the tab', lambda: max(capture().pixel(left - 6 * cell + 5, top + 5)) < 64)  # at its left end, where nothing is written
    buttons = len(events(source, 'button'))
    xdotool('mousemove', str(left), str(top + line), 'click', '1')
    wait_for('the panel', lambda: max(capture().pixel(left - 6 * cell, int(corner[1]) + size[1] // 2)) < 64)
    time.sleep(0.2)
    check(len(events(source, 'button')) == buttons, 'the guest heard the click on the tab')
    before, clicks = len(keys(source)), len(events(source, 'button', 'motion'))
    wide = min(size[0], 70 * cell)
    left, row, head = (size[0] - wide) // 2, line + line // 3, line + line // 2

    def press(x, y):
        xdotool('mousemove', str(int(corner[0]) + x), str(int(corner[1]) + y), 'click', '1')
        time.sleep(0.3)

    def page_top(rows):
        fits = (min(size[1], 2 * head + rows * row + 2 * line + line // 2) - 2 * head - 2 * line - line // 2) // row
        high = min(size[1], 2 * head + rows * row + 2 * line + line // 2)
        return (size[1] - high) // 2, min(fits, rows)

    more = left + wide - cell - cell  # "more" of a row
    top, _ = page_top(13)
    press(more, top + 2 * head + 3 * row + row // 2)  # scaling: auto -> nearest
    press(left + wide * 9 // 12, top + head + head // 2)  # the page of the VM
    top, _ = page_top(17)
    press(left + 5 * cell, top + 2 * head + row // 2)  # save
    profile = os.path.join(home, 'pierglass/vms/panel-vm.ini')
    wait_for('the profile', lambda: os.path.exists(profile), 3)
    with open(profile, encoding='utf-8') as file:
        text = file.read()
    check(text == 'scale = nearest\n', 'the profile is %r' % text)
    xdotool('key', 'Down', 'key', 'Up', 'key', 'Escape')
    time.sleep(0.3)
    check(len(keys(source)) == before, 'the guest heard keys of the panel: %s' % keys(source)[before:])
    check(len(events(source, 'button', 'motion')) == clicks, 'the guest heard the mouse of the panel')
    after(source, lambda: xdotool('key', 'a'), taps(A))  # closed: keys are the guest's again
    check(program.stop() == 0, 'the client left with %s' % program.process.returncode)


class Grab:
    """Another program that takes the keyboard and leaves the focus where it is, as a screen lock of X11 does."""

    def __init__(self):
        self.x11 = ctypes.CDLL('libX11.so.6')
        self.x11.XOpenDisplay.restype = ctypes.c_void_p
        self.display = ctypes.c_void_p(self.x11.XOpenDisplay(X_ENV['DISPLAY'].encode()))
        self.x11.XDefaultRootWindow.restype = ctypes.c_ulong
        root = ctypes.c_ulong(self.x11.XDefaultRootWindow(self.display))
        got = self.x11.XGrabKeyboard(self.display, root, 0, 1, 1, ctypes.c_ulong(0))
        check(got == 0, 'the keyboard cannot be grabbed: %d' % got)

    def end(self):
        self.x11.XCloseDisplay(self.display)


# On Wayland the library tells when a window gets the keyboard; on X the window is asked to take it.
TOLD = {'WAYLAND_DEBUG': '1'} if MODE != 'x11' else {}


def entered(program):
    """How often a window of Wayland got the keyboard."""
    with open(program.log, errors='replace') as file:
        return len(re.findall(r'wl_keyboard[@#]\d+\.enter\(', file.read()))


def give_focus(name):
    """Of X, with the word of the window manager where that gives it out by itself."""
    how = 'windowactivate' if os.environ.get('PG_DESKTOP') == 'mutter-x11' else 'windowfocus'
    xdotool(how, name)
    wait_for('the focus', lambda: int(subprocess.run(['xdotool', 'getwindowfocus'], env=X_ENV, capture_output=True, text=True,
                                                     stdin=subprocess.DEVNULL).stdout or 0) == int(name, 16))


class Other:
    """Another program's window. On X both stay open and the focus is given to one of them; a Wayland compositor gives the
    focus away as it likes: to a window that opens, and back as that is closed."""

    def __init__(self):
        self.program = None
        if MODE == 'x11':
            self.open()
            self.ours, self.others = (wait_for('the window ' + t, lambda t=t: window(t)) for t in ('ours', 'other'))
            self.leave(None)

    def open(self):
        self.program = Program('pierglass', '--no-lg-config', '--shm=/dev/shm/none', '--spice=off', '--audio=off',
                               '--discover=no', '--size=200x200', '--position=900x500', '--borderless', '--title=other',
                               '--stats=0.2', env=TOLD)

    def take(self):
        if MODE == 'x11':
            give_focus(self.others)
        else:
            self.open()
            wait_for('the focus of the other window', lambda: entered(self.program), 30)

    def leave(self, ours):
        if MODE == 'x11':
            give_focus(self.ours)
        else:
            before = entered(ours)
            self.program.stop()
            wait_for('the focus', lambda: entered(ours) > before, 30)
        time.sleep(0.3)


def case_focus():
    """A key and a button that are held when the focus goes are released in the guest; the capture ends; a bound key of
    one's own works, and the old one does not. So is a key that is let go while another program has the keyboard."""
    source, program, _ = start('--escape-key=f12', '--key-ctrl-alt-del=h', '--title=ours', env=TOLD)
    xdotool('keydown', 'F12', 'key', 'h', 'keyup', 'F12')
    wait_for('Ctrl+Alt+Del', lambda: keys(source) == taps(CTRL, ALT, DEL))
    after(source, lambda: xdotool('keydown', 'F12', 'key', 'k', 'keyup', 'F12'), [])
    other = Other()
    xdotool('key', 'F12')
    wait_for('the capture', lambda: captured(program))
    xdotool('keydown', 'a', 'keydown', 'shift', 'mousedown', '1')
    wait_for('held keys', lambda: keys(source)[-2:] == [(A, True), (SHIFT, True)])
    wait_for('the button', lambda: events(source, 'button')[-1]['value'] == 1)
    other.take()
    wait_for('the releases', lambda: {(A, False), (SHIFT, False)} <= set(keys(source)[-2:]))
    wait_for('the release of the button', lambda: events(source, 'button')[-1]['value'] == 0)
    wait_for('the end of the capture', lambda: not captured(program))
    xdotool('keyup', 'a', 'keyup', 'shift', 'mouseup', '1')
    time.sleep(0.3)
    before = len(keys(source))
    xdotool('key', 'a')
    time.sleep(0.3)
    check(len(keys(source)) == before, 'keys of another window reached the guest')
    other.leave(program)
    after(source, lambda: xdotool('key', 'a'), taps(A))
    if MODE == 'x11':
        after(source, lambda: xdotool('keydown', 'a'), [(A, True)])
        grab = Grab()
        after(source, lambda: xdotool('keyup', 'a', 'key', 'x'), [(A, False)])
        grab.end()
        after(source, lambda: xdotool('key', 'a'), taps(A))
    check(program.stop() == 0, 'the client left with %s' % program.process.returncode)


def case_locks():
    """Lock keys that were switched while another window had the focus are switched in the guest as the focus comes back,
    once; the escape key is none of them."""
    source, program, _ = start('--escape-key=capslock', '--title=ours', env=TOLD)
    other = Other()

    def back_after(*locks):
        other.take()
        time.sleep(0.3)
        for lock in locks:
            xdotool('key', lock)
        time.sleep(0.2)
        other.leave(program)

    after(source, lambda: back_after('Num_Lock', 'Caps_Lock'), taps(NUM))
    after(source, back_after, [])
    after(source, lambda: xdotool('key', 'Num_Lock'), taps(NUM))
    after(source, lambda: back_after('Caps_Lock'), [])
    after(source, lambda: back_after('Num_Lock', 'Num_Lock', 'Num_Lock'), taps(NUM))
    check(program.stop() == 0, 'the client left with %s' % program.process.returncode)


# What is held when the focus comes, to the desktop; what the guest must have of it: nothing.
HELD = ['a', 'Control_L', 'Shift_L', 'Alt_L', 'Super_L', 'Num_Lock', 'Control_L Shift_L a', '1', '3']
# KWin as a window of an X server hands that one's repeats on as keys; Super alone is mutter's own; a program's keyboard on sway
# switches no lock.
NOT_SEEN = {'kwin': ('a', 'Control_L Shift_L a'), 'mutter': ('Super_L',), 'mutter-x11': ('Super_L',), 'sway': ('Num_Lock',)}


def case_held_before():
    """What was pressed in another window, and is held as the focus comes to this one, is not the guest's: neither as it comes,
    nor by its repeats, nor as it is let go. What is pressed afterwards is, though more is held meanwhile."""
    hands = Hands() if MODE == 'sway' else None
    source, program, _ = start('--title=ours', env=TOLD, hands=hands)
    other = Other()

    def press(word, pressed):
        if not hands:
            xdotool(('mouse' if word.isdigit() else 'key') + ('down' if pressed else 'up'), word)
        elif word.isdigit():
            hands.by.button(pressed, word)
        else:
            hands.by.keys((word, pressed))

    def come_and_press(what):
        for word in what.split():
            press(word, True)
        time.sleep(0.2)
        other.leave(program)
        time.sleep(1.2)  # an X server repeats after 0.66 s
        press('x', True)
        press('x', False)
        time.sleep(0.2)
        for word in reversed(what.split()):
            press(word, False)

    if hands:
        hands.move(1000, 600)
    else:
        xdotool('mousemove', '1000', '600')

    for what in HELD:
        if what in NOT_SEEN.get(os.environ['PG_DESKTOP'], ()):
            continue
        other.take()
        time.sleep(0.3)
        clicks = len(events(source, 'button'))
        # A lock is switched in the guest, too: by the state that it has now.
        after(source, lambda what=what: come_and_press(what), (taps(NUM) if what == 'Num_Lock' else []) + taps(X))
        check(len(events(source, 'button')) == clicks, 'the guest got button %s' % what)
        print('ok: %s' % what)
    check(program.stop() == 0, 'the client left with %s' % program.process.returncode)


# Linux codes of keys that SDL 2.26 does not tell, or takes for others, with what stands on them; and others of the kinds of
# keyboard that have them: F13, F20, Muhenkan, Henkan, Hiragana/Katakana, Yen, Ro, Hangul, Hanja, the ISO key, volume, play, mail.
RARE = (191, 192, 193, 194, 95, 121, 85, 183, 190, 94, 92, 93, 124, 89, 122, 123, 86, 115, 164, 155)


def case_rare_keys():
    """Keys of the keyboards of other countries, and beyond F12, are the guest's as they are on the keyboard."""
    with open(os.path.join(SOURCE, 'tests/data/evdev-scancode.csv'), encoding='ascii') as file:
        rows = [line.strip().split(',') for line in file][1:]
    scancodes = {int(code): int(scancode, 16) for _, code, scancode in rows}
    source, program, _ = start('--title=ours')
    for code in RARE:
        after(source, lambda code=code: xdotool('key', str(code + 8)), taps(scancodes[code]))
        after(source, lambda code=code: xdotool('key', str(code + 8)), taps(scancodes[code]))
    print('ok: %d keys' % len(RARE))
    check(program.stop() == 0, 'the client left with %s' % program.process.returncode)


# Keys that stand for other letters elsewhere: Q, W, Z, Y, the row of digits, the one beside the left Shift, dead ones.
MOVED = (16, 17, 44, 21, 2, 11, 86, 13, 26, 41)


def case_layouts():
    """The layout of the desktop's keyboard changes while the window is there, also by keys: each key is the guest's as it is on
    the keyboard."""
    with open(os.path.join(SOURCE, 'tests/data/evdev-scancode.csv'), encoding='ascii') as file:
        rows = [line.strip().split(',') for line in file][1:]
    scancodes = {int(code): int(scancode, 16) for _, code, scancode in rows}
    source, program, _ = start('--title=ours')
    for layout in (('us',), ('de',), ('fr',), ('us,ru', '-option', 'grp:alt_shift_toggle'), ('jp',), ('us', '-variant', 'dvorak')):
        subprocess.run(['setxkbmap', '-option', ''], check=True, env=X_ENV, stdin=subprocess.DEVNULL)
        subprocess.run(['setxkbmap', *layout], check=True, env=X_ENV, stdin=subprocess.DEVNULL)
        time.sleep(0.2)
        for code in MOVED:
            after(source, lambda code=code: xdotool('key', str(code + 8)), taps(scancodes[code]))
        print('ok: %s' % ' '.join(layout))
    # The second group by its keys, which are the guest's, too.
    subprocess.run(['setxkbmap', 'us,ru', '-option', 'grp:alt_shift_toggle'], check=True, env=X_ENV, stdin=subprocess.DEVNULL)
    time.sleep(0.2)
    after(source, lambda: xdotool('keydown', '64', 'keydown', '50', 'keyup', '50', 'keyup', '64'), taps(ALT, SHIFT))
    after(source, lambda: xdotool('key', '24'), taps(scancodes[16]))
    check(program.stop() == 0, 'the client left with %s' % program.process.returncode)


run(globals())
