#!/usr/bin/env python3
"""Cases of tests/integration/gui with SPICE alone, mostly a real QEMU: what its screen shows, its speaker plays and its
keyboard gets.

Its disk is one boot sector of ours: a screen full of characters, and a tone on the PC speaker."""
import array
import os
import signal
import subprocess
import threading
import time

from gui_lab import (PATIENCE, SHM, WORK, Program, capture, check, focus, guest, memory_of, newest, run, shown, wait_for,
                     xdotool)
from lab_start import need
from spice_qemu import Machine
from spice_stub import Stub

SIZE = (720, 400)  # of VGA's text mode
SIGNS, LINES = 40, 240  # rows: the signs are above, their sentences below
BOOT_SECTOR = bytes.fromhex(
    'fa 31c0 8ed8 8ed0 bc007c fb'            # no segments, a stack
    'b80300 cd10 b401 b90726 cd10'           # text mode, no cursor
    'b800b8 8ec0 31ff b9d007'                # its memory
    '89f8 d1e8 88c4 80e47f ab e2f4'          # every character in every colour that does not blink
    'b0b6 e643 b8980a e642 88e0 e642'        # timer 2: 440 Hz
    'e461 0c03 e661'                         # the speaker
    'f4 ebfd')


def machine(*arguments):
    """The VM, running; its firmware waits a moment for the key of its boot menu."""
    need('qemu-system-x86_64')
    disk = os.path.join(WORK, 'disk')
    with open(disk, 'wb') as file:
        file.write(BOOT_SECTOR.ljust(510, b'\0') + b'\x55\xaa' + bytes(1 << 20))
    os.makedirs(os.path.join(WORK, 'vm'), exist_ok=True)
    return Machine(os.path.join(WORK, 'vm'), '-drive', f'file={disk},format=raw,if=ide', '-audiodev', 'spice,id=snd',
                   '-machine', 'pcspk-audiodev=snd', *arguments)


def client(vm, *arguments):
    return Program('pierglass', '--no-lg-config', '--shm=' + SHM, '--spice=unix:' + vm.socket, '--discover=no',
                   '--size=%dx%d' % SIZE, '--position=0x0', '--borderless', '--stats=0.1', '--no-remember-window',
                   *arguments)


def screendump(vm):
    path = os.path.join(WORK, 'qemu.ppm')
    check('return' in vm.qmp('screendump', filename=path), 'no screendump')
    with open(path, 'rb') as file:
        kind, size, depth, pixels = file.read().split(b'\n', 3)
    check((kind, depth) == (b'P6', b'255'), 'a strange screendump')
    return tuple(map(int, size.split())), pixels


def differing(screen, size, pixels, rows=None):
    """Where the screen's corner is not this picture: the box of it, None = nowhere."""
    box = None
    for y in rows or range(size[1]):
        ours = screen.data[y * screen.width * 3:(y * screen.width + size[0]) * 3]
        theirs = pixels[y * size[0] * 3:(y + 1) * size[0] * 3]
        if ours != theirs:
            wrong = [x for x in range(size[0]) if ours[x * 3:x * 3 + 3] != theirs[x * 3:x * 3 + 3]]
            box = box or [wrong[0], y, wrong[-1], y]
            box = [min(box[0], wrong[0]), box[1], max(box[2], wrong[-1]), y]
    return box


def spice_is_shown(vm, program, name):
    """The VM is paused, its screen and ours are the same, but for the signs at the top right and their sentences at the
    bottom left."""
    vm.qmp('stop')

    def same():
        size, pixels = screendump(vm)
        screen = capture(name)
        signs = differing(screen, size, pixels, range(SIGNS))
        return size == SIZE and not differing(screen, size, pixels, range(SIGNS, LINES)) and (pixels, signs)
    pixels, box = wait_for('the same picture as QEMU\'s own', same, 5)
    check(newest(program)['video']['showing'] == 'spice' and box, 'the picture does not say that it is SPICE\'s')
    check(len(set(pixels)) > 1, 'the screen is empty')
    vm.qmp('cont')
    return pixels


