#!/usr/bin/env python3
"""Cases of tests/integration/gui: what can be seen on the screen is what the guest drew.

The demo guest and the client are the real programs; the screen is looked at from outside (gui-shot), keys are typed from outside.
"""
import json
import os
import signal
import subprocess
import sys
import tempfile
import time

SOURCE, BUILD = os.environ['PG_SOURCE'], os.environ['PG_BUILD']
sys.path.insert(0, os.path.join(SOURCE, 'tests/support'))
from screen import CELL, TOP, Screen  # noqa: E402

MODE, CASE = sys.argv[1:3]
X_ENV = dict(os.environ, DISPLAY=os.environ.get('LAB_X_DISPLAY', ''))
SCREEN = (1280, 800)
WORK = tempfile.mkdtemp(prefix='pggui.')
# Under a sanitizer everything takes longer.
PATIENCE = 4 if 'asan' in BUILD or 'tsan' in BUILD else 1


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def wait_for(what, condition, seconds=10):
    end = time.monotonic() + seconds * PATIENCE
    while time.monotonic() < end:
        result = condition()
        if result:
            return result
        time.sleep(0.05)
    raise AssertionError('waited %d s for %s' % (seconds * PATIENCE, what))


def newest(program):
    """The newest line of figures; the first one may still be on its way."""
    return wait_for('figures of ' + program.name, program.objects)[-1]


class Program:
    """A child with its output in a file."""

    def __init__(self, name, *arguments):
        self.name = name
        self.log = os.path.join(WORK, '%s-%d.log' % (name, time.monotonic_ns()))
        self.out = self.log + '.out'
        with open(self.log, 'wb') as log, open(self.out, 'wb') as out:
            self.process = subprocess.Popen([os.path.join(BUILD, 'bin', name), *arguments],
                                            stdin=subprocess.PIPE, stdout=out, stderr=log)
        RUNNING.append(self)

    def lines(self):
        with open(self.out, errors='replace') as file:
            return file.read().splitlines()

    def objects(self):
        found = []
        for line in self.lines():
            try:
                found.append(json.loads(line))
            except ValueError:
                pass  # the last one, half written
        return found

    def say(self, line):
        self.process.stdin.write(line.encode() + b'\n')
        self.process.stdin.flush()

    def stop(self, how=signal.SIGTERM, seconds=5):
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.process.wait(seconds * PATIENCE)

    def show_log(self):
        print('--- %s (%s)' % (self.name, self.process.poll()))
        for path in (self.log, self.out):
            with open(path, errors='replace') as file:
                print(''.join(file.readlines()[-25:]))


RUNNING = []
SHM = '/dev/shm/pggui.%d' % os.getpid()
SPICE = os.path.join(WORK, 'guest', 'spice')


def guest(size, *arguments):
    if os.path.exists(SPICE):
        os.unlink(SPICE)  # of one that was killed
    program = Program('pierglass-demo-guest', '--dir=' + os.path.dirname(SPICE), '--shm=' + SHM, '--memory=32',
                      '--size=%dx%d' % size, '--damage=full', '--cursor=none', '--sound=off', *arguments)
    wait_for('the guest', lambda: any(line.startswith('ready ') for line in program.lines()))
    return program


def client(size, *arguments):
    return Program('pierglass', '--no-lg-config', '--shm=' + SHM, '--spice=unix:' + SPICE, '--audio=off', '--discover=no',
                   '--size=%dx%d' % size, '--position=0x0', '--borderless', '--stats=0.2', *arguments)


def capture(name='shot'):
    path = os.path.join(WORK, name + '.ppm')
    subprocess.run([os.path.join(SOURCE, 'tests/lab/gui-shot'), path], check=True, stdin=subprocess.DEVNULL)
    return Screen(path)


def place_of(window, frame):
    """Where a frame stands on the screen: (left, top, scale). sway makes every window as large as the screen."""
    if MODE == 'sway':
        window = SCREEN
    scale = min(window[0] / frame[0], window[1] / frame[1])
    return (window[0] - frame[0] * scale) / 2, (window[1] - frame[1] * scale) / 2, scale


