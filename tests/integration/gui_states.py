#!/usr/bin/env python3
"""What a window says in each of its states, as pictures; see tests/long/pictures.

    gui_states.py MODE states FOLDER WxH SCALE LANGUAGE

Each picture of the screen goes to FOLDER, and small onto one sheet, which is compared with the one of doc/images/states that
a person has looked at. The window fills the screen, so one sheet is for all desktops; its order is that of
tests/support/picture_states.py, which also says what is drawn on some desktops alone (their places on the sheets of the others
are not compared). Where our own glyphs are drawn pixel by pixel, the texts of each state are read from the screen as well.
"""
import gettext
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import zlib

FOLDER, SIZE, SCALE, LANGUAGE = sys.argv[3], tuple(int(n) for n in sys.argv[4].split('x')), float(sys.argv[5]), sys.argv[6]
from gui_hands import Hands  # noqa: E402
from gui_lab import BUILD, MODE, SHM, SOURCE, SPICE, WORK, X_ENV, Program, check, guest, newest, run, wait_for, xdotool  # noqa: E402
from spice_stub import Stub  # noqa: E402
from picture_states import PICTURES, on_screen  # noqa: E402

SHEET = '%s-%s-%s.png' % (LANGUAGE, sys.argv[4], sys.argv[5])
KEPT = os.path.join(os.environ['PG_SOURCE'], 'doc/images/states', SHEET)
COLUMNS, WIDTH = 6, 400
HEIGHT = WIDTH * SIZE[1] // SIZE[0]
# What another version of the font library smooths otherwise is less than that, of 15, in a block; a word is more.
BLOCK, DIFFERENT = 10, 2.5
# Whose words count seconds or are figures of this run, or whose page is that of the moment.
FREE = {'figures', 'waiting', 'patience', 'recorded', 'files', 'too-small', 'states'} | ({'help'} if SIZE[1] < 400 else set())
# What would change or go before it was looked at twice.
AT_ONCE = {'figures', 'waiting', 'patience', 'captured', 'files-sum'}
# What the pictures' words name, of the same length on each run.
NAMED = os.path.dirname(SPICE)
X11 = MODE == 'x11'


