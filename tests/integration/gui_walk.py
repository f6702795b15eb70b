#!/usr/bin/env python3
"""Cases of tests/integration/gui that compare what is promised with what happens: every key behind the escape key, and
every option with a visible effect. The lists come from the program; one that is new fails here until it has a check."""
import os
import re
import shutil
import subprocess
import time

import gui_keys
from gui_keys import (ALT, CTRL, DEL, META, MUTE, VOLUME_DOWN, VOLUME_UP, A, after, captured, events, keys, start, taps, window,
                      with_escape)
from gui_lab import (BUILD, SOURCE, WORK, X_ENV, capture, check, client, guest, newest, run, wait_for, xdotool)

RIGHT_META = 0xe05c
SIZE = gui_keys.FRAME


def told_keys():
    """{name: (key, what the list in the window says)} as the program has them."""
    text = subprocess.run([os.path.join(BUILD, 'bin/pierglass'), '--help=keys'], check=True, capture_output=True, text=True).stdout
    text = re.sub(r'\n {20,}', ' ', text.split('\n\n')[0])
    found = re.findall(r'^ +--key-(\S+)=KEY +(.*) \[(\S+)\]$', text, re.M)
    check(len(found) > 20, 'the list of keys is not understood: %s' % text)
    return {name: (key, what) for name, what, key in found}


class Walk:
    """The program that all keys are tried on."""

    def __init__(self):
        self.pictures = os.path.join(WORK, 'pictures')
        os.mkdir(self.pictures)
        with open(os.path.join(os.environ['XDG_CONFIG_HOME'], 'user-dirs.dirs'), 'w', encoding='utf-8') as stream:
            stream.write('XDG_PICTURES_DIR="%s"\n' % self.pictures)
        self.keys = told_keys()
        # Sound without a server: its key has something to mute.
        self.source, self.program, _ = start('--audio=spice', '--title=walk')
        self.window = wait_for('the window', lambda: window('walk'))
        self.name = None

    def press(self):
        key = self.keys[self.name][0]
        names = {'insert': 'Insert', 'delete': 'Delete', 'up': 'Up', 'down': 'Down', 'leftmeta': 'Super_L', '=': 'equal',
                 'rightmeta': '134'}  # Super_R by name: xdotool adds Super_L
        if key.startswith('shift-'):
            xdotool('keydown', 'Scroll_Lock', 'key', 'shift+' + key[6:], 'keyup', 'Scroll_Lock')
        else:
            with_escape(names.get(key, key))

    def says(self, text):
        """Presses the key: the window says so (what it says is in the log at debug)."""
        before = len(self.program.log_lines())
        self.press()
        wait_for('"%s"' % text, lambda: any(text in line for _, line in self.program.log_lines()[before:]))

    def sends(self, *codes):
        after(self.source, self.press, taps(*codes))

    def draws(self, box):
        """Presses the key twice: the box (left, top, right, bottom) gets our dark plate, and loses it."""
        def dark():
            screen = capture()
            rows = [screen.data[(y * screen.width + box[0]) * 3:(y * screen.width + box[2]) * 3] for y in range(box[1], box[3])]
            return sum(max(row[i:i + 3]) < 64 for row in rows for i in range(0, len(row), 3)) / sum(len(row) / 3 for row in rows)
        plain = dark()
        self.press()
        wait_for('the plate', lambda: dark() > plain + 0.4)
        self.press()
        wait_for('the picture', lambda: dark() < plain + 0.1)

    def video(self):
        return newest(self.program)['video']


def full_screen(walk):
    def size():
        out = subprocess.run(['xdotool', 'getwindowgeometry', walk.window], env=X_ENV, capture_output=True, text=True).stdout
        return out.split()[-1]
    before = size()
    walk.press()
    wait_for('the whole screen', lambda: size() == '1280x800')
    walk.press()
    wait_for('the window again', lambda: size() == before)
    xdotool('mousemove', '320', '180')


def pause(walk):
    walk.says('Video stream off')
    time.sleep(0.3)
    before = walk.video()['shown']
    time.sleep(0.5)
    check(walk.video()['shown'] == before, 'frames were shown while paused')
    walk.says('Video stream on')
    wait_for('frames', lambda: walk.video()['shown'] > before)


