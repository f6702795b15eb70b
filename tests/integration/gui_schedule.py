#!/usr/bin/env python3
"""Cases of tests/integration/gui about frames that follow the display (host 34): how soon, how well, and what a display may do
meanwhile."""
import os
import signal
import statistics
import subprocess
import time

from gui_lab import MODE, check, client, guest, newest, run, wait_for


def video(program):
    return newest(program)['video']


def state(program):
    return video(program)['schedule']['state']


def phases(source):
    """What the guest was told of its frames: (generation, period in ms, phase error in ms)."""
    return [(o['generation'], o['period_ns'] / 1e6, o['phase_error_ns'] / 1e6) for o in source.objects()
            if o.get('event') == 'schedule' and o['owns'] and o['deadline']]


def schedules(source):
    """(generation, period in ms) of all that it was told."""
    return [(o['generation'], o['period_ns'] / 1e6) for o in source.objects() if o.get('event') == 'schedule' and o['owns']]


def period(source):
    told = schedules(source)
    return told[-1][1] if told else 0


def case_schedule_time():
    """The phase error over twenty seconds, as a table; nothing is judged but that frames follow."""
    source = guest((640, 360), '--fps=60', '--report')
    program = client((800, 450))
    begin = time.monotonic()
    took = wait_for('frames that follow', lambda: state(program) == 'ours' and time.monotonic() - begin)
    print('%.1f s until frames follow' % took)
    seen = 0
    for end in (1, 2, 5, 10, 20):
        before = video(program)
        while time.monotonic() < begin + took + end:
            time.sleep(0.1)
        told = [abs(phase) for _, _, phase in phases(source)]
        new, seen, after = sorted(told[seen:]), len(told), video(program)
        print('until %2d s: %3d phases, p50 %.2f ms, p95 %.2f ms; %d frames missed a refresh; seen to shown %.1f ms; %s' % (
            end, len(new), statistics.median(new or [0]), (new or [0])[len(new) * 95 // 100 if new else 0],
            after['schedule']['missed'] - before['schedule']['missed'], after['us']['seen_to_presented'] / 1e3,
            after['schedule']))
    print('period %.3f ms, %d schedules' % (period(source), len({generation for generation, _ in schedules(source)})))
    check(video(program)['schedule']['followed'] > 60, 'few frames follow')
    check(program.stop() == 0, 'the client left with %s' % program.process.returncode)


def compositor():
    """The process id of this session's compositor: a child of one of our parents."""
    parent = os.getppid()
    while parent > 1:
        children = subprocess.run(['pgrep', '-P', str(parent), '-x', MODE], capture_output=True, text=True).stdout.split()
        if children:
            return int(children[0])
        with open('/proc/%d/stat' % parent) as file:
            parent = int(file.read().rsplit(')', 1)[1].split()[1])
    raise AssertionError('no %s is a child of a parent' % MODE)


def expect(program, source, what, wanted, milliseconds=0):
    """Waits for that state and, with one, for phases of that period."""
    count = len(schedules(source))
    begin = time.monotonic()
    wait_for('%s: %s' % (what, wanted), lambda: state(program) == wanted, 8)
    if milliseconds:
        wait_for('%s: %.3f ms' % (what, milliseconds),
                 lambda: len(schedules(source)) > count and abs(period(source) - milliseconds) < 0.004, 8)
    print('%s: %s after %.1f s, period %.3f ms, %d schedules so far' % (
        what, wanted, time.monotonic() - begin, period(source), len({generation for generation, _ in schedules(source)})))


def runs(program):
    before = video(program)['shown']
    wait_for('the picture to run', lambda: video(program)['shown'] > before + 10)


def case_schedule_states():
    """What a display and a guest may do while frames follow."""
    source = guest((640, 360), '--fps=144', '--report')
    program = client((800, 450))
    expect(program, source, 'a guest of 144 Hz on a display of 60', 'ours', 16.667)

    told = schedules(source)[-1][0]
    source.say('pause')
    time.sleep(3)
    expect(program, source, 'the guest has made no frame for 3 s', 'ours')
    source.say('resume')
    runs(program)
    time.sleep(0.5)
    expect(program, source, 'it makes frames again', 'ours', 16.667)
    source.say('fps 1')
    time.sleep(4)
    expect(program, source, 'it makes one a second', 'ours')
    source.say('fps 144')
    expect(program, source, 'it is fast again', 'ours', 16.667)
    check(schedules(source)[-1][0] == told, 'a slow guest is a schedule anew')

    # As with a display that is off, or a window that nobody sees: frames come, and none is shown.
    display = compositor()
    os.kill(display, signal.SIGSTOP)
    try:
        expect(program, source, 'the display shows nothing', 'no-times')
    finally:
        os.kill(display, signal.SIGCONT)
    expect(program, source, 'it does again', 'ours', 16.667)
    runs(program)

    source.say('freeze')
    wait_for('the guest to be missed', lambda: video(program)['schedule']['state'] == 'off')
    source.say('thaw')
    expect(program, source, 'the guest stood still and is back', 'ours', 16.667)
    source.say('session')
    wait_for('the end of its session', lambda: state(program) != 'ours')
    expect(program, source, 'the guest has another session', 'ours', 16.667)
    runs(program)
    source.say('schedule busy')
    expect(program, source, 'another client has the guest', 'unanswered')
    runs(program)
    source.say('schedule free')
    wait_for('it to be asked again', lambda: state(program) == 'ours', 14)
    print('the other client is gone: ours')
    check(program.stop() == 0, 'the client left with %s' % program.process.returncode)

    told = len(schedules(source))
    program = client((800, 450), '--no-host-schedule')
    wait_for('frames', lambda: video(program)['shown'] > 30)
    check(state(program) == 'off' and len(schedules(source)) == told, 'the guest follows though the option rules it out')
    check(program.stop() == 0, 'the client left with %s' % program.process.returncode)


run(globals())
