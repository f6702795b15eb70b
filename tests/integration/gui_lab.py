"""The client in a window of a private session, for the cases of tests/integration/gui.

The programs are the real ones; the screen is looked at from outside (gui-shot), keys are typed from outside.
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
from lab_start import SANITIZED  # noqa: E402
from screen import CELL, TOP, Screen  # noqa: E402

MODE, CASE = sys.argv[1:3]
X_ENV = dict(os.environ, DISPLAY=os.environ.get('LAB_X_DISPLAY', ''))
SCREEN = (1280, 800)
# Where the compositor or window manager chooses a window's place (mutter maximises one that is nearly as large as the screen).
FOUND = MODE in ('weston', 'kwin', 'mutter') or os.environ.get('PG_DESKTOP') == 'mutter-x11'
# Every window is as large as the screen.
TILES = MODE == 'sway' or 'PG_TILES' in os.environ
WORK = tempfile.mkdtemp(prefix='pggui.')
# Under a sanitizer everything takes longer.
PATIENCE = 4 if SANITIZED else 1


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def busy():
    """How much longer than on a quiet machine everything takes, about."""
    return min(max(1, os.getloadavg()[0] / (2 * os.cpu_count())), 10)


def wait_for(what, condition, seconds=10):
    end = time.monotonic() + seconds * PATIENCE * busy()
    while time.monotonic() < end:
        result = condition()
        if result:
            return result
        time.sleep(0.05)
    raise AssertionError('waited %d s or more for %s' % (seconds * PATIENCE, what))


def newest(program):
    """The newest line of figures; the first one may still be on its way."""
    return wait_for('figures of ' + program.name, program.objects)[-1]


class Program:
    """A child with its output in a file."""

    def __init__(self, name, *arguments, env=None, out=None, err=None):
        """env: words that differ from the test's own environment. out, err: descriptors instead of the files."""
        self.name = name
        self.begin = time.monotonic()
        self.log = os.path.join(WORK, '%s-%d.log' % (os.path.basename(name), time.monotonic_ns()))
        self.out = self.log + '.out'
        with open(self.log, 'wb') as log_file, open(self.out, 'wb') as out_file:
            into_out, into_log = out or out_file, err or log_file
            self.process = subprocess.Popen([os.path.join(BUILD, 'bin', name), *arguments],
                                            stdin=subprocess.PIPE, stdout=into_out, stderr=into_log,
                                            env={**os.environ, **(env or {})})
        RUNNING.append(self)

    def lines(self):
        with open(self.out, errors='replace') as file:
            return file.read().splitlines()

    def log_lines(self):
        """(when, text) of the log; when is of this program's clock."""
        with open(self.log, errors='replace') as file:
            pairs = [line.split(None, 1) for line in file]
        return [(self.begin + float(pair[0]), pair[1]) for pair in pairs
                if len(pair) == 2 and pair[0].replace('.', '', 1).isdigit()]

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
# Words of the window, on pictures that are compared: as long as on the next run.
SHM = os.environ.get('PG_SHM', '/dev/shm/pggui.%d' % os.getpid())
SPICE = os.environ.get('PG_SPICE', os.path.join(WORK, 'guest', 'spice'))


def guest(size, *arguments, shm=SHM, spice=SPICE):
    if os.path.exists(spice):
        os.unlink(spice)  # of one that was killed
    program = Program('pierglass-demo-guest', '--dir=' + os.path.dirname(spice), '--shm=' + shm, '--memory=32',
                      '--size=%dx%d' % size, '--damage=full', '--cursor=none', '--sound=off',
                      '--host=' + os.environ.get('PG_GUEST_HOST', 'B7'), *arguments)
    wait_for('the guest', lambda: any(line.startswith('ready ') for line in program.lines()))
    return program


def client(size, *arguments, shm=SHM, spice=SPICE, place=(0, 0), **streams):
    return Program('pierglass', '--no-lg-config', '--shm=' + shm, '--spice=unix:' + spice, '--audio=off', '--discover=no',
                   '--size=%dx%d' % size, '--position=%dx%d' % place, '--borderless', '--stats=0.2', *arguments, **streams)


def capture(name='shot'):
    path = os.path.join(WORK, name + '.ppm')
    subprocess.run([os.path.join(SOURCE, 'tests/lab/gui-shot'), path], check=True, stdin=subprocess.DEVNULL)
    return Screen(path)


def place_of(window, frame):
    """Where a frame stands on the screen: (left, top, scale)."""
    if TILES:
        window = SCREEN
    scale = min(window[0] / frame[0], window[1] / frame[1])
    return (window[0] - frame[0] * scale) / 2, (window[1] - frame[1] * scale) / 2, scale


def find(screen, scale):
    """The frame's corner on a screen where the compositor chose the place (weston, KWin, mutter), by the first stamp."""
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
        corner = find(screen, scale) if FOUND else (left, top)
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


# By number: where Ctrl and Alt give a function key another meaning (xkb-data 2.48), xdotool presses Alt, too, for its name.
FUNCTION_KEYS = {'F%d' % n: str(66 + n if n <= 10 else 84 + n) for n in range(1, 13)}


def xdotool(*arguments):
    arguments = [FUNCTION_KEYS.get(word, word) for word in arguments]
    subprocess.run(['xdotool', *arguments], check=True, env=X_ENV, stdin=subprocess.DEVNULL)


def focus(corner, frame):
    """Points at the picture and clicks, which gives a window without a window manager the keys."""
    x, y = int(corner[0] + frame[0] / 2), int(corner[1] + frame[1] / 2)
    xdotool('mousemove', str(x - 40), str(y - 40), 'mousemove', str(x), str(y), 'click', '1')


def connected(program):
    return wait_for('SPICE', lambda: (program.objects() or [{}])[-1].get('input', {}).get('connected'))


def memory_of(program):
    """Memory of its own in kB (pages of files come and go with their use), descriptors."""
    pid = program.process.pid
    with open('/proc/%d/status' % pid) as file:
        own = [int(line.split()[1]) for line in file if line.startswith('RssAnon')][0]
    return own, len(os.listdir('/proc/%d/fd' % pid))


def run(cases):
    """Runs the case that was asked for, of a module's names; leaves with its result."""
    result = 1
    try:
        result = cases['case_' + CASE]() or 0
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
