#!/usr/bin/env python3
"""Cases of tests/integration/gui about how a window behaves on a desktop: its first size, its title, its screen, and that it
is found again."""
import os
import re
import shutil
import signal
import subprocess
import time

from gui_keys import with_escape
from gui_lab import BUILD, PATIENCE, SCREEN, SHM, SPICE, WORK, X_ENV, Program, capture, check, client, guest, newest, run, wait_for, xdotool


def player(*arguments, program='pierglass'):
    """Without a size or a place of its own, as most start it."""
    return Program(program, '--no-lg-config', '--shm=' + SHM, '--spice=unix:' + SPICE, '--audio=off',
                   *(arguments if program != 'pierglass' else ('--discover=no', '--stats=0.2', *arguments)))


def window_of(program):
    def look():
        found = subprocess.run(['xdotool', 'search', '--onlyvisible', '--pid', str(program.process.pid)], env=X_ENV,
                               capture_output=True, text=True, stdin=subprocess.DEVNULL).stdout.split()
        return found[-1] if found else None
    return wait_for('the window', look)


def place_of(window):
    out = subprocess.run(['xwininfo', '-id', window], env=X_ENV, capture_output=True, text=True, check=True).stdout
    return tuple(int(re.search(name + r': +(-?\d+)', out).group(1))
                 for name in ('Absolute upper-left X', 'Absolute upper-left Y', 'Width', 'Height'))


def title_of(window):
    return subprocess.run(['xdotool', 'getwindowname', window], env=X_ENV, capture_output=True, text=True).stdout.strip()


def shows(program):
    wait_for('frames', lambda: newest(program)['video']['shown'] > 2)


def case_manners():
    """The first picture's aspect and no borders; no window larger than the screen; title and icon; full screen remembered; a
    window that was left where no screen is any more opens in sight."""
    os.environ['XDG_STATE_HOME'] = os.path.join(WORK, 'state')
    guest((1920, 1080), '--fps=10')
    program = player()
    window = window_of(program)
    shows(program)
    wait_for('the aspect of the picture', lambda: place_of(window)[2:] == (1024, 576))
    wait_for('the title', lambda: title_of(window).endswith('- pierglass'))
    icon = subprocess.run(['xprop', '-id', window, '_NET_WM_ICON'], env=X_ENV, capture_output=True, text=True).stdout
    check('64 x 64' in icon, 'no icon')
    xdotool('mousemove', '640', '400', 'click', '1')
    wait_for('SPICE', lambda: newest(program)['input']['connected'])
    xdotool('key', 'Scroll_Lock')
    wait_for('the way out in the title', lambda: title_of(window).endswith('- pierglass (Scroll Lock frees the mouse)'))
    xdotool('key', 'Scroll_Lock')
    wait_for('the title without it', lambda: title_of(window).endswith('- pierglass'))
    with_escape('f')
    wait_for('the whole screen', lambda: place_of(window)[2:] == SCREEN)
    check(program.stop() == 0, 'the client left with %s' % program.process.returncode)

    program = player()  # as it was left
    window = window_of(program)
    shows(program)
    wait_for('the whole screen', lambda: place_of(window)[2:] == SCREEN)
    check(program.stop() == 0, 'the client left with %s' % program.process.returncode)

    state = os.path.join(WORK, 'state/pierglass/windows')
    with open(state, encoding='utf-8') as file:
        text = file.read()
    with open(state, 'w', encoding='utf-8') as file:  # on a screen at the right, which is gone
        file.write(re.sub(r'^\S+ \S+ \S+', '800x600 3000x200 -p', text))
    program = player('--auto-resize')
    window = window_of(program)
    check(place_of(window)[0] < SCREEN[0], 'the window opened out of sight: %s' % (place_of(window),))
    shows(program)

    def fits():
        x, y, width, height = place_of(window)
        return 1200 < width <= SCREEN[0] and height <= SCREEN[1] and abs(width * 9 - height * 16) < 32
    wait_for('a window as large as the screen allows', fits)
    check(program.stop() == 0, 'the client left with %s' % program.process.returncode)


def case_first_screen():
    """Without a picture the VMs of this machine are named, and a click and Enter lead to one: the program goes on as its."""
    programs = os.path.join(WORK, 'programs')
    os.mkdir(programs)
    shutil.copy(os.path.join(BUILD, 'bin/pierglass'), programs)
    for name, text in (('vm-info', '[ "$1" = --list ] || exec sleep 60\necho \'{"name":"win 11","state":"running","source":"libvirt",'
                       '"uri":"qemu:///session","memory":null}\'\n'),
                       ('doctor', 'echo \'{"verdict":"failure","seen":"broken","remedy":"mend"}\'\n')):
        path = os.path.join(programs, 'pierglass-' + name)
        with open(path, 'w', encoding='utf-8') as file:
            file.write('#!/bin/sh\n' + text)
        os.chmod(path, 0o755)
    # The sandbox would run no scripts.
    program = player('--shm=/dev/shm/none', '--spice=off', '--no-sandbox', program=os.path.join(programs, 'pierglass'))

    def words():
        with open('/proc/%d/cmdline' % program.process.pid, 'rb') as file:
            return file.read().split(b'\0')

    window_of(program)
    time.sleep(2.5 * PATIENCE)  # it asks for the VMs after 1.5
    xdotool('mousemove', '640', '400', 'click', '1', 'sleep', '0.3', 'key', 'Return')
    wait_for('the window of the VM', lambda: b'--domain=win 11' in words())
    check({b'--connect=qemu:///session', b'--sandbox=no'} < set(words()) and not any(w.startswith(b'--shm') for w in words()),
          'it went on with %s' % words())
    window_of(program)
    check(program.stop() == 0, 'the client left with %s' % program.process.returncode)