def find(screen, scale):
    """The frame's corner on a screen where the compositor chose the place (weston), by the first stamp."""
    first = int(CELL * scale)
    for row in range(screen.height):
        data = screen.data[row * screen.width * 3:(row + 1) * screen.width * 3]
        at = data.find(b'\xff\xff\xff' * first + b'\0\0\0')
        while at >= 0:
            # A stamp begins with one white cell; what is left of it may be white as well.
            left = at // 3
            if screen.stamp(left, row - TOP * scale, 0, scale) is not None:
                return left, row - int(TOP * scale)
            at = data.find(b'\xff\xff\xff' * first + b'\0\0\0', at + 1)
    return None


def shown(window, frame, name='shot'):
    """A capture that has the whole frame, its corner, scale and serial."""
    left, top, scale = place_of(window, frame)

    def look():
        screen = capture(name)
        corner = find(screen, scale) if MODE == 'weston' else (left, top)
        if corner is None:
            return None
        serials = screen.stamps(*corner, frame[1], scale)
        if None in serials:
            return None
        check(len(set(serials)) == 1, 'torn on the screen: %s' % serials)
        return screen, corner, scale, serials[0]
    return wait_for('a frame of %dx%d on the screen' % frame, look)


BARS = [(255, 255, 255), (255, 255, 0), (0, 255, 255), (0, 255, 0), (255, 0, 255), (255, 0, 0), (0, 0, 255), (0, 0, 0)]