def rotate(walk):
    for degrees in 90, 180, 270, 0:
        walk.says('turned by %d degrees' % degrees)
        if degrees in (90, 0):  # upright in a wide window: black at both sides
            wait_for('the picture at %d' % degrees, lambda: (capture().pixel(5, 60) == (0, 0, 0)) == (degrees == 90))


def recover(walk):
    before = len(walk.program.log_lines())
    walk.says('Subscribing to the picture anew')
    wait_for('the new subscription', lambda: sum('video: running' in line for _, line in walk.program.log_lines()[before:]))


def menu(walk):
    before = len(keys(walk.source))
    def open_now():
        return capture().pixel(5, 5)[0] < 64  # its head is as wide as this window
    walk.press()
    wait_for('the panel', open_now)
    xdotool('key', 'Escape')
    wait_for('the end of the panel', lambda: not open_now())
    check(len(keys(walk.source)) == before, 'the guest got keys of the panel')


def input_off(walk):
    walk.says('Guest input off')
    after(walk.source, lambda: xdotool('key', 'a'), [])
    walk.says('Guest input on')
    after(walk.source, lambda: xdotool('key', 'a'), taps(A))


def guest_size(walk):
    before = len(events(walk.source, 'window-size'))
    walk.says('Asked the guest for %dx%d' % SIZE)
    wait_for('the question', lambda: len(events(walk.source, 'window-size')) > before)
    asked = events(walk.source, 'window-size')[-1]
    check((asked['width'], asked['height']) == SIZE, 'the guest was asked for %s' % asked)


def moved(walk):
    """What the guest hears of captured motion by 100 pixels."""
    before = len(events(walk.source, 'motion'))
    xdotool(*['mousemove_relative', '10', '0'] * 10)
    time.sleep(0.1)
    return sum(o['code'] for o in events(walk.source, 'motion')[before:])


def sensitivity(walk):
    xdotool('key', 'Scroll_Lock')
    wait_for('the capture', lambda: captured(walk.program))
    plain = moved(walk)
    by = 1 if walk.name == 'sensitivity-up' else -1
    for value in range(1, 4):
        walk.says('Sensitivity %+d' % (by * value))
    changed = moved(walk)
    walk.name = {'sensitivity-up': 'sensitivity-down', 'sensitivity-down': 'sensitivity-up'}[walk.name]
    for value in range(2, -1, -1):
        walk.says('Sensitivity %+d' % (by * value))
    xdotool('key', 'Scroll_Lock')
    wait_for('the end of the capture', lambda: not captured(walk.program))
    check(plain > 0 and (changed - plain) * by > 0, '100 pixels came as %d, then as %d' % (plain, changed))


def type_clipboard(walk):
    owner = subprocess.Popen(['xclip', '-quiet', '-selection', 'clipboard', '-i'], stdin=subprocess.PIPE,
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=X_ENV)
    owner.stdin.write(b'a')
    owner.stdin.close()
    time.sleep(0.3)
    walk.sends(A)
    owner.kill()
    owner.wait()


def microphone(walk):
    walk.says('Microphone: whenever the VM records')
    walk.says('Microphone: never, until this is pressed again')


def microphone_policy(walk):
    for text in 'Microphone: on when', 'Microphone: off', 'Microphone: ask when':
        walk.says(text)
    wait_for('the microphone as it was', lambda: newest(walk.program)['microphone']['state'] == 'ready')


def screenshot(walk):
    walk.says('Saved ')
    names = os.listdir(walk.pictures)
    with open(os.path.join(walk.pictures, names[0]), 'rb') as file:
        check(len(names) == 1 and file.read(8) == b'\x89PNG\r\n\x1a\n', 'no picture: %s' % names)


def record(walk):
    if not shutil.which('ffmpeg'):
        walk.says('No recording: install ffmpeg')
        return
    before = set(os.listdir(walk.pictures))
    walk.press()
    made = wait_for('the file', lambda: set(os.listdir(walk.pictures)) - before).pop()
    path = os.path.join(walk.pictures, made)
    wait_for('something in it', lambda: os.path.getsize(path) > 2000, 40)
    walk.says('Saved ' + path)
    with open(path, 'rb') as file:
        check(made.endswith('.mkv') and file.read(4) == b'\x1a\x45\xdf\xa3', 'it is no Matroska file: %s' % made)


def source(walk):
    walk.says('Picture from shared memory only')
    walk.says('Picture from SPICE only')
    walk.says('Picture from shared memory, else SPICE')


