#!/usr/bin/env python3
"""What a window says in each of its states, as pictures; see tests/long/pictures.

    gui_states.py MODE states FOLDER WxH SCALE LANGUAGE

Each picture of the screen goes to FOLDER, and small onto one sheet, which is compared with the one of doc/images/states that
a person has looked at. The window fills the screen, so one sheet is for all desktops.
"""
import json
import os
import shutil
import signal
import struct
import subprocess
import sys
import time
import zlib

FOLDER, SIZE, SCALE, LANGUAGE = sys.argv[3], tuple(int(n) for n in sys.argv[4].split('x')), float(sys.argv[5]), sys.argv[6]
from gui_hands import Hands  # noqa: E402
from gui_lab import BUILD, SHM, SPICE, WORK, Program, check, guest, newest, run, wait_for  # noqa: E402

SHEET = '%s-%s-%s.png' % (LANGUAGE, sys.argv[4], sys.argv[5])
KEPT = os.path.join(os.environ['PG_SOURCE'], 'doc/images/states', SHEET)
PAGES, COLUMNS, WIDTH = 6, 5, 400
HEIGHT = WIDTH * SIZE[1] // SIZE[0]
# What another version of the font library smooths otherwise is less than that, of 15, in a block; a word is more.
BLOCK, DIFFERENT = 10, 2.5
# Whose words count seconds or are figures of this run, or whose page is that of the moment.
FREE = {'figures', 'waiting'} | ({'help'} if SIZE[1] < 400 else set())


def thumb(path):
    """Its grey values, 0 to 15, small."""
    raw = subprocess.run(['ffmpeg', '-nostdin', '-loglevel', 'error', '-i', path, '-vf',
                          'scale=%d:%d:flags=area,format=gray' % (WIDTH, HEIGHT), '-f', 'rawvideo', '-'],
                         check=True, capture_output=True).stdout
    return bytes((value + 8) * 15 // 255 if value < 247 else 15 for value in raw)


def write_sheet(path, thumbs):
    """All of them, beside and below one another, as a PNG of 16 greys."""
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


def read_sheet(path, count):
    raw = subprocess.run(['ffmpeg', '-nostdin', '-loglevel', 'error', '-i', path, '-pix_fmt', 'gray', '-f', 'rawvideo', '-'],
                         check=True, capture_output=True).stdout
    wide = COLUMNS * WIDTH
    check(len(raw) == wide * HEIGHT * -(-count // COLUMNS), '%s has another size or number of pictures' % path)
    thumbs = []
    for number in range(count):
        left, top = number % COLUMNS * WIDTH, number // COLUMNS * HEIGHT
        thumbs.append(bytes(value // 17 for y in range(HEIGHT)
                            for value in raw[(top + y) * wide + left:(top + y) * wide + left + WIDTH]))
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


TAKEN = {}


def save(name):
    path, raw = os.path.join(FOLDER, name + '.png'), os.path.join(WORK, 'shot.ppm')
    before = None
    for _ in range(1 if name == 'figures' else 20):  # until all is drawn
        subprocess.run([os.path.join(os.environ['PG_SOURCE'], 'tests/lab/gui-shot'), raw], check=True, stdin=subprocess.DEVNULL)
        now = thumb(raw)
        if now == before:
            break
        before = now
        time.sleep(0.2)
    subprocess.run(['ffmpeg', '-nostdin', '-loglevel', 'error', '-y', '-i', raw, path], check=True)
    TAKEN[name] = before


MACHINES = """win11 running libvirt /dev/shm/looking-glass
Windows 10 off libvirt /dev/shm/looking-glass
%s off libvirt no shared memory
""" % '\u6e38\u620f'
FINDING = {'verdict': 'failure', 'seen': 'no host is set up for the memory of win11', 'remedy': 'sudo pierglass-setup win11'}


def player(*arguments):
    """With the same machines and the same finding on every run."""
    programs = os.path.join(WORK, 'bin')
    os.mkdir(programs)
    os.symlink(os.path.join(BUILD, 'share'), os.path.join(WORK, 'share'))  # with the translations
    shutil.copy(os.path.join(BUILD, 'bin/pierglass'), programs)
    for name, text in ('vm-info', '[ "$1" = --list ] || exec sleep 60\ncat <<X\n%sX\n' % MACHINES), \
                      ('doctor', "cat <<'X'\n%s\nX\n" % json.dumps(FINDING, separators=(',', ':'))):
        path = os.path.join(programs, 'pierglass-' + name)
        with open(path, 'w', encoding='utf-8') as file:
            file.write('#!/bin/sh\n' + text)
        os.chmod(path, 0o755)
    # The sandbox would run no scripts.
    return Program(os.path.join(programs, 'pierglass'), '--no-sandbox', '--no-lg-config', '--shm=' + SHM, '--spice=unix:' + SPICE, '--audio=off', '--discover=no',
                   '--full-screen', '--no-remember-window', '--stats=0.2', *arguments, env={'LANGUAGE': LANGUAGE})


def states(hands):
    program = player()
    wait_for('figures', program.objects)
    hands.move(SIZE[0] - 30, SIZE[1] - 10)
    time.sleep(6.5)  # what it offers then
    save('waiting')
    source = guest((1280, 720), '--fps=0', '--damage=scene', '--agent=linux')  # a picture that stands still
    wait_for('frames', lambda: newest(program)['video']['shown'] > 0)
    wait_for('SPICE', lambda: newest(program)['input']['connected'])
    hands.click(SIZE[0] - 30, SIZE[1] - 10)
    time.sleep(1)
    save('picture')
    hands.down('Scroll_Lock')
    time.sleep(0.8)
    save('help')
    hands.up('Scroll_Lock')
    hands.key('Scroll_Lock')
    wait_for('the capture', lambda: newest(program)['input']['captured'])
    time.sleep(3.5)  # the banner goes
    save('captured')
    hands.key('Scroll_Lock')
    hands.with_escape('v')
    hands.with_escape('a')
    time.sleep(3.5)
    save('paused')
    hands.with_escape('v')
    hands.with_escape('a')
    hands.with_escape('i')
    time.sleep(3.5)
    save('input-off')
    hands.with_escape('i')
    for letter in 'dbt':
        hands.with_escape(letter)
    time.sleep(2)
    save('figures')
    for letter in 'dbt':
        hands.with_escape(letter)
    hands.with_escape('o')
    for page in range(PAGES):
        time.sleep(0.4)
        save('panel-%d' % (page + 1))
        hands.key('Tab')
    hands.key('Escape')
    source.stop(signal.SIGKILL)
    for part in 'picture', 'session':
        wait_for('the end of ' + part, lambda p=part: newest(program)['sources'][p]['state'] != 'running')
    time.sleep(2)
    save('ended')
    check(program.stop() == 0, 'the client left with %s' % program.process.returncode)


def case_states():
    os.makedirs(FOLDER, exist_ok=True)
    states(Hands(SCALE))
    sheet = os.path.join(os.path.dirname(FOLDER), SHEET)
    write_sheet(sheet, list(TAKEN.values()))
    if not os.path.exists(KEPT):
        print('there is no %s: look at %s, and keep it there if it is right' % (KEPT, sheet))
        return
    others = []
    for (name, now), then in zip(TAKEN.items(), read_sheet(KEPT, len(TAKEN))):
        apart = blocks_apart(now, then)
        if apart:
            print('%-10s %d blocks differ' % (name, apart))
            others += [name] if name not in FREE else []
    check(not others, 'look at these of %s, and keep it as %s if they are right: %s' % (sheet, KEPT, ' '.join(others)))


run(globals())
