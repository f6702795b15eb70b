"""A recording, decoded by ffmpeg and looked at: what is in the file is what was shown and heard, at the same time.

usage: recording.py feeder CASE...   with tests/support/recording_feeder.c in the player's place
       recording.py bench cost       (within gui-session --x11) what it costs the picture
       recording.py window           (within gui-session) the whole client in a window, on the demo guest
"""
import array
import json
import math
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

SOURCE, BUILD = os.environ['PG_SOURCE'], os.path.abspath(os.environ['PG_BUILD'])
sys.path.insert(0, os.path.join(SOURCE, 'tests/integration'))
from lab_start import die_with_parent  # noqa: E402

FEEDER = os.path.join(BUILD, 'bin/recording-feeder')
WORK = tempfile.mkdtemp(prefix='pgrec.')
FILE = os.path.join(WORK, 'a file.mkv')
RATE = 48000
LONG = 60  # seconds; a bound for what another program does meanwhile, not a measure
TURNS = int(os.environ.get('PG_RUNS', '3'))


def check(condition, what):
    print('%s %s' % ('ok:' if condition else 'FAILED:', what), flush=True)
    if not condition:
        sys.exit(1)


def run(*words):
    return subprocess.run(words, capture_output=True, stdin=subprocess.DEVNULL, timeout=LONG)


def probe(path):
    """(width, height, times of the pictures in seconds)."""
    out = json.loads(run('ffprobe', '-v', 'error', '-select_streams', 'v', '-show_entries', 'stream=width,height:frame=pts_time',
                         '-of', 'json', path).stdout or '{}')
    stream = (out.get('streams') or [{}])[0]
    return stream.get('width'), stream.get('height'), [float(frame['pts_time']) for frame in out.get('frames', [])]


def pictures(path, width, height):
    """Each decoded picture as R, G, B bytes, the times untouched."""
    raw = run('ffmpeg', '-v', 'error', '-i', path, '-vsync', 'passthrough', '-pix_fmt', 'rgb24', '-f', 'rawvideo', '-').stdout
    size = width * height * 3
    return [raw[at:at + size] for at in range(0, len(raw) - size + 1, size)]


def last_picture(path):
    """As pictures(), the last one alone: of a recording that may have become long."""
    image = os.path.join(WORK, 'last.ppm')
    run('ffmpeg', '-v', 'error', '-y', '-i', path, '-vsync', 'passthrough', '-pix_fmt', 'rgb24', '-update', '1', image)
    with open(image, 'rb') as file:
        return file.read().split(b'\n', 3)[3]


