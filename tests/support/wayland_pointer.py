"""A mouse, a touchscreen and a keyboard of a Wayland session, by what its compositor offers for it.

    wayland_pointer.py             then on stdin, a line each:
      move HZ SECONDS X Y            so often by X, Y
      button CODE PRESSED            BTN_LEFT is 272
      down ID X Y, to ID X Y, up ID  fingers, where the compositor's protocol has them
      key CODE PRESSED               KEY_A is 30; wlroots alone

Prints "ready PROTOCOL", and "done N" after each line, N being the reports. wlroots: zwlr_virtual_pointer_v1; KWin (which
has to be started with KWIN_WAYLAND_NO_PERMISSION_CHECKS=1): org_kde_kwin_fake_input.
"""
import os
import sys
import time

from wayland_wire import Wire


def fixed(value):
    return int(float(value) * 256)


class Kwin:
    name = 'org_kde_kwin_fake_input'

    def __init__(self, wire):
        self.wire, self.device = wire, wire.bind(self.name, 4)
        wire.send(self.device, 0, 'test', 'test')

    def motion(self, x, y):
        self.wire.send(self.device, 1, fixed(x), fixed(y))

    def button(self, code, pressed):
        self.wire.send(self.device, 2, int(code), int(pressed))

    def touch(self, what, number, x=0, y=0):
        place = [] if what == 'up' else [fixed(x), fixed(y)]
        self.wire.send(self.device, {'down': 4, 'to': 5, 'up': 6}[what], int(number), *place)
        self.wire.send(self.device, 8)


KEYMAP = b"""xkb_keymap {
    xkb_keycodes { include "evdev+aliases(qwerty)" };
    xkb_types { include "complete" };
    xkb_compat { include "complete" };
    xkb_symbols { include "pc+us+inet(evdev)" };
};\0"""


class Wlroots:
    name = 'zwlr_virtual_pointer_manager_v1'

    def __init__(self, wire):
        manager, self.wire, self.device = wire.bind(self.name, 1), wire, wire.new()
        wire.send(manager, 0, 0, self.device)
        self.keyboard = None

    def key(self, code, pressed):
        wire = self.wire
        if self.keyboard is None:
            manager, seat = wire.bind('zwp_virtual_keyboard_manager_v1', 1), wire.bind('wl_seat', 1)
            self.keyboard = wire.new()
            wire.send(manager, 0, seat, self.keyboard)
            memory = os.memfd_create('keymap')
            os.write(memory, KEYMAP)
            wire.send(self.keyboard, 0, 1, len(KEYMAP), fd=memory)
            os.close(memory)
        wire.send(self.keyboard, 1, int(time.monotonic() * 1000) & 0xffffffff, int(code), int(pressed))

    def motion(self, x, y):
        self.wire.send(self.device, 0, int(time.monotonic() * 1000), fixed(x), fixed(y))
        self.wire.send(self.device, 4)

    def button(self, code, pressed):
        self.wire.send(self.device, 2, int(time.monotonic() * 1000), int(code), int(pressed))
        self.wire.send(self.device, 4)


def move(mouse, hz, seconds, x, y):
    count, start = int(hz * seconds), time.monotonic()
    for i in range(count):
        wait = start + i / hz - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        mouse.motion(x, y)
    return count


def main():
    wire = Wire()
    found = wire.globals()
    kind = next((kind for kind in (Kwin, Wlroots) if kind.name in found), None)
    if not kind:
        sys.exit('this compositor takes no pointer of a program')
    mouse = kind(wire)
    print('ready', kind.name, flush=True)
    for line in sys.stdin:
        word, *values = line.split()
        count = 1
        if word == 'move':
            count = move(mouse, *[float(value) for value in values])
        elif word in ('button', 'key'):
            getattr(mouse, word)(*values)
        else:
            mouse.touch(word, *values)
        done = wire.new()
        wire.send(1, 0, done)
        while wire.receive()[0] != done:
            pass
        print('done', count, flush=True)


main()
