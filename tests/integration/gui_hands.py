"""A person's keyboard and mouse in a session of tests/integration/gui, the same on every desktop: xdotool where an X server is
under it, on sway a program's devices (tests/support/wayland_pointer.py). Places are pixels of the screen."""
import os
import subprocess
import sys
import time

from gui_lab import MODE, SOURCE, X_ENV, check, xdotool

# evdev's numbers of keys, by the names of X; on sway alone.
CODES = {'Escape': 1, 'Tab': 15, 'Return': 28, 'Control_L': 29, 'Shift_L': 42, 'Alt_L': 56, 'Num_Lock': 69, 'Scroll_Lock': 70, 'Up': 103, 'Left': 105, 'Right': 106, 'Down': 108,
         'Super_L': 125}
for _first, _row in ((2, '1234567890'), (16, 'qwertyuiop'), (30, 'asdfghjkl'), (44, 'zxcvbnm')):
    CODES.update((letter, _first + at) for at, letter in enumerate(_row))
LEFT, BUTTONS = '1', {'1': 272, '3': 273}  # of the mouse, by the numbers of X


class XHands:
    def __init__(self):
        # A key that is held repeats in the X server, which a compositor within it takes for presses.
        subprocess.run(['xset', 'r', 'off'], check=True, env=X_ENV, stdin=subprocess.DEVNULL)

    def move(self, x, y):
        xdotool('mousemove', str(int(x) - 1), str(int(y)), 'mousemove', str(int(x)), str(int(y)))

    def button(self, pressed, number=LEFT):
        xdotool('mousedown' if pressed else 'mouseup', number)

    def keys(self, *events):
        xdotool(*[word for name, pressed in events for word in ('keydown' if pressed else 'keyup', name)])


class WaylandHands:
    def __init__(self, scale=1):
        self.scale = scale
        # pylint: disable=consider-using-with # as long as the session
        self.process = subprocess.Popen([sys.executable, os.path.join(SOURCE, 'tests/support/wayland_pointer.py')], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        check(self.process.stdout.readline().startswith('ready'), 'no pointer on this compositor')
        self.keys(('Shift_L', True), ('Shift_L', False))  # the keyboard appears with its first key, which is lost

    def say(self, *words):
        self.process.stdin.write(' '.join(str(word) for word in words) + '\n')
        self.process.stdin.flush()
        check(self.process.stdout.readline().startswith('done'), 'the pointer is gone')

    def move(self, x, y):
        self.say('move', 1000, 0.001, -16000, -16000)
        self.say('move', 1000, 0.001, x / self.scale, y / self.scale)

    def button(self, pressed, number=LEFT):
        self.say('button', BUTTONS[number], int(pressed))

    def keys(self, *events):
        for name, pressed in events:
            self.say('key', CODES[name], int(pressed))


class Hands:
    def __init__(self, scale=1):
        self.by = WaylandHands(scale) if MODE == 'sway' else XHands()

    def down(self, name):
        self.by.keys((name, True))
        time.sleep(0.05)

    def up(self, name):
        self.by.keys((name, False))
        time.sleep(0.05)

    def key(self, *names):
        """Taps: both ends at once, since a key that is held for long may mean something else."""
        for name in names:
            self.by.keys((name, True), (name, False))
            time.sleep(0.1)

    def with_escape(self, name):
        self.by.keys(('Scroll_Lock', True), (name, True), (name, False), ('Scroll_Lock', False))
        time.sleep(0.1)

    def move(self, x, y):
        self.by.move(x, y)
        time.sleep(0.05)

    def click(self, x, y):
        self.move(x, y)
        for pressed in True, False:
            self.by.button(pressed)
            time.sleep(0.05)