def background_row(width, band):
    row = bytearray()
    for x in range(width):
        value = x * 255 // (width - 1)
        row += bytes([BARS[x * 8 // width], (value, 0, 0), (0, value, 0), (0, 0, value),
                      (value, value, value)][band])
    return bytes(row)


def check_colours(screen, corner, frame):
    """Every band of the picture at 1:1, exactly; what moves on it covers a small part."""
    left, top = (int(v) for v in corner)
    width, height = frame
    half = height // 2
    rows = [background_row(width, band) for band in range(5)]
    for band in range(5):
        same = total = 0
        for y in range(height):
            if (0 if y < half else 1 + (y - half) * 4 // (height - half)) != band:
                continue
            at = ((top + y) * screen.width + left) * 3
            row = screen.data[at:at + width * 3]
            if row == rows[band]:
                same += width
            else:
                same += sum(row[i:i + 3] == rows[band][i:i + 3] for i in range(0, width * 3, 3))
            total += width
        part = same / total
        print('band %d: %.1f %% exactly as drawn' % (band, part * 100))
        check(part > 0.6, 'band %d has other colours' % band)


def case_picture():
    """A frame at 1:1: stamps whole, colours exact, and time goes on at the set rate."""
    frame = SCREEN if MODE == 'sway' else (640, 360)
    guest(frame, '--fps=30')
    program = client(frame)
    screen, corner, scale, first = shown(frame, frame)
    check(scale == 1, 'not 1:1')
    check_colours(screen, corner, frame)

    def read_serial():
        begin = time.monotonic()
        serial = capture().stamp(*corner, 2)
        return serial, (begin + time.monotonic()) / 2

    first, at = wait_for('a first serial', lambda: (lambda r: r if r[0] is not None else None)(read_serial()))
    time.sleep(3)
    last, end = wait_for('a last serial', lambda: (lambda r: r if r[0] is not None else None)(read_serial()))
    rate = (last - first) / (end - at)
    print('serial %d to %d: %.1f a second' % (first, last, rate))
    check(26 < rate < 34, 'the picture runs at %.1f a second, not 30' % rate)
    check(program.stop() == 0, 'the client left with %s' % program.process.returncode)


def case_letterbox():
    """A window of another aspect: the picture in the middle, untouched, black at both sides."""
    for frame, window in (((640, 360), (640, 480)), ((360, 640), (1280, 640)), ((320, 180), (640, 500))):
        source = guest(frame, '--fps=30')
        program = client(window)
        screen, corner, scale, _ = shown(window, frame)
        box = screen.box_of_not((0, 0, 0))
        wanted = (corner[0], corner[1], corner[0] + frame[0] * scale, corner[1] + frame[1] * scale)
        print('frame %s in window %s: picture %s, wanted %s' % (frame, window, box, wanted))
        # The last bar of the picture is black itself, but below it the ramps reach the right edge.
        check(all(abs(a - b) <= 1 for a, b in zip(box, wanted)), 'the picture is not where it belongs')
        program.stop()
        source.stop()


def case_resize():
    """The guest changes its resolution: followed, without a black or torn frame staying."""
    window = (1280, 720)
    source = guest((640, 360), '--fps=30')
    program = client(window)
    shown(window, (640, 360))
    for frame in ((1280, 720), (320, 180), (640, 360)):
        source.say('size %dx%d' % frame)
        begin = time.monotonic()
        _, corner, scale, _ = shown(window, frame)
        print('%dx%d shown at %s, scale %g, after %.2f s' % (*frame, corner, scale, time.monotonic() - begin))
    last = newest(program)['video']
    check((last['width'], last['height']) == (640, 360), 'the stats say %sx%s' % (last['width'], last['height']))


def case_restart():
    """The guest is killed, the client waits and says so; a new guest is picked up by the same client."""
    frame = (640, 360)
    source = guest(frame, '--fps=30')
    program = client(frame)
    shown(frame, frame)
    for how in (signal.SIGKILL, signal.SIGTERM):
        source.stop(how)
        wait_for('the client to notice', lambda: newest(program)['sources']['picture']['state'] != 'running')
        print('without a guest: %s' % newest(program)['sources']['picture'])
        check(newest(program)['sources']['picture']['reason'], 'no reason is given')
        check(program.process.poll() is None, 'the client left')
        source = guest(frame, '--fps=30')
        begin = time.monotonic()
        _, _, _, serial = shown(frame, frame)
        first = serial
        wait_for('the picture to move', lambda: shown(frame, frame)[3] > first)
        print('a new guest is shown after %.2f s' % (time.monotonic() - begin))
    check(program.stop() == 0, 'the client left with %s' % program.process.returncode)


def key_events(source):
    """(PC scan code, pressed) of every key the guest's SPICE side reported."""
    return [(o['code'], bool(o['value'])) for o in source.objects() if o.get('event') == 'key']


def held(source):
    down = set()
    for code, pressed in key_events(source):
        (down.add if pressed else down.discard)(code)
    return down


def xdotool(*arguments):
    subprocess.run(['xdotool', *arguments], check=True, env=X_ENV, stdin=subprocess.DEVNULL)


def focus(corner, frame):
    """Points at the picture and clicks, which gives a window without a window manager the keys."""
    x, y = int(corner[0] + frame[0] / 2), int(corner[1] + frame[1] / 2)
    xdotool('mousemove', str(x - 40), str(y - 40), 'mousemove', str(x), str(y), 'click', '1')


def connected(program):
    return wait_for('SPICE', lambda: (program.objects() or [{}])[-1].get('input', {}).get('connected'))


KEY_A, KEY_B, KEY_LEFTSHIFT, KEY_1 = 30, 48, 42, 2


def case_keys():
    """Typed keys arrive at the guest's SPICE peer, in order, each pressed and released."""
    frame = (640, 360)
    source = guest(frame, '--fps=30', '--report')
    program = client(frame)
    _, corner, _, _ = shown(frame, frame)
    connected(program)
    if MODE == 'sway':
        subprocess.run(['wtype', '-s', '400', 'ab1'], check=True, stdin=subprocess.DEVNULL)
        wanted = None  # wtype brings its own key map: the codes are its own
        events = wait_for('three keys', lambda: (lambda e: e if len(e) >= 6 else None)(key_events(source)))
    else:
        focus(corner, frame)
        wait_for('the click', lambda: any(o.get('event') == 'button' for o in source.objects()))
        xdotool('key', 'a', 'key', 'b', 'keydown', 'shift', 'key', '1', 'keyup', 'shift')
        wanted = [(KEY_A, True), (KEY_A, False), (KEY_B, True), (KEY_B, False), (KEY_LEFTSHIFT, True), (KEY_1, True),
                  (KEY_1, False), (KEY_LEFTSHIFT, False)]
        events = wait_for('the keys', lambda: (lambda e: e if len(e) >= 8 else None)(key_events(source)))
    print('arrived: %s' % events)
    check(wanted is None or events == wanted, 'wanted %s' % wanted)
    check(not held(source), 'held: %s' % held(source))


def case_sigterm():
    """SIGTERM while a key and a button are held: the guest sees both released, the client leaves with 0."""
    frame = (640, 360)
    source = guest(frame, '--fps=30', '--report')
    program = client(frame)
    _, corner, _, _ = shown(frame, frame)
    connected(program)
    focus(corner, frame)
    wait_for('the click', lambda: any(o.get('event') == 'button' for o in source.objects()))
    xdotool('keydown', 'shift', 'keydown', 'a')
    wait_for('held keys', lambda: {KEY_LEFTSHIFT, KEY_A} <= held(source))
    check(program.stop() == 0, 'the client left with %s' % program.process.returncode)
    xdotool('keyup', 'a', 'keyup', 'shift')
    wait_for('the release', lambda: not held(source), 3)
    print('released: %s' % key_events(source))


def case_watch():
    """An outside watcher of the screen counts the frames that the bench says it showed; and the bench says how long the
    start took."""
    size = '1280x720'
    watcher = subprocess.Popen([os.path.join(BUILD, 'tests/xwatch'), '--seconds', '10', '--wait', '15'], env=X_ENV,
                               stdout=subprocess.PIPE, text=True)
    program = Program('pierglass', '--no-lg-config', '--bench=video', '--json', '--seconds=6', '--demo-size=' + size,
                      '--demo-fps=60', '--size=' + size, '--position=0x0', '--borderless')
    check(program.process.wait(40) == 0, 'the bench left with %s' % program.process.returncode)
    result = program.objects()[0]
    seen = dict(field.split('=') for field in watcher.communicate(timeout=40)[0].split())
    print('bench: shown %d of %d posted, torn %d, start %d ms; watcher: %s' %
          (result['shown'], result['posted'], result['torn'], result['start_ms'], seen))
    check(int(seen['stripes']) == 720 // 16, 'the watcher saw %s stripes' % seen['stripes'])
    check(int(seen['torn']) == 0 and result['torn'] == 0, 'torn frames')
    check(result['shown'] >= 0.95 * result['posted'], 'fewer than 95 % were shown')
    # The bench counts its measured seconds, the watcher also those before and after: what is compared is the part of
    # the guest's frames that got to the screen, over serials without a gap.
    watched = int(seen['distinct']) / (int(seen['last']) - int(seen['first']) + 1)
    counted = result['shown'] / result['posted']
    print('of the frames, %.1f %% were seen on the screen, %.1f %% are called shown' % (watched * 100, counted * 100))
    check(abs(watched - counted) <= 0.02, 'the watcher and the bench do not agree')
    if os.getloadavg()[0] < 1.5 * os.cpu_count():
        check(result['start_ms'] < 500, 'the first picture took %s ms' % result['start_ms'])
    else:
        print('start not judged: the machine is loaded (%.1f)' % os.getloadavg()[0])


def case_stop():
    """The client is stopped for 3 s: evicted by the guest, it is back with the newest frame within 200 ms, seen from
    outside. A second reader of the same memory neither disturbs it nor is disturbed."""
    frame, pause = (640, 360), 3
    source = guest(frame, '--fps=60')
    program = client(frame)
    name = os.path.join(WORK, 'other')  # by another name: one memory has one window
    os.symlink(SHM, name)
    other = Program('pierglass', '--no-lg-config', '--shm=' + name, '--spice=off', '--audio=off', '--discover=no',
                    '--size=320x180', '--position=700x400', '--borderless', '--stats=0.2')
    shown(frame, frame)
    wait_for('the second reader', lambda: newest(other)['video']['shown'] > 10)
    for _ in range(2):
        watcher = subprocess.Popen([os.path.join(BUILD, 'tests/xwatch'), '--seconds', str(pause + 2)], env=X_ENV,
                                   stdout=subprocess.PIPE, text=True)
        time.sleep(0.7)
        before = newest(program)['video']
        watched = newest(other)['video']['shown']
        program.process.send_signal(signal.SIGSTOP)
        begin = time.monotonic()
        time.sleep(pause)
        moved = newest(other)['video']['shown'] - watched
        program.process.send_signal(signal.SIGCONT)
        stopped = time.monotonic() - begin
        seen = dict(field.split('=') for field in watcher.communicate(timeout=40)[0].split())
        now = newest(program)['video']
        took = float(seen['longest_ms']) - stopped * 1000
        print('back after %.0f ms; resubscribed %d times, lost %d sessions; the other reader saw %d frames meanwhile' %
              (took, now['resubscriptions'] - before['resubscriptions'],
               now['lost_sessions'] - before['lost_sessions'], moved))
        if os.getloadavg()[0] < 1.5 * os.cpu_count():
            check(took < 200, 'it took longer than 200 ms')
        check(now['resubscriptions'] - before['resubscriptions'] <= 2, 'it subscribed again and again')
        # The stopped one holds both slots until the guest's second is over; then frames flow again.
        check(moved > 60, 'the stopped reader kept the other one from its frames')
    check(source.process.poll() is None, 'the guest left')


def memory_of(program):
    pid = program.process.pid
    with open('/proc/%d/status' % pid) as file:
        rss = [int(line.split()[1]) for line in file if line.startswith('VmRSS')][0]
    return rss, len(os.listdir('/proc/%d/fd' % pid))


def case_soak(rounds=int(os.environ.get('PG_SOAK', '12'))):
    """The guest freezes, restarts its session, resizes, is wiped, is killed and comes back, again and again: memory and
    descriptors stay flat and the picture is right at the end."""
    sizes = ((640, 360), (1280, 720), (320, 180), (800, 600))
    source = guest(sizes[0], '--fps=60')
    program = client((640, 360))
    shown((640, 360), sizes[0])
    base = None
    for number in range(rounds):
        size = sizes[number % len(sizes)]
        what = ('size %dx%d' % size, 'session', 'freeze', 'wipe', 'kill', 'stall 5')[number % 6]
        if what == 'kill':
            source.stop(signal.SIGKILL)
            source = guest(size, '--fps=60')
        else:
            source.say(what)
        if what == 'freeze':
            time.sleep(1.2)
            source.say('thaw')
        before = newest(program)['video']['shown']
        wait_for('frames after ' + what, lambda: newest(program)['video']['shown'] > before + 20, 15)
        if number == len(sizes) * 6 - 1 or (number == 5 and rounds < 24):
            base = memory_of(program)  # every size and every fault has been there
    last = memory_of(program)
    print('%d rounds: %d kB, %d descriptors; before: %s' % (rounds, *last, base))
    if base and PATIENCE == 1:  # a sanitizer keeps what was freed for a while
        check(last[0] <= base[0] * 1.1 + 4096, 'memory grew from %d to %d kB' % (base[0], last[0]))
    if base:
        check(last[1] <= base[1], 'descriptors grew from %d to %d' % (base[1], last[1]))
    source.say('size 640x360')
    time.sleep(0.5)
    shown((640, 360), (640, 360))
    check(program.stop() == 0, 'the client left with %s' % program.process.returncode)


result = 1
try:
    globals()['case_' + CASE]()
    result = 0
except AssertionError as error:
    print('WRONG: %s' % error)
    for program in RUNNING:
        program.show_log()
finally:
    for program in RUNNING:
        if program.process.poll() is None:
            program.process.kill()
            program.process.wait()
    if os.path.exists(SHM):
        os.unlink(SHM)
    kept = os.environ.get('PG_KEEP')
    if kept:
        os.makedirs(kept, exist_ok=True)
        subprocess.run(['cp', '-r', WORK, kept], check=False)
    subprocess.run(['rm', '-rf', WORK], check=False)
sys.exit(result)