def case_escape_key():
    """A keyboard without Scroll Lock: without a picture a click leads to a page where another key is chosen, which counts at
    once."""
    program = player('--shm=/dev/shm/none', '--spice=off', '--discover=no', '--audio=off')

    def quit_with(key):
        xdotool('keydown', key, 'sleep', '0.1', 'key', 'q', 'sleep', '0.1', 'keyup', key)
    window_of(program)
    time.sleep(PATIENCE)
    quit_with('Control_R')
    time.sleep(0.5)
    check(program.process.poll() is None, 'right Ctrl led somewhere before it was chosen')
    xdotool('mousemove', '640', '400', 'click', '1', 'sleep', '0.5', 'key', 'Down', 'Down', 'Down', 'Right', 'sleep', '0.3',
            'key', 'Escape', 'sleep', '0.3')
    quit_with('Control_R')
    wait_for('the end', lambda: program.process.poll() is not None)
    check(program.process.returncode == 0, 'the client left with %s' % program.process.returncode)


def case_lost_context():
    """A GPU that is reset while the settings are open: picture and panel are there again, and keys still the panel's."""
    lost = os.path.join(WORK, 'lost')
    source = guest((640, 360), '--fps=20', '--report')
    program = client((640, 360), '--draw=gl', '--no-sandbox', '--log-level=debug', env={
        'LD_PRELOAD': os.path.join(BUILD, 'tests/libegl_lost.so'), 'PG_EGL_LOST': lost})
    shows(program)
    wait_for('SPICE', lambda: newest(program)['input']['connected'])

    def drawn():
        return sum('drawing with a GPU' in text for _, text in program.log_lines())

    def is_open():
        return max(capture().pixel(250, 180)) < 64
    check(drawn() == 1, 'it draws with something else')
    xdotool('mousemove', '320', '180', 'click', '1')
    with_escape('o')
    wait_for('the panel', is_open)
    with open(lost, 'wb'):
        pass
    xdotool('key', 'Down')
    wait_for('another context', lambda: drawn() == 2)
    before = newest(program)['video']['shown']
    wait_for('pictures', lambda: newest(program)['video']['shown'] > before + 5)
    wait_for('the panel', is_open)
    check(not [o for o in source.objects() if o.get('event') == 'key'], 'the guest heard keys of the panel')
    xdotool('key', 'Escape')
    wait_for('the end of the panel', lambda: not is_open())
    check(program.stop() == 0, 'the client left with %s' % program.process.returncode)


def case_no_frame():
    """A compositor that leaves title bars to the programs, without and with the plugin that draws them: the window says what
    is missing, or nothing."""
    for folder, missing in ('/nonexistent', True), (None, False):
        program = Program('pierglass', '--no-lg-config', '--shm=/dev/shm/none', '--spice=off', '--audio=off', '--discover=no',
                          '--stats=0.2', env={'LIBDECOR_PLUGIN_DIR': folder} if folder else {})
        wait_for('figures', program.objects)
        wait_for('a window', lambda: any('drawing with' in text for _, text in program.log_lines()))
        said = [text for _, text in program.log_lines() if 'title bar' in text]
        check(bool(said) == missing, 'said of the title bar: %s' % said)
        check(program.stop() == 0, 'the client left with %s' % program.process.returncode)


def case_suspended():
    """Ctrl+Z under a moving pointer: a Wayland compositor ends the connection of a program that does not read. Continued it
    goes on, or leaves and says why."""
    guest((640, 360), '--fps=30')
    program = client((1280, 800))
    shows(program)
    program.process.send_signal(signal.SIGTSTP)
    end = time.monotonic() + 8
    turn = 0
    while time.monotonic() < end:
        moves = []
        for turn in range(turn, turn + 400):
            moves += ['mousemove', str(100 + turn * 7 % 900), str(100 + turn * 5 % 500)]
        xdotool(*moves)
    before = newest(program)['video']['shown']
    program.process.send_signal(signal.SIGCONT)
    wait_for('pictures, or the end', lambda: program.process.poll() is not None or newest(program)['video']['shown'] > before + 10)
    left = program.process.poll()
    said = [text.strip() for _, text in program.log_lines() if 'display server' in text]
    print('after %d moves: %s' % (turn, 'it goes on' if left is None else 'it left with %d: %s' % (left, said)))
    check(left is None or (left == 1 and said), 'it left with %s' % left)
    lost = [text for _, text in program.log_lines() if 'was lost' in text]
    check(not lost, 'moves of a pointer are told as losses: %s' % lost)
    check(left is not None or program.stop() == 0, 'the client left with %s' % program.process.returncode)


run(globals())
