"""A mouse and a touchscreen of a Wayland session, by what its compositor offers for it.

    wayland_pointer.py             then on stdin, a line each:
      move HZ SECONDS X Y            so often by X, Y
      button CODE PRESSED            BTN_LEFT is 272
      down ID X Y, to ID X Y, up ID  fingers, where the compositor's protocol has them

Prints "ready PROTOCOL", and "done N" after each line, N being the reports. wlroots: zwlr_virtual_pointer_v1; KWin (which
has to be started with KWIN_WAYLAND_NO_PERMISSION_CHECKS=1): org_kde_kwin_fake_input.
"""
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


class Wlroots:
    name = 'zwlr_virtual_pointer_manager_v1'

    def __init__(self, wire):
        manager, self.wire, self.device = wire.bind(self.name, 1), wire, wire.new()
        wire.send(manager, 0, 0, self.device)

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
        elif word == 'button':
            mouse.button(*values)
        else:
            mouse.touch(word, *values)
        done = wire.new()
        wire.send(1, 0, done)
        while wire.receive()[0] != done:
            pass
        print('done', count, flush=True)


main()