def sound(path):
    """The left channel, from time 0 on."""
    raw = run('ffmpeg', '-v', 'error', '-i', path, '-map', '0:a', '-af', 'aresample=async=1:first_pts=0', '-f', 's16le', '-ac', '2',
              '-ar', str(RATE), '-').stdout
    samples = array.array('h', raw[:len(raw) // 4 * 4])
    return samples[::2]


def tone(samples, hertz):
    """The share of the power that is at that frequency (Goertzel)."""
    power = sum(v * v for v in samples)
    if not power:
        return 0.0
    step = 2 * math.cos(2 * math.pi * hertz / RATE)
    one = two = 0.0
    for v in samples:
        one, two = v + step * one - two, one
    return 2 * (one * one + two * two - step * one * two) / (len(samples) * power)


def wait_for(what, condition):
    end = time.monotonic() + LONG
    while time.monotonic() < end:
        result = condition()
        if result:
            return result
        time.sleep(0.05)
    return check(False, 'waited for ' + what)


# ---- the feeder ----

def feed(*arguments, path=FILE, env=None):
    out = subprocess.run([FEEDER, path, *arguments], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=LONG,
                         env={**os.environ, **(env or {})}, preexec_fn=die_with_parent).stdout.strip()
    print(out)
    return out


def look_at_marks(path):
    """The flash and the tone stand at the same time, and both at three seconds."""
    width, height, times = probe(path)
    check((width, height) == (320, 240), 'pictures of %s x %s' % (width, height))
    bright = [at for at, picture in zip(times, pictures(path, width, height)) if picture[len(picture) // 2] > 150]
    check(bright, 'the flash is there')
    samples = sound(path)
    loud = next((i for i, v in enumerate(samples) if abs(v) > 4000), None)
    check(loud is not None, 'the tone is there')
    heard, seen = loud / RATE, bright[0]
    print('the flash at %.3f s, the tone at %.3f s' % (seen, heard))
    # Two frames of 30 Hz. A picture that the recorder had no room for comes with the next.
    check(abs(heard - seen) < 0.067, 'picture and sound are together')
    check(abs(heard - 3) < 0.067, 'the sound is where it was heard')
    part = samples[loud + RATE // 100:loud + RATE // 100 + RATE // 10]
    check(tone(part, 1000) > 0.9, 'it is a tone of 1 kHz: %.2f' % tone(part, 1000))


def case_sync():
    out = feed('3.3', '1024', '44100', 'ahead')
    check(out.startswith('end 1 '), 'it ended because it was asked to')
    look_at_marks(FILE)


def case_limit():
    """An encoder that packs nothing is soon at the smallest limit."""
    out = feed('20', '1', env={'PATH': noisy_ffmpeg()})
    check(out.startswith('end 2 '), 'it ended at its limit')
    check('--record-limit' in out, 'which is said')


def noisy_ffmpeg():
    """An ffmpeg that writes as much as it gets."""
    folder = os.path.join(WORK, 'noisy')
    os.makedirs(folder)
    with open(os.path.join(folder, 'ffmpeg'), 'w', encoding='ascii') as file:
        file.write('#!/bin/sh\ncase $* in *-encoders*) exit 0;; esac\nfor last; do :; done\nexec cat >"${last#file:}"\n')
    os.chmod(os.path.join(folder, 'ffmpeg'), 0o755)
    return folder + ':' + os.environ['PATH']


def case_missing():
    out = feed('20', env={'PATH': WORK})
    check(out.startswith('end 4 ') and 'install ffmpeg' in out, 'without ffmpeg that is said')
    check(not os.path.exists(FILE), 'and no file is left')
    with open(FILE, 'wb') as file:
        file.write(b'mine')
    out = feed('20')
    check(out.startswith('end 5 ') and 'File exists' in out, 'a file that is there is not replaced')
    with open(FILE, 'rb') as file:
        check(file.read() == b'mine', 'it is as it was')


def broken_ffmpeg():
    folder = os.path.join(WORK, 'broken')
    os.makedirs(folder)
    with open(os.path.join(folder, 'ffmpeg'), 'w', encoding='ascii') as file:
        file.write('#!/bin/sh\ncase $* in *-encoders*) exit 0;; esac\nread -n 1 x\necho "Codec of \033[1mnothing" >&2\nexit 3\n')
    os.chmod(os.path.join(folder, 'ffmpeg'), 0o755)
    return folder + ':' + os.environ['PATH']


def case_broken():
    out = feed('20', env={'PATH': broken_ffmpeg()})
    check(out.startswith('end 6 ') and 'Codec of ?[1mnothing' in out, 'what ffmpeg said last is told, without its colours')


def children(pid):
    with open('/proc/%d/task/%d/children' % (pid, pid), encoding='ascii') as file:
        return [int(word) for word in file.read().split()]


def feed_for(seconds):
    """The feeder, its recorder and ffmpeg, after so long."""
    feeder = subprocess.Popen([FEEDER, FILE, '60'], stdout=subprocess.PIPE, text=True, preexec_fn=die_with_parent)
    recorder = wait_for('the recorder', lambda: children(feeder.pid))[0]
    wait_for('the file', lambda: os.path.exists(FILE) and os.path.getsize(FILE) > 2000)
    time.sleep(seconds)
    return feeder, recorder, children(recorder)[0]


def case_killed():
    """Whoever dies, what was recorded before can be played; the player learns of it."""
    for victim in 0, 1, 2:
        if os.path.exists(FILE):
            os.unlink(FILE)
        three = feed_for(2.2)
        os.kill(three[0].pid if victim == 0 else three[victim], signal.SIGKILL)
        out = three[0].communicate(timeout=LONG)[0].strip()
        print(out)
        wait_for('the end of the others', lambda p=three: not any(os.path.exists('/proc/%d' % one) for one in p[1:]))
        name = ('player', 'recorder', 'ffmpeg')[victim]
        width, _, times = probe(FILE)
        check(width == 320 and len(times) > 20, 'the file of a killed %s has %d pictures' % (name, len(times)))
        check(victim == 0 or out.startswith('end %d ' % (6, 7, 6)[victim]), 'the player learns of it')


def case_full():
    """A disk with little room: it ends by itself, and says so."""
    if os.geteuid() != 0:
        print('left out: a small disk, which needs root')
        return
    place = os.path.join(WORK, 'small')
    os.makedirs(place)
    out = run('unshare', '-m', 'sh', '-c', 'mount -t tmpfs -o size=100m none "$1" && exec "$2" "$1/a.mkv" 20', 'sh', place, FEEDER)
    print(out.stdout.decode())
    check(out.stdout.startswith(b'end 3 ') and b'nearly full' in out.stdout, 'a full disk is told')


# ---- what it costs ----

def bench(name, *arguments, env=None):
    out = subprocess.run([os.path.join(BUILD, 'bin/pierglass'), '--no-lg-config', '--bench=video', '--json', '--seconds=5', '--no-discover',
                          '--size=1920x1080', '--position=0x0', '--borderless', '--no-sandbox', *arguments], capture_output=True, text=True,
                         stdin=subprocess.DEVNULL, timeout=2 * LONG, env={**os.environ, **(env or {})})
    check(out.returncode == 0, 'the bench ran: ' + out.stderr[-300:])
    figures = json.loads(out.stdout)
    with open(os.path.join(os.environ.get('PG_LONG', WORK), 'recording-%s.json' % name), 'w', encoding='ascii') as file:
        file.write(out.stdout)
    print('%-22s shown %d of %d, written to swapped p50 %.1f p99 %.1f ms, CPU a frame %.1f ms, recorded %d of %d' % (
        name, figures['shown'], figures['posted'], figures['us']['written_to_swapped']['p50'] / 1e3,
        figures['us']['written_to_swapped']['p99'] / 1e3, figures['cpu_us_per_frame'] / 1e3,
        figures.get('record_offered', 0) - figures.get('record_missed', 0), figures.get('record_offered', 0)))
    return figures


def hung_ffmpeg():
    """One that reads nothing."""
    folder = os.path.join(WORK, 'hung')
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, 'ffmpeg'), 'w', encoding='ascii') as file:
        file.write('#!/bin/sh\ncase $* in *-encoders*) exit 0;; esac\nexec sleep 20\n')
    os.chmod(os.path.join(folder, 'ffmpeg'), 0o755)
    return folder + ':' + os.environ['PATH']


def case_cost():
    """Alone, recorded, and recorded by an encoder that hangs, which must cost nothing: pictures are no longer copied for it."""
    alone, hung = [], []
    for turn in range(1, TURNS + 1):
        alone.append(bench('alone-%d' % turn))
        path = os.path.join(WORK, '%d.mkv' % turn)
        bench('recorded-%d' % turn, '--record=' + path)
        hung.append(bench('hung-%d' % turn, '--record=%s.hung' % path, env={'PATH': hung_ffmpeg()}))
    check(all(run['record_missed'] > 0 for run in hung), 'nothing waits for an encoder that hangs')
    best = [max(run['shown'] for run in runs) for runs in (alone, hung)]
    check(best[1] > best[0] * 0.9, 'frames shown beside a hung encoder: %d, alone: %d' % (best[1], best[0]))


# ---- the whole client ----

def rows(picture, width, top, bottom):
    return picture[top * width * 3:bottom * width * 3]


def case_window():
    size = 640, 480
    shot = os.path.join(WORK, 'shot.png')
    log = os.path.join(WORK, 'log')
    guest = ['--no-lg-config', '--demo', '--demo-size=%dx%d' % size, '--demo-fps=30']
    with open(log, 'wb') as file:
        player = subprocess.Popen([os.path.join(BUILD, 'bin/pierglass'), *guest, '--record=' + FILE], stdout=file, stderr=file,
                                  stdin=subprocess.DEVNULL, preexec_fn=die_with_parent)
    wait_for('the recording', lambda: os.path.exists(FILE) and os.path.getsize(FILE) > 2000)
    run(os.path.join(BUILD, 'bin/pierglass'), *guest, '--audio=off', '--screenshot=' + shot)
    time.sleep(1)
    player.terminate()
    player.wait(LONG)
    with open(log, encoding='utf-8', errors='replace') as file:
        print(file.read().splitlines()[-1])
    wait_for('the end of the file', lambda: b'Duration: 0' in run('ffprobe', '-hide_banner', FILE).stderr)
    width, height, times = probe(FILE)
    check((width, height) == size, 'pictures of %s x %s' % (width, height))
    check(len(times) >= 3 and times == sorted(times), '%d pictures, one after the other' % len(times))
    seen = last_picture(FILE)
    golden = run('ffmpeg', '-v', 'error', '-i', shot, '-pix_fmt', 'rgb24', '-f', 'rawvideo', '-').stdout
    check(len(golden) == len(seen), 'a true picture to compare with')
    # Where the demo guest's scene stands still: the wallpaper between its windows and its bar.
    there, true = rows(seen, width, 390, 455), rows(golden, width, 390, 455)
    apart = [abs(a - b) for a, b in zip(there, true)]
    # The guest's pointer is in the recording alone, and goes everywhere.
    other = sum(value > 40 for value in apart)
    check(sum(apart) / len(apart) < 4 and other < len(apart) // 50, 'its colours are those of the guest: %.2f apart, %d of %d by more '
          'than 40' % (sum(apart) / len(apart), other, len(apart)))
    samples = sound(FILE)
    # On a busy machine the guest's sound has holes before it is recorded.
    piece = RATE // 20
    best = max(tone(samples[at:at + piece], 440) for at in range(0, len(samples) - piece, piece))
    check(best > 0.9, 'the guest\'s tone of 440 Hz is in it: %.2f' % best)


def guest(shm, size, *arguments):
    process = subprocess.Popen([os.path.join(BUILD, 'bin/pierglass-demo-guest'), '--dir=' + os.path.join(WORK, 'guest'), '--shm=' + shm,
                                '--size=%dx%d' % size, '--fps=20', '--memory=32', '--damage=full', '--port=4410', *arguments],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, preexec_fn=die_with_parent)
    while not process.stdout.readline().startswith('ready '):
        check(process.poll() is None, 'the guest began')
    return process


def case_change():
    """While it is recorded the guest's sound stops and begins again, then the guest begins anew in another shape: one file, of the
    first size, with the second picture upright between black bars."""
    shm = '/dev/shm/pgrec.%d' % os.getpid()
    os.makedirs(os.path.join(WORK, 'guest'))
    first = guest(shm, (640, 480))
    with open(os.path.join(WORK, 'log'), 'wb') as file:
        player = subprocess.Popen([os.path.join(BUILD, 'bin/pierglass'), '--no-lg-config', '--discover=no', '--spice=off', '--shm=' + shm,
                                   '--audio=scream', '-i', 'lo', '--audio-group=239.255.77.99', '--audio-port=4410',
                                   '--no-sandbox', '--record=' + FILE],
                                  stdout=file, stderr=file, stdin=subprocess.DEVNULL, preexec_fn=die_with_parent)
    wait_for('the recording', lambda: os.path.exists(FILE) and os.path.getsize(FILE) > 2000)
    time.sleep(1.5)
    for word in 'off', 'on':
        first.stdin.write('sound %s\n' % word)
        first.stdin.flush()
        time.sleep(1.5)
    first.stdin.write('quit\n')
    first.stdin.flush()
    first.wait(LONG)
    second = guest(shm, (320, 480))
    wait_for('the second guest', lambda: 'running: 320x480' in open(os.path.join(WORK, 'log'), encoding='utf-8').read())
    time.sleep(2)
    player.terminate()
    player.wait(LONG)
    second.terminate()
    second.wait(LONG)
    os.path.exists(shm) and os.unlink(shm)
    wait_for('the end of the file', lambda: b'Duration: 0' in run('ffprobe', '-hide_banner', FILE).stderr)
    width, height, _ = probe(FILE)
    check((width, height) == (640, 480), 'pictures of %s x %s' % (width, height))
    every = pictures(FILE, 640, 480)
    def bars(picture):
        return all(picture[(240 * 640 + x) * 3 + c] < 24 for x in (10, 100, 150, 490, 630) for c in range(3))
    check(not bars(every[0]) and bars(every[-1]), 'first the whole width, at last bars beside it')
    samples = sound(FILE)
    piece = RATE // 10
    heard = ''.join('x' if tone(samples[at:at + piece], 440) > 0.9 else '.' for at in range(0, len(samples) - piece, piece))
    print('tenths of a second with the tone: ' + heard)
    holes = [hole for hole in heard.strip('.').split('x') if len(hole) >= 8]
    check(holes and heard.strip('.').count('x') > 10, 'the sound went and came')


def main():
    for tool in 'ffmpeg', 'ffprobe':
        if not shutil.which(tool):
            sys.exit(print('%s is not installed' % tool) or 77)
    try:
        for case in sys.argv[2:3] if sys.argv[1] == 'bench' else sys.argv[2:] or ['window']:
            print('-- ' + case)
            globals()['case_' + case]()
            if os.path.exists(FILE):
                os.unlink(FILE)
    finally:
        shutil.rmtree(WORK, ignore_errors=True)


main()