def mute(walk):
    walk.says('Sound off')
    walk.says('Sound on')


def reconnect(walk):
    walk.says('Looking again for everything that is missing')
    wait_for('SPICE', lambda: newest(walk.program)['input']['connected'])


def report(walk):
    walk.says('A bug report is on the clipboard')
    def clipboard():
        return subprocess.run(['xclip', '-selection', 'clipboard', '-o'], env=X_ENV, capture_output=True, text=True).stdout
    text = wait_for('the report', lambda: clipboard() if clipboard().startswith('pierglass ') else None)
    for word in 'GPU: ', '"sources"', 'log:', 'video: running':
        check(word in text, 'the report lacks %s' % word)


# What the list in the window says of the key, word by word, and what is looked at.
KEYS = {
    'full-screen': ('full screen on or off', full_screen),
    'video': ('pause the picture or go on', pause),
    'rotate': ('turn the picture by 90 degrees', rotate),
    'recover': ('subscribe to the picture anew', recover),
    'menu': ('settings; Esc leaves them', menu),
    'fps': ('frames a second and delay on or off', lambda walk: walk.draws((10, 8, 300, 20))),
    'graphs': ('graphs of times on or off', lambda walk: walk.draws((10, 60, 500, 120))),
    'input': ('input to the guest on or off', input_off),
    'guest-size': ("ask the guest for the window's size", guest_size),
    'sensitivity-up': ('captured mouse faster', sensitivity),
    'sensitivity-down': ('captured mouse slower', sensitivity),
    'guest-volume-up': ('send the volume-up key', lambda walk: walk.sends(VOLUME_UP)),
    'guest-volume-down': ('send the volume-down key', lambda walk: walk.sends(VOLUME_DOWN)),
    'guest-mute': ('send the mute key', lambda walk: walk.sends(MUTE)),
    'left-meta': ('send the left Windows key', lambda walk: walk.sends(META)),
    'right-meta': ('send the right Windows key', lambda walk: walk.sends(RIGHT_META)),
    'microphone': ('microphone on or off', microphone),
    'microphone-policy': ('microphone: ask, on, off', microphone_policy),
    # With a question: tests/integration/clipboard.
    'clipboard': ('let the guest have the clipboard that it asks for', lambda walk: walk.says('No question about the clipboard')),
    'screenshot': ("save a picture of the guest's screen", screenshot),
    'record': ('begin or end a recording of picture and sound', record),
    'source': ('next source of the picture: auto, LG, SPICE', source),
    'ctrl-alt-del': ('send Ctrl+Alt+Del', lambda walk: walk.sends(CTRL, ALT, DEL)),
    'type-clipboard': ("type the clipboard's text as keys", type_clipboard),
    'mute': ("mute pierglass's sound", mute),
    'bench': ('delays and counts on or off', lambda walk: walk.draws((10, 30, 300, 60))),
    # Without devices it says so; with them: tests/integration/evdev.
    'grab-devices': ('give the evdev devices to the guest or take them back', lambda walk: walk.says('No keyboard or mouse to give')),
    'reconnect': ('connect again at once', reconnect),
    'report': ('copy a bug report: versions, states, log', report),
    'quit': ('leave', lambda walk: (walk.press(), check(walk.program.process.wait(10) == 0, 'it left badly'))),
}


def case_every_key():
    """Each key does what the list in the window says of it."""
    walk = Walk()
    check(set(walk.keys) == set(KEYS), 'keys without a check, or checks without a key: %s' % (set(walk.keys) ^ set(KEYS)))
    no_option_is_without_a_check()
    for name in sorted(KEYS, key=lambda name: name == 'quit'):
        text, look = KEYS[name]
        check(walk.keys[name][1] == text, '--key-%s says "%s": does the check of "%s" still fit?' % (name, walk.keys[name][1], text))
        walk.name = name
        begin = time.monotonic()
        try:
            look(walk)
        except AssertionError as error:
            raise AssertionError('--key-%s (%s): %s' % (name, text, error)) from error
        print('%-18s %.2f s' % (name, time.monotonic() - begin))