class Strip(threading.Thread):
    """Films a part of the screen, so that every state in between is seen."""

    AREA, RATE = (0, 100, 320, 32), 40

    def __init__(self, seconds):
        super().__init__()
        x, y, width, height = self.AREA
        self.begin = time.monotonic()
        self.process = subprocess.Popen(
            ['ffmpeg', '-loglevel', 'error', '-f', 'x11grab', '-framerate', str(self.RATE), '-draw_mouse', '0',
             '-video_size', f'{width}x{height}', '-i', f'{os.environ["DISPLAY"]}+{x},{y}', '-t', str(seconds),
             '-f', 'rawvideo', '-pix_fmt', 'rgb24', '-'], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        self.frames = []
        self.start()

    def run(self):
        size = self.AREA[2] * self.AREA[3] * 3
        while len(frame := self.process.stdout.read(size)) == size:
            self.frames.append((time.monotonic(), frame))
        self.process.wait()

    def of(self, pixels):
        x, y, width, height = self.AREA
        return b''.join(pixels[((y + row) * SIZE[0] + x) * 3:((y + row) * SIZE[0] + x + width) * 3]
                        for row in range(height))


def case_qemu_boot():
    """Firmware, then text: exactly QEMU's own screen. A frame host takes the picture over, and is lost again."""
    vm = machine('-boot', 'menu=on,splash-time=1500')
    program = client(vm, '--audio=off', '--log-level=debug')
    wait_for('the firmware', lambda: newest(program)['video']['height'] == SIZE[1])
    time.sleep(0.3)
    spice_is_shown(vm, program, 'firmware')
    print('firmware: the same as the screendump')
    time.sleep(3)
    pixels = spice_is_shown(vm, program, 'text')
    check(len(set(pixels[at:at + 3] for at in range(0, len(pixels), 3))) >= 16, 'the text has not all colours')
    print('text in 16 colours: the same as the screendump')

    source = guest(SIZE, '--fps=30')
    begin = time.monotonic()
    shown(SIZE, SIZE)
    print('the frame host has the picture after %.2f s' % (time.monotonic() - begin))
    strip = Strip(6)
    time.sleep(1)
    source.stop(signal.SIGKILL)
    strip.join()
    spice = strip.of(pixels)
    kinds = ['spice' if frame == spice else 'host' if any(frame) else 'black' for _, frame in strip.frames]
    changes = [(at, kind) for (at, _), kind, before in zip(strip.frames, kinds, [None] + kinds) if kind != before]
    print('on the screen: %s' % ', '.join('%s at %.2f s' % (kind, at - strip.frames[0][0]) for at, kind in changes))
    check([kind for _, kind in changes] == ['host', 'spice'], 'something else was on the screen in between')
    noticed = [when for when, line in program.log_lines() if 'video: waiting' in line][-1]
    print('SPICE is back %.0f ms after the loss was noticed' % ((changes[1][0] - noticed) * 1000))
    check(changes[1][0] - noticed < 0.3 * PATIENCE, 'that is too late')
    spice_is_shown(vm, program, 'again')
    check(program.stop() == 0, 'the client left with %s' % program.process.returncode)
    vm.close()


class Ear(threading.Thread):
    """Listens to what the sound server plays: when it was loud, 20 ms at a time."""

    def __init__(self):
        super().__init__(daemon=True)
        self.process = subprocess.Popen(
            ['parec', '--raw', '--format=s16le', '--rate=48000', '--channels=1', '--latency-msec=20', '-d',
             'lab.monitor'], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        self.loud_at, self.heard_at = 0.0, 0.0
        self.start()

    def run(self):
        while chunk := self.process.stdout.read(1920):
            self.heard_at = time.monotonic()
            if max(array.array('h', chunk[:len(chunk) // 2 * 2])) > 500:
                self.loud_at = self.heard_at

    def loud(self, since):
        return self.loud_at > since and self.loud_at

    def silent(self):
        return self.heard_at > self.loud_at + 0.3


def key_arrives(vm, begin):
    """Types until one is seen by the VM; when."""
    while not any(event[0] == 'key' for event in vm.events()):
        check(time.monotonic() < begin + 10 * PATIENCE, 'no key arrives')
        xdotool('key', 'b')
    seen = time.monotonic()
    wait_for('the release', lambda: not vm.held(), 3)
    return seen


def strip_is(program, pixels):
    screen = capture('restarted')
    return not [row for row in range(100, LINES)
                if screen.data[row * screen.width * 3:(row * screen.width + SIZE[0]) * 3] !=
                pixels[row * SIZE[0] * 3:(row + 1) * SIZE[0] * 3]] and time.monotonic()


def case_qemu_restart(rounds=int(os.environ.get('PG_ROUNDS', '3'))):
    """QEMU is killed and started again under the client: picture, sound and keys are back each time, and nothing is
    left behind."""
    vm = machine()
    ear = Ear()
    program = client(vm, '--audio=spice')
    wait_for('the tone', lambda: ear.loud(0), 20)
    focus((0, 0), SIZE)
    key_arrives(vm, time.monotonic())
    _, pixels = screendump(vm)
    wait_for('the picture', lambda: strip_is(program, pixels))
    base, worst = None, [0, 0, 0]
    for number in range(rounds):
        vm.kill()
        wait_for('the loss', lambda: newest(program)['sources']['session']['state'] == 'waiting')
        wait_for('silence', ear.silent)
        check(program.process.poll() is None, 'the client left')
        begin = time.monotonic()
        vm.start()
        key = key_arrives(vm, begin) - begin
        tone = wait_for('the tone', lambda: ear.loud(begin)) - begin
        picture = wait_for('the picture', lambda: strip_is(program, pixels)) - begin
        print('%d: after %.2f s keys, %.2f s sound, %.2f s picture; %d kB, %d descriptors' %
              (number + 1, key, tone, picture, *memory_of(program)))
        worst = [max(pair) for pair in zip(worst, (key, tone, picture))]
        if number == min(rounds - 2, 4):
            base = memory_of(program)
    check(max(worst) < 3 * PATIENCE, 'something came back later than 3 s')
    last = memory_of(program)
    if base:
        check(last[1] <= base[1], 'descriptors grew from %d to %d' % (base[1], last[1]))
    if base and PATIENCE == 1:
        check(last[0] <= base[0] * 1.05 + 4096, 'memory grew from %d to %d kB' % (base[0], last[0]))
    print('%d restarts, slowest: keys %.2f s, sound %.2f s, picture %.2f s; memory %s to %s' % (rounds, *worst, base, last))
    check(program.stop() == 0, 'the client left with %s' % program.process.returncode)
    ear.process.kill()
    vm.close()


def case_spice_size():
    """A server that names a monitor on its surface: that part is shown. The window's size is asked of the guest."""
    stub = Stub('--size=800x600')
    program = Program('pierglass', '--no-lg-config', '--source=spice', '--spice=' + stub.uri, '--audio=off',
                      '--discover=no', '--set-guest-size', '--size=%dx%d' % SIZE, '--position=0x0', '--borderless',
                      '--stats=0.1', '--no-remember-window')

    def is_shown(width, height):
        return lambda: [newest(program)['video'][key] for key in ('width', 'height')] == [width, height]
    wait_for('the whole surface', is_shown(800, 600))
    stub.send('monitor 100 50 360 200')
    wait_for('its monitor', is_shown(360, 200))
    stub.send('fill 00ff00')
    wait_for('the colour', lambda: capture().pixel(SIZE[0] // 2, SIZE[1] // 2) == (0, 255, 0))
    stub.wait(lambda s: s.of('agent'), 'the agent is greeted')
    window = subprocess.run(['xdotool', 'search', '--onlyvisible', '--pid', str(program.process.pid)], check=True,
                            stdout=subprocess.PIPE, text=True).stdout.split()[-1]
    xdotool('windowsize', window, '1000', '700')
    stub.wait(lambda s: any((e['width'], e['value']) == (1000, 700) for e in s.of('monitor')),
              'the guest is asked for the size of the window', 5)
    print('the monitor is shown, the size of the window is asked for')
    check(program.stop() == 0, 'the client left with %s' % program.process.returncode)
    stub.close()


run(globals())
