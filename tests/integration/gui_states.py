#!/usr/bin/env python3
"""What a window says in each of its states, as pictures; see tests/long/pictures.

    gui_states.py MODE states FOLDER WxH SCALE
"""
import os
import subprocess
import sys
import time

FOLDER, SIZE, SCALE = sys.argv[3], tuple(int(n) for n in sys.argv[4].split('x')), float(sys.argv[5])
from gui_lab import WORK, SPICE, X_ENV, Program, SHM, check, guest, newest, run, wait_for, xdotool  # noqa: E402

PAGES = 6


KEPT = os.path.join(os.environ['PG_SOURCE'], 'doc/images/states', os.path.basename(FOLDER))
# Of an edge that another version of the font library smooths otherwise.
DIFFERENT, PART = 64, 0.004


def pixels(path):
    return subprocess.run(['ffmpeg', '-nostdin', '-loglevel', 'error', '-i', path, '-f', 'rawvideo', '-pix_fmt', 'rgb24', '-'],
                          check=True, capture_output=True).stdout


def save(name):
    """As a picture, which is compared with the one that was looked at last, where that is kept."""
    path, kept = (os.path.join(folder, name + '.png') for folder in (FOLDER, KEPT))
    raw = os.path.join(WORK, 'shot.ppm')
    subprocess.run([os.path.join(os.environ['PG_SOURCE'], 'tests/lab/gui-shot'), raw], check=True, stdin=subprocess.DEVNULL)
    subprocess.run(['ffmpeg', '-nostdin', '-loglevel', 'error', '-y', '-i', raw, path], check=True)
    if os.path.exists(kept):
        now, then = pixels(path), pixels(kept)
        check(len(now) == len(then), '%s has another size than %s' % (path, kept))
        part = sum(abs(a - b) > DIFFERENT for a, b in zip(now, then)) / len(now)
        print('%-10s %.2f %% of it differ' % (name, part * 100))
        if part > PART:
            OTHERS.append('%s (%.1f %%)' % (path, part * 100))


OTHERS = []


def player(*arguments):
    return Program('pierglass', '--no-lg-config', '--shm=' + SHM, '--spice=unix:' + SPICE, '--audio=off', '--discover=no',
                   '--size=%dx%d' % SIZE, '--position=0x0', '--borderless', '--stats=0.2', *arguments)


def with_escape(*keys):
    xdotool('keydown', 'Scroll_Lock', 'sleep', '0.1', *[word for key in keys for word in ('key', key)], 'sleep', '0.1', 'keyup',
            'Scroll_Lock')
    time.sleep(0.5)


def case_states():
    os.makedirs(FOLDER, exist_ok=True)
    subprocess.run(['xrdb', '-merge'], input=b'Xft.dpi: %d\n' % round(96 * SCALE), env=X_ENV, check=True)
    program = player()
    wait_for('figures', program.objects)
    time.sleep(4)
    save('waiting')
    guest((1280, 720), '--fps=20', '--damage=none')  # a picture that stands still
    wait_for('frames', lambda: newest(program)['video']['shown'] > 0)
    wait_for('SPICE', lambda: newest(program)['input']['connected'])
    xdotool('mousemove', str(SIZE[0] // 2), str(SIZE[1] // 2), 'click', '1')
    time.sleep(3)
    save('picture')
    xdotool('keydown', 'Scroll_Lock')
    time.sleep(1)
    save('help')
    xdotool('keyup', 'Scroll_Lock')
    xdotool('key', 'Scroll_Lock', 'sleep', '4')  # the banner goes
    save('captured')
    xdotool('key', 'Scroll_Lock', 'sleep', '0.3')
    with_escape('v')
    time.sleep(3)
    save('paused')
    with_escape('v')
    with_escape('d')
    with_escape('b')
    with_escape('t')
    time.sleep(2)
    save('figures')
    with_escape('d')
    with_escape('b')
    with_escape('t')
    with_escape('o')
    for page in range(PAGES):
        time.sleep(0.3)
        save('panel-%d' % (page + 1))
        xdotool('key', 'Tab')
    xdotool('key', 'Escape')
    check(program.stop() == 0, 'the client left with %s' % program.process.returncode)
    check(not OTHERS, 'look at these, and keep them in %s if they are right: %s' % (KEPT, OTHERS))


run(globals())