# Options of the groups picture and window that change nothing which stands on the screen while all is well, and where they
# are looked at instead.
ELSEWHERE = {
    'allow-dma': 'how a picture gets there: bench-video, test_video', 'upload': 'the same', 'poll': 'the same',
    'poll-interval': 'the same', 'vsync': 'when it is shown', 'fps-min': 'how often: test_video',
    'map-hdr': 'pictures of HDR: test_renderer', 'max-cll': 'the same', 'peak-luminance': 'the same',
    'straight-alpha': 'pointers: test_renderer_cursor', 'ui-font': 'other scripts: test_glyph_font',
    'no-screensaver': 'the desktop: test_app_decide', 'auto-screensaver': 'the same',
    'request-activation': 'what the guest asks for', 'ignore-quit': 'the close button',
    'minimize-on-focus-loss': 'another window', 'dim-menu': 'test_hud_text',
    'window': 'which desktop: each of the modes of gui',
}


def told_options():
    text = ''.join(subprocess.run([os.path.join(BUILD, 'bin/pierglass'), '--help=' + group], check=True, capture_output=True,
                                  text=True).stdout for group in ('picture', 'window'))
    return set(re.findall(r'^ +(?:-\w, )?--(?:\[no-\])?([a-z0-9-]+)', text, re.M))


def tested_options():
    """Those that a test of the window starts it with."""
    text = ''
    for name in os.listdir(os.path.join(SOURCE, 'tests/integration')):
        if name.startswith('gui_'):
            with open(os.path.join(SOURCE, 'tests/integration', name), encoding='utf-8') as file:
                text += file.read()
    return set(re.findall(r'--(?:no-)?([a-z0-9-]+)', text))


def window_property(number, name):
    return subprocess.run(['xprop', '-id', number, name], env=X_ENV, capture_output=True, text=True).stdout


def no_option_is_without_a_check():
    told = told_options()
    missing = told - tested_options() - set(ELSEWHERE)
    check(not missing, 'options without a check: %s' % sorted(missing))
    check(not set(ELSEWHERE) - told, 'no such options: %s' % sorted(set(ELSEWHERE) - told))


def case_every_option():
    """Each option with a visible effect has it; none is without a check."""
    no_option_is_without_a_check()
    guest(SIZE, '--fps=10')

    def plate(box):
        screen = capture()
        pixels = [screen.pixel(x, y) for x in range(box[0], box[2], 4) for y in range(box[1], box[3], 4)]
        return sum(max(pixel) < 64 for pixel in pixels) / len(pixels) > 0.5
    program = client(SIZE, '--title=first', '--app-id=my.app', '--no-allow-resize', '--show-fps', '--ui-size=32', '--no-alerts')
    number = wait_for('the title', lambda: window('first'))
    check('my.app' in window_property(number, 'WM_CLASS'), 'the class is %s' % window_property(number, 'WM_CLASS'))
    sizes = re.findall(r'(?:minimum|maximum) size: (\d+) by (\d+)', window_property(number, 'WM_NORMAL_HINTS'))
    check(len(set(sizes)) == 1, 'it can be resized: %s' % sizes)
    wait_for('a line of that size', lambda: plate((16, 40, 300, 56)))
    xdotool('mousemove', '320', '300', 'click', '1')
    with_escape('r')
    time.sleep(0.4)
    check(not plate((280, 170, 360, 190)), 'an alert is shown')
    check(program.stop() == 0, 'it left with %s' % program.process.returncode)

    program = client((400, 300), '--title=second', '--maximize', '--show-graphs', '--rotate=180', '--monitor=1')
    number = wait_for('the title', lambda: window('second'))
    wait_for('a window as wide as the screen', lambda: '_NET_WM_STATE_MAXIMIZED_HORZ' in window_property(number, '_NET_WM_STATE'))
    wait_for('graphs', lambda: plate((20, 60, 400, 120)))
    # Upside down the grey ramp is at the top, where the blue bar was.
    wait_for('the picture upside down', lambda: (lambda p: p[0] == p[1] == p[2] > 30)(capture().pixel(960, 70)))
    check(program.stop() == 0, 'it left with %s' % program.process.returncode)

    program = client((400, 300), '--title=third', '--full-screen')
    number = wait_for('the title', lambda: window('third'))
    wait_for('full screen', lambda: '_NET_WM_STATE_FULLSCREEN' in window_property(number, '_NET_WM_STATE'))
    wait_for('figures', program.objects)  # before its loop runs a signal ends it at once, with that status
    check(program.stop() == 0, 'it left with %s' % program.process.returncode)


if __name__ == '__main__':
    run(globals())
