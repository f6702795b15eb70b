#!/usr/bin/env python3
"""What the panel costs while it is open and nothing in it changes: CPU of the player a frame, open less closed; see
tests/long/panel-cost.   usage (within gui-session): gui_cost.py x11 cost"""
import glob
import statistics
import time

from gui_hands import Hands
from gui_lab import check, client, connected, guest, newest, run, wait_for

SIZE, ROUNDS, SECONDS = (1920, 1080), 12, 3
MOST_MS = 1.0


def cpu_ns(program):
    """Of all its threads, finer than the clock ticks of /proc/PID/stat."""
    total = 0
    for path in glob.glob('/proc/%d/task/*/schedstat' % program.process.pid):
        with open(path, encoding='ascii') as file:
            total += int(file.read().split()[0])
    return total


def a_frame(program):
    """CPU in ms a frame that was shown."""
    begin, shown = cpu_ns(program), newest(program)['video']['shown']
    time.sleep(SECONDS)
    frames = newest(program)['video']['shown'] - shown
    check(frames > 10 * SECONDS, '%d frames in %d s' % (frames, SECONDS))
    return (cpu_ns(program) - begin) / frames / 1e6


def case_cost():
    guest(SIZE, '--fps=60')
    program = client(SIZE)
    wait_for('frames', lambda: newest(program)['video']['shown'] > 100)
    connected(program)
    hands = Hands()
    hands.click(20, 20)
    time.sleep(9)  # signs and banners go
    closed, opened = [], []
    for _ in range(ROUNDS):
        closed.append(a_frame(program))
        hands.with_escape('o')
        time.sleep(0.5)
        opened.append(a_frame(program))
        hands.key('Escape')
        time.sleep(0.5)
    added = statistics.median(b - a for a, b in zip(closed, opened))
    print('CPU of the player a frame at %dx%d, p50 of %d: closed %.2f ms, panel open %.2f ms; added %.2f ms (allowed %.1f)' %
          (*SIZE, ROUNDS, statistics.median(closed), statistics.median(opened), added, MOST_MS))
    check(added <= MOST_MS, 'the panel costs too much')
    check(program.stop() == 0, 'the client left with %s' % program.process.returncode)


run(globals())