def shot(*kept):
    """The screen's grey values, 0 to 15, small; the whole of it into the files."""
    source = ['-f', 'x11grab', '-draw_mouse', '0', '-i', X_ENV['DISPLAY']]
    if not X_ENV['DISPLAY']:
        source = ['-i', os.path.join(WORK, 'shot.ppm')]
        subprocess.run([os.path.join(SOURCE, 'tests/lab/gui-shot'), source[1]], check=True, stdin=subprocess.DEVNULL)
    outputs = [word for path in kept for word in ('-frames:v', '1', '-compression_level', '1', path)]
    raw = subprocess.run(['ffmpeg', '-nostdin', '-loglevel', 'error', '-y', *source, *outputs, '-frames:v', '1', '-vf',
                          'scale=%d:%d:flags=area,format=gray' % (WIDTH, HEIGHT), '-f', 'rawvideo', '-'],
                         check=True, capture_output=True).stdout
    return bytes((value + 8) * 15 // 255 if value < 247 else 15 for value in raw)


def write_sheet(path, taken):
    """All of them, beside and below one another, as a PNG of 16 greys."""
    thumbs = [taken.get(name, bytes(WIDTH * HEIGHT)) for name in PICTURES]
    rows = -(-len(thumbs) // COLUMNS)
    wide, lines = COLUMNS * WIDTH, []
    for row in range(rows):
        cells = thumbs[row * COLUMNS:(row + 1) * COLUMNS]
        for y in range(HEIGHT):
            line = b''.join(cell[y * WIDTH:(y + 1) * WIDTH] for cell in cells).ljust(wide, b'\0')
            lines.append(b'\0' + bytes(line[x] << 4 | line[x + 1] for x in range(0, wide, 2)))

    def chunk(kind, body):
        return struct.pack('>I', len(body)) + kind + body + struct.pack('>I', zlib.crc32(kind + body))
    with open(path, 'wb') as file:
        file.write(b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', struct.pack('>IIBBBBB', wide, rows * HEIGHT, 4, 0, 0, 0, 0)) +
                   chunk(b'IDAT', zlib.compress(b''.join(lines), 9)) + chunk(b'IEND', b''))


def read_sheet(path):
    raw = subprocess.run(['ffmpeg', '-nostdin', '-loglevel', 'error', '-i', path, '-pix_fmt', 'gray', '-f', 'rawvideo', '-'],
                         check=True, capture_output=True).stdout
    wide = COLUMNS * WIDTH
    check(len(raw) == wide * HEIGHT * -(-len(PICTURES) // COLUMNS), '%s has another size or number of pictures' % path)
    thumbs = {}
    for number, name in enumerate(PICTURES):
        left, top = number % COLUMNS * WIDTH, number // COLUMNS * HEIGHT
        thumbs[name] = bytes(value // 17 for y in range(HEIGHT)
                             for value in raw[(top + y) * wide + left:(top + y) * wide + left + WIDTH])
    return thumbs


def blocks_apart(a, b):
    """How many blocks of both are not alike."""
    count = 0
    for top in range(0, HEIGHT, BLOCK):
        for left in range(0, WIDTH, BLOCK):
            apart = area = 0
            for y in range(top, min(top + BLOCK, HEIGHT)):
                row_a, row_b = (t[y * WIDTH + left:y * WIDTH + min(left + BLOCK, WIDTH)] for t in (a, b))
                if row_a != row_b:
                    apart += sum(abs(x - z) for x, z in zip(row_a, row_b))
                area += len(row_a)
            count += apart > DIFFERENT * area
    return count


TAKEN, UNREAD = {}, []


def save(name):
    path, raw = os.path.join(FOLDER, name + '.png'), os.path.join(WORK, 'screen.ppm')
    reads = LANGUAGE == 'en' and SCALE == 1 and SIZE[1] >= 720 and not name.startswith('panel-') and PICTURES[name][1]
    before = None
    for _ in range(20):  # until all is drawn
        now = shot(path, *([raw] if reads else []))
        if now == before or name in AT_ONCE:
            break
        before = now
    TAKEN[name] = now
    if reads:
        out = subprocess.run([os.path.join(BUILD, 'tests/screen_text'), raw], check=True, capture_output=True, text=True).stdout
        screen = ''.join(''.join(line.split()[2:]) for line in out.splitlines())
        missing = [text for text in PICTURES[name][1] if not on_screen(text, screen)]
        UNREAD.extend('%s does not say "%s", but %s' % (name, text, screen) for text in missing)


MACHINES = [('win11', 'running'), ('Windows 10', 'off'), ('\u6e38\u620f', 'off')]
FINDING = {'verdict': 'failure', 'seen': 'no host is set up for the memory of win11', 'remedy': 'sudo pierglass-setup win11'}


def programs(folder, machines, finding):
    """The player with the same machines and the same finding on every run."""
    folder = os.path.join(WORK, folder, 'bin')
    os.makedirs(folder)
    os.symlink(os.path.join(BUILD, 'share'), os.path.join(os.path.dirname(folder), 'share'))  # with the translations
    shutil.copy(os.path.join(BUILD, 'bin/pierglass'), folder)
    os.symlink(os.path.join(BUILD, 'bin/pierglass-record'), os.path.join(folder, 'pierglass-record'))
    listed = ''.join(json.dumps({'name': name, 'state': state, 'source': 'libvirt', 'uri': 'qemu:///system', 'memory': '/dev/shm/lg'},
                                ensure_ascii=False, separators=(',', ':')) + '\n' for name, state in machines)
    for name, text in ('vm-info', '[ "$1" = --list ] || exec sleep 600\ncat <<\'X\'\n%sX\n' % listed), \
                      ('doctor', "cat <<'X'\n%s\nX\n" % (json.dumps(finding, separators=(',', ':')) if finding else '')):
        path = os.path.join(folder, 'pierglass-' + name)
        with open(path, 'w', encoding='utf-8') as file:
            file.write('#!/bin/sh\n' + text)
        os.chmod(path, 0o755)
    return os.path.join(folder, 'pierglass')


def player(program, *arguments, env=None, house=()):
    """house: words that run it."""
    # The sandbox would run no scripts.
    return Program(program, *house, '--no-sandbox', '--no-lg-config', '--shm=' + SHM, '--full-screen', '--no-remember-window',
                   '--stats=0.2', *arguments,
                   env={'LANGUAGE': LANGUAGE, 'PULSE_SERVER': 'unix:' + os.path.join(NAMED, 'no-sound-server'), **(env or {})})


def still(*arguments, **words):
    """A guest whose picture stands still."""
    return guest((1280, 720), '--fps=0', '--damage=scene', *arguments, **words)


def shows(program):
    wait_for('frames', lambda: newest(program)['video']['shown'] > 0, 30)


def window_of(program):
    return wait_for('its window', lambda: subprocess.run(
        ['xdotool', 'search', '--onlyvisible', '--pid', str(program.process.pid)], env=X_ENV, capture_output=True,
        text=True).stdout.split())[-1]


def leave(program):
    # The end is bounded (base/ending.h): on a busy machine by the signal.
    check(program.stop(seconds=20) in (0, -signal.SIGTERM), 'the client left with %s' % program.process.returncode)


def translated(word):
    return gettext.translation('pierglass', os.path.join(BUILD, 'share/locale'), [LANGUAGE], fallback=True).gettext(word)


class Scene:
    def __init__(self, hands, program):
        self.hands, self.program = hands, program

    def elsewhere(self):
        """The pointer where nothing is."""
        self.hands.move(SIZE[0] - 30, SIZE[1] - 10)

    def begin(self):
        """The window has the keys."""
        self.hands.click(SIZE[0] - 30, SIZE[1] - 10)
        time.sleep(0.5)

    def sign(self, name, *words):
        """The sentence of the last of these signs, which stand there from the right: for as long as somebody points at it."""
        cells = [sum(2 if ord(letter) > 0x2e80 else 1 for letter in translated(word)) for word in words]
        left = 6 + sum(9 * count + 18 for count in cells[:-1]) + (9 * cells[-1] + 12) / 2
        if left * SCALE < SIZE[0]:  # else no other's can be read
            time.sleep(8)  # what else is to be read goes
            self.hands.move(SIZE[0] - left * SCALE, 16 * SCALE)
        time.sleep(1)
        save(name)
        self.elsewhere()

    def input_is(self, connected):
        wait_for('SPICE', lambda: newest(self.program)['input']['connected'] == connected, 40)

    def source_is(self, part, running):
        wait_for('%s to be %s' % (part, running), lambda: (newest(self.program)['sources'][part]['state'] == 'running') == running, 30)

    def frozen(self, name):
        time.sleep(3)
        save(name)


def text_file():
    path = os.path.join(WORK, 'text')
    with open(path, 'w', encoding='utf-8') as file:
        file.write('copied in the guest')
    return path


def scene_player(hands, other):
    """What is seen with a VM that is well."""
    program = player(os.path.join(WORK, 'first/bin/pierglass'), '--spice=unix:' + SPICE, '--audio=off', '--discover=no',
                     '--clipboard-to-vm=always', '--clipboard-to-local=always', '--no-alerts')
    scene = Scene(hands, program)
    wait_for('figures', program.objects)
    scene.elsewhere()
    time.sleep(6.5)  # what it offers then
    save('waiting')
    source = still('--agent=linux')
    shows(program)
    scene.input_is(True)
    scene.begin()
    save('picture')
    hands.down('Scroll_Lock')
    time.sleep(0.8)
    save('help')
    hands.up('Scroll_Lock')
    hands.key('Scroll_Lock')
    wait_for('the capture', lambda: newest(program)['input']['captured'])
    time.sleep(0.5)
    save('captured')
    hands.key('Scroll_Lock')
    hands.with_escape('v')
    time.sleep(1)
    save('paused')
    hands.with_escape('v')
    hands.with_escape('i')
    scene.sign('input-off', 'INPUT OFF')
    hands.with_escape('i')
    for letter in 'dbt':
        hands.with_escape(letter)
    time.sleep(2)
    save('figures')
    for letter in 'dbt':
        hands.with_escape(letter)
    hands.with_escape('o')
    for page in range(sum(name.startswith('panel-') for name in PICTURES)):
        time.sleep(0.4)
        save('panel-%d' % (page + 1))
        hands.key('Tab')
    hands.key('Escape')
    if other:
        xdotool('windowfocus', other)
        time.sleep(0.5)
        source.say('clip offer text ' + text_file())
        time.sleep(1)
        save('clipboard-used')
        xdotool('windowfocus', window_of(program))
        scene.begin()
    hands.with_escape('n')
    wait_for('the recording', lambda: any(name.endswith('.mkv') for name in os.listdir(NAMED)), 30)
    scene.sign('recorded', 'REC')
    hands.with_escape('n')
    source.say('freeze')
    scene.source_is('picture', False)
    scene.frozen('frozen')
    source.stop(signal.SIGKILL)
    scene.input_is(False)
    scene.frozen('ended')
    leave(program)


def scene_tab(hands):
    """The mouse rests at the middle of the top edge."""
    source, program = own_guest(), player(os.path.join(WORK, 'first/bin/pierglass'), '--spice=off', '--audio=off', '--discover=no')
    shows(program)
    Scene(hands, program).begin()
    hands.move(SIZE[0] / 2, 0)
    time.sleep(2)
    hands.move(SIZE[0] / 2 + 44 * SCALE, 0)  # sway draws the pointer into its pictures
    time.sleep(0.5)
    save('tab')
    source.stop(signal.SIGKILL)
    leave(program)


def spice_server():
    password = os.path.join(WORK, 'password')
    with open(password, 'w', encoding='utf-8') as file:
        file.write('right\n')
    if os.path.exists(SPICE):
        os.unlink(SPICE)
    return Stub('--unix', SPICE, '--password-file', password, '--name', 'win11', '--size', '1280x720', '--vm', '1')


def own_guest(*arguments):
    """Without SPICE, which another program speaks."""
    return still('--spice=off', *arguments, spice=os.path.join(WORK, 'guest', 'spice'))


def dropped(program, stub):
    """Files on their way, then what became of them."""
    path, listed = os.path.join(NAMED, 'holiday film.mkv'), os.path.join(WORK, 'list')
    with open(path, 'wb') as file:
        file.truncate(3 << 20)
    with open(listed, 'w', encoding='utf-8') as file:
        file.write('file://%s\r\nsmb://nas/share/other.mkv\r\n' % path.replace(' ', '%20'))
    stub.send('freeze 1')
    time.sleep(0.3)
    subprocess.run([os.path.join(BUILD, 'tests/xdrop'), window_of(program), listed], check=True, env=X_ENV, timeout=60,
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    time.sleep(1)
    save('files')
    stub.send('freeze 0')
    stub.wait(lambda s: s.of('file_end'), 'the end of the file', 60)
    time.sleep(0.3)
    save('files-sum')


def scene_spice(hands, copied):
    """What is seen of a SPICE server: the password, its picture, questions about the clipboard, other clients, another VM."""
    stub, source = spice_server(), own_guest('--vm=1')
    program = player(os.path.join(WORK, 'first/bin/pierglass'), '--spice=unix:' + SPICE, '--audio=off', '--discover=no',
                     '--clipboard-to-vm=ask', '--clipboard-to-local=ask')
    scene = Scene(hands, program)
    shows(program)
    scene.begin()
    hands.key(*'abc')
    time.sleep(1)
    save('password')
    hands.key('Return')
    time.sleep(3)
    save('password-wrong')
    hands.key(*'right', 'Return')
    scene.input_is(True)
    stub.send('fill 204878')
    stub.wait(lambda s: s.of('agent'), 'the agent', 20)
    stub.send('copy what was copied there')
    time.sleep(1)
    save('clipboard-taken')
    if copied:
        hands.with_escape('w')
        owner = subprocess.Popen(['xclip', '-quiet', '-selection', 'clipboard', '-i'], stdin=subprocess.PIPE, env=X_ENV,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        owner.stdin.write(b'copied here')
        owner.stdin.close()
        time.sleep(1)
        stub.send('paste')
        time.sleep(1)
        save('clipboard-read')
        owner.kill()
        owner.wait()
        dropped(program, stub)
        time.sleep(8)  # the sum goes
    for name in 'host-only', 'spice-only':
        hands.with_escape('s')
        if name == 'spice-only':
            scene.sign(name, 'SPICE')
    source.stop(signal.SIGKILL)
    time.sleep(1)
    hands.with_escape('s')
    scene.source_is('picture', False)
    scene.sign('no-host', 'NO HOST')
    hands.with_escape('s')
    scene.frozen('host-only')
    hands.with_escape('s')
    hands.with_escape('s')
    stub.send('kick')
    scene.input_is(False)
    scene.frozen('kicked')
    source = own_guest('--vm=2')
    scene.source_is('picture', True)
    hands.key('a')
    scene.input_is(True)
    scene.frozen('two-vms')
    stub.close()
    scene.input_is(False)
    hands.with_escape('s')
    hands.with_escape('s')
    scene.frozen('spice-awaited')
    source.stop(signal.SIGKILL)
    leave(program)


class Keyboard(threading.Thread):
    """A device of evdev at whose kernel's end we are (libfake_evdev), plugged in for the programs that HOUSE runs."""
    NODE = '/dev/input/event0'
    INPUT, INFO = os.path.join(NAMED, 'input'), os.path.join(NAMED, 'info')
    # With devices of its own: no others, nor the machine's input devices.
    HOUSE = ['unshare', '-m', *([] if os.geteuid() == 0 else ['-r']), 'sh', '-c', '''set -e
mkdir -p "$1/input" "$1/info" "$1/dev/input" "$1/dev/shm" "$1/dev/pts"
for node in null zero full random urandom tty; do touch "$1/dev/$node"; mount --bind "/dev/$node" "$1/dev/$node"; done
ln -sfn /proc/self/fd "$1/dev/fd"
mount --rbind /dev/shm "$1/dev/shm"
mount --bind "$1/input" "$1/dev/input"
mount --rbind "$1/dev" /dev
mount --bind "$1/info" /sys/class/input
shift
exec "$@"''', 'house', NAMED]

    def __init__(self):
        super().__init__(daemon=True)
        keys = ' '.join('%x' % word for word in ((1 << 20) - 1, (1 << 64) - 2))
        for name, text in (('name', 'a keyboard'), ('phys', 'usb-1/input0'), ('uniq', ''), ('id/bustype', '0003'), ('id/vendor', '0001'),
                           ('id/product', '0001'), ('id/version', '0001'), ('capabilities/key', keys), ('capabilities/rel', '0'),
                           ('capabilities/abs', '0')):
            path = os.path.join(self.INFO, 'event0/device', name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, 'w', encoding='ascii') as file:
                file.write(text + '\n')
        self.ends, self.server = [], socket.socket(socket.AF_UNIX)
        self.server.bind(os.path.join(self.INPUT, 'event0'))
        self.server.listen(8)
        self.start()

    def run(self):
        while True:
            self.ends.append(self.server.accept()[0])


def scene_parts(hands):
    """What is seen of sound, microphone, devices and a driver without OpenGL ES 3."""
    if os.path.exists(SPICE):
        os.unlink(SPICE)
    recorder = Program('../tests/spice-recorder', SPICE)
    wait_for('the SPICE server', lambda: os.path.exists(SPICE), 30)
    source = own_guest()
    program = player(shutil.which('unshare'), '--spice=unix:' + SPICE, '--audio=spice', '--discover=no', '--microphone=ask', '--no-alerts',
                     '--evdev=' + Keyboard.NODE, house=[*Keyboard.HOUSE[1:], os.path.join(WORK, 'first/bin/pierglass')],
                     env={'MESA_GLES_VERSION_OVERRIDE': '2.0', 'LD_PRELOAD': os.path.join(BUILD, 'tests/libfake_evdev.so')})
    scene = Scene(hands, program)
    shows(program)
    scene.input_is(True)
    scene.begin()
    scene.sign('no-device', 'NO DEVICE')
    scene.sign('no-opengl', 'NO DEVICE', 'NO OPENGL')
    recorder.say('play 600')
    scene.sign('no-sound', 'NO DEVICE', 'NO SOUND')
    hands.with_escape('a')
    scene.sign('muted', 'NO DEVICE', 'NO SOUND', 'NO OPENGL', 'MUTED')
    hands.with_escape('a')
    recorder.say('start')
    wait_for('the question', lambda: newest(program)['microphone']['state'] == 'asking')
    time.sleep(1)
    save('microphone-asked')
    hands.with_escape('e')
    wait_for('the microphone', lambda: newest(program)['microphone']['state'] == 'open')
    scene.sign('microphone-on', 'MIC ON')
    recorder.say('stop')
    hands.with_escape('o')
    for _ in range(4):
        hands.key('Tab')
    hands.key('Down', 'Down', 'Right', 'Escape')
    time.sleep(1)
    save('states')
    hands.with_escape('o')
    hands.key('Right', 'Escape')
    Keyboard()
    wait_for('the keyboard', lambda: newest(program)['sources']['devices']['state'] == 'running')
    hands.with_escape('g')
    scene.sign('devices', 'NO SOUND', 'NO OPENGL', 'DEVICES')
    recorder.stop(signal.SIGKILL)
    leave(program)
    program = player(os.path.join(WORK, 'first/bin/pierglass'), '--spice=off', '--audio=off', '--discover=no', '--no-alerts')
    scene = Scene(hands, program)
    shows(program)
    scene.begin()
    hands.with_escape('s')
    hands.with_escape('s')
    scene.frozen('no-spice')
    hands.with_escape('s')
    source.say('truncate 300')
    source.say('fps 1')
    wait_for('a part of a frame', lambda: newest(program)['video']['seen'] > 1)
    source.say('fps 0')
    time.sleep(1)
    save('too-small')
    source.stop(signal.SIGKILL)
    leave(program)


def case_states():
    for folder in FOLDER, NAMED:
        os.makedirs(folder, exist_ok=True)
    with open(os.path.join(os.environ['XDG_CONFIG_HOME'], 'user-dirs.dirs'), 'w', encoding='utf-8') as file:
        file.write('XDG_VIDEOS_DIR="%s"\n' % NAMED)
    hands, other, patient = Hands(SCALE), None, None
    if X11:  # below the other windows meanwhile
        odd = [('\u0648\u064a\u0646\u062f\u0648\u0632', 'off'), ('W' * 200, 'running'), ('Games \U0001f3ae', 'off')]
        many = odd + [('Windows 11 of machine %d' % n, 'off') for n in range(1, 20)]
        patient = player(programs('patience', many, None), '--domain=win11', '--spice=off', '--audio=off', '--shm=' + SHM + '-none')
        other = window_of(patient)
    programs('first', MACHINES, FINDING)
    only = os.environ.get('PG_SCENES', 'player tab spice parts').split()  # while one of them is worked on
    if 'player' in only:
        scene_player(hands, other)
    if 'tab' in only:
        scene_tab(hands)
    if 'spice' in only:
        scene_spice(hands, X11)
    if 'parts' in only:
        scene_parts(hands)
    if patient:
        Scene(hands, patient).elsewhere()
        time.sleep(1)
        save('patience')
        leave(patient)
    judge()


def judge():
    sheet = os.path.join(os.path.dirname(FOLDER), SHEET)
    write_sheet(sheet, TAKEN)
    wanted = {name for name, (where, _) in PICTURES.items() if where in ('', MODE)}
    check(set(TAKEN) == wanted, 'not drawn, or for no reason: %s' % (set(TAKEN) ^ wanted))
    check(not UNREAD, '\n'.join(UNREAD))
    if not os.path.exists(KEPT):
        print('there is no %s: look at %s, and keep it there if it is right' % (KEPT, sheet))
        return
    others, then = [], read_sheet(KEPT)
    for name, now in TAKEN.items():
        apart = blocks_apart(now, then[name])
        if not any(then[name]):
            print('%-16s has no picture on %s yet: look at %s' % (name, KEPT, sheet))
        elif apart:
            print('%-16s %d blocks differ' % (name, apart))
            others += [name] if name not in FREE else []
    check(not others, 'look at these of %s, and keep it as %s if they are right: %s' % (sheet, KEPT, ' '.join(others)))


run(globals())
