"""The display server is killed while the client does something: it ends in order. For tests/long/display-dies.

usage, in a session of tests/lab/gui-session: display_dies.py MODE WHAT

WHAT: play (a key is held where one can be typed), panel, recording, microphone, drop, or start-MS: so many milliseconds after
the client was started."""
import os
import signal
import subprocess
import sys
import time
from urllib.parse import quote

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import ending_cases as ending  # noqa: E402
from gui_hands import Hands  # noqa: E402
from gui_lab import (BUILD, MODE, PATIENCE, WORK, Program, check, client, focus, guest, newest, run, shown,  # noqa: E402
                     wait_for)

SERVERS = {'x11': 'Xvfb', 'weston': 'weston', 'sway': 'sway', 'kwin': 'kwin_wayland', 'mutter': 'mutter'}
FRAME = (640, 360)
WHAT = sys.argv[2]
LOST = 'display server', 'no window'


def children_of(program):
    found = []
    for entry in os.listdir('/proc'):
        try:
            with open('/proc/%s/stat' % int(entry), errors='replace') as file:
                text = file.read()
        except (OSError, ValueError):
            continue
        if int(text.rsplit(')', 1)[1].split()[1]) == program.process.pid:
            found.append(int(entry))
    return found


def on_screen(program):
    """Its corner, as soon as a busy machine shows it."""
    if MODE == 'sway':  # it is as large as the screen
        wait_for('the picture', lambda: newest(program)['sources']['picture']['state'] == 'running', 100)
        time.sleep(1)
        return 0, 0

    def look():
        try:
            return shown(FRAME, FRAME)
        except (AssertionError, subprocess.CalledProcessError):
            return None
    return wait_for('the picture', look, 100)[1]


def in_window(program):
    """Its window is there, has the keys, and the session is connected."""
    corner = on_screen(program)
    wait_for('SPICE', lambda: newest(program).get('input', {}).get('connected'), 100)
    if MODE != 'sway':  # there the only window has the keys
        focus(corner, FRAME)


def play():
    source = guest(FRAME, '--fps=30', '--report')
    program = client(FRAME)
    in_window(program)
    if MODE == 'sway':
        return program, None
    hands = Hands().by

    def press():
        hands.keys(('a', False), ('a', True))  # a key that was lost is pressed anew
        time.sleep(0.1)
        return ending.key_events(source)
    wait_for('the key', press, 60)
    return program, source


def panel():
    """Not on sway, where nobody types here. A key that is typed with the panel open does not reach the guest."""
    program, source = play()
    hands = Hands().by
    hands.keys(('a', False))

    def is_open():
        hands.keys(('Scroll_Lock', True), ('o', True), ('o', False), ('Scroll_Lock', False))
        time.sleep(0.5)
        before = len(ending.key_events(source))
        hands.keys(('b', True), ('b', False))
        time.sleep(0.5)
        return len(ending.key_events(source)) == before
    wait_for('the panel', is_open, 60)
    return program, source


def recording():
    source = guest(FRAME, '--fps=30', '--report')
    program = client(FRAME, '--record=' + os.path.join(WORK, 'x.mkv'))
    in_window(program)
    wait_for('the recording', lambda: os.path.exists(os.path.join(WORK, 'x.mkv')) and os.path.getsize(os.path.join(WORK, 'x.mkv')) > 0, 60)
    time.sleep(1)
    return program, source


def microphone():
    source = guest(FRAME, '--fps=30')
    spice = os.path.join(WORK, 'recorder')
    recorder = subprocess.Popen([os.path.join(BUILD, 'tests', 'spice-recorder'), spice], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                text=True)
    wait_for('the recorder', lambda: os.path.exists(spice))
    program = client(FRAME, '--audio=spice', '--microphone=on', spice=spice)
    wait_for('SPICE', lambda: newest(program).get('input', {}).get('connected'), 100)
    on_screen(program)
    recorder.stdin.write('start\n')
    recorder.stdin.flush()
    wait_for('the microphone', lambda: newest(program).get('microphone', {}).get('captures'), 60)
    return program, None if source else None


def drop():
    """On X11 alone: a file of 2 GiB is on its way."""
    source = guest(FRAME, '--fps=30', '--report', '--agent=linux')
    program = client(FRAME)
    in_window(program)
    path, listed = os.path.join(WORK, 'large'), os.path.join(WORK, 'list')
    with open(path, 'wb') as file:
        file.truncate(2 << 30)
    with open(listed, 'w', encoding='utf-8') as file:
        file.write('file://' + quote(path) + '\r\n')
    found = subprocess.run(['xdotool', 'search', '--onlyvisible', '--pid', str(program.process.pid)], capture_output=True, text=True, check=True)
    subprocess.run([os.path.join(BUILD, 'tests', 'xdrop'), found.stdout.split()[-1], listed], check=True, stdin=subprocess.DEVNULL)
    wait_for('pg-file', lambda: 'pg-file' in ending.threads(program), 60)
    return program, source


def start():
    program = Program('pierglass', '--no-lg-config', '--shm=/nonexistent', '--spice=off', '--audio=off', '--discover=no')
    time.sleep(int(WHAT.partition('-')[2]) / 1000)
    return program, None


def dies():
    program, source = globals()[WHAT.partition('-')[0]]()
    beside = children_of(program)
    pid = wait_for('the server', lambda: ending.server_pid(SERVERS[MODE]))
    begin = time.monotonic()
    os.kill(pid, signal.SIGKILL)
    if MODE == 'x11' and source:
        ending.released_after(source, begin, 'the server dies')
    ending.gone_after(program, begin, ending.DEAD_DISPLAY, 'the server dies')
    check(program.process.returncode == 1, 'the exit status is %d' % program.process.returncode)
    with open(program.log, errors='replace') as file:
        log = file.read()
    check(any(words in log for words in LOST), 'the log does not name the display server')
    wait_for('the end of its children', lambda: not any(os.path.exists('/proc/%d' % child) for child in beside), 60)
    if WHAT == 'recording':
        length = subprocess.run(['ffprobe', '-v', 'error', '-show_entries', 'format=duration', '-of', 'csv=p=0', os.path.join(WORK, 'x.mkv')],
                                capture_output=True, text=True, check=False).stdout.strip()
        check(length and float(length) > 0.2, 'the recording has %s s' % length)
    if WHAT == 'microphone':
        wait_for('nobody records', lambda: not subprocess.run(['pactl', 'list', 'short', 'source-outputs'], capture_output=True, text=True,
                                                              check=True).stdout.strip(), 60)


run({'case_' + WHAT: ending.judged(dies)})
