#!/usr/bin/env python3
"""Cases of tests/integration/ending: the client is ended while one of its threads, or its display server, stands still."""
import ctypes
import os
import signal
import socket
import sys
import time

from gui_lab import (MODE, PATIENCE, RUNNING, WORK, Program, capture, check, client, connected, focus, guest, run, shown, wait_for, xdotool)
from machine_time import SPARE_LEAST, STOLEN_MOST, processors

FRAME = (320, 240)
VOID, MACHINE = [], processors(nice_is_spare=False)
LIBC = ctypes.CDLL(None, use_errno=True)
PTRACE_SEIZE, PTRACE_INTERRUPT, WALL = 0x4206, 0x4207, 0x40000000
# What README promises; the rest is for a machine that does other things as well.
RELEASED, GONE, DEAD_DISPLAY = 0.5 * PATIENCE + 0.2, 2 * PATIENCE + 0.3, 1 * PATIENCE + 0.3


def skip():
    for program in RUNNING:
        program.process.kill()
    sys.stdout.flush()
    os._exit(77)


def threads(program):
    folder = '/proc/%d/task' % program.process.pid
    found = {}
    for task in os.listdir(folder):
        with open('%s/%s/comm' % (folder, task)) as file:
            found[file.read().strip()] = int(task)
    return found


def stop_thread(task):
    """One thread alone stands still from now on, as in a driver that does not come back. By a process of its own,
    which takes leave of the thread when it is gone."""
    reader, writer = os.pipe()
    if os.fork() == 0:
        result = 0
        if LIBC.ptrace(PTRACE_SEIZE, task, 0, 0) != 0 or LIBC.ptrace(PTRACE_INTERRUPT, task, 0, 0) != 0:
            result = ctypes.get_errno()
        else:
            os.waitpid(task, WALL)
        os.write(writer, bytes([result]))
        try:
            while result == 0 and os.WIFSTOPPED(os.waitpid(task, WALL)[1]):
                pass
        finally:
            os._exit(0)
    os.close(writer)
    error = os.read(reader, 1)
    os.close(reader)
    if error != b'\0':
        print('a thread cannot be stopped here: ptrace: %s' % os.strerror(error[0] if error else 0))
        skip()


def in_time(took, limit, what):
    """A time that is over the limit counts only where the machine had some to spare."""
    if took > limit:
        spare, stolen, whole = (now - then for now, then in zip(processors(nice_is_spare=False), MACHINE))
        check(spare < SPARE_LEAST * whole or stolen > STOLEN_MOST * whole, what)
        VOID.append(what)
        print('void ' + what)


def judged(case):
    """The case, which is not counted when a time was not judged."""
    def play():
        case()
        if VOID:
            print('not judged, as the processors were busy: ' + VOID[0])
        return 77 if VOID else 0
    return play


def gone_after(program, begin, limit, what):
    """Seconds from begin until the process is gone."""
    while time.monotonic() < begin + limit + 20:
        if program.process.poll() is not None:
            took = time.monotonic() - begin
            print('%s: gone after %.2f s (%s)' % (what, took, program.process.returncode))
            in_time(took, limit, '%s: gone after %.2f s' % (what, took))
            return
        time.sleep(0.01)
    # A stopped thread keeps even a killed process.
    program.process.kill()
    check(False, '%s: %.1f s later still there' % (what, limit + 20))


def key_events(source):
    return [o for o in source.objects() if o.get('event') == 'key']


def released_after(source, begin, what):
    """The guest has no key down any more: told so by the client, or because its connection is gone."""
    def up():
        last = {}
        for event in key_events(source):
            last[event['code']] = event['value']
        return not any(last.values())
    while time.monotonic() < begin + 20:
        if up():
            took = time.monotonic() - begin
            print('%s: keys up after %.2f s' % (what, took))
            in_time(took, RELEASED, '%s: keys up after %.2f s' % (what, took))
            return
        time.sleep(0.01)
    check(False, '%s: a key is held' % what)


def held(source):
    """The client with a key held in its window."""
    program = client(FRAME)
    _, corner, _, _ = shown(FRAME, FRAME)
    connected(program)
    focus(corner, FRAME)
    before = len(key_events(source))

    def press():
        xdotool('keydown', 'a')
        time.sleep(0.1)
        return len(key_events(source)) > before
    wait_for('the key', press)
    return program


def silent_place(family, server):
    """Binds it where a client looks for such a display server; returns the variables that say so."""
    if family == 'wayland':
        path = os.path.join(WORK, 'silent')
        server.bind(path)
        return {'WAYLAND_DISPLAY': path}
    for number in range(200, 300):  # others have theirs
        try:
            server.bind('\0/tmp/.X11-unix/X%d' % number)
            return {'DISPLAY': ':%d' % number}
        except OSError:
            continue
    raise AssertionError('no free number for a display')


def case_start():
    """From the first instant, and while a display server takes the connection and says nothing."""
    for delay in (0, 0.01, 0.03, 0.1):
        program = Program('pierglass', '--no-lg-config', '--shm=/nonexistent', '--spice=off', '--audio=off')
        time.sleep(delay)
        begin = time.monotonic()
        program.process.terminate()
        gone_after(program, begin, GONE, 'SIGTERM %g s after the start' % delay)
    for family in 'wayland', 'x11':
        server = socket.socket(socket.AF_UNIX)
        variables = silent_place(family, server)
        server.listen(8)
        for name in ('DISPLAY', 'WAYLAND_DISPLAY'):
            os.environ.pop(name, None)
        os.environ.update(variables, SDL_VIDEODRIVER=family)
        for how in (signal.SIGTERM, signal.SIGINT):
            program = Program('pierglass', '--no-lg-config', '--shm=/nonexistent', '--spice=off', '--audio=off')
            server.settimeout(10 * PATIENCE)
            connection, _ = server.accept()
            time.sleep(0.3)
            check(program.process.poll() is None, 'it does not wait for the %s server' % family)
            begin = time.monotonic()
            program.process.send_signal(how)
            gone_after(program, begin, GONE, 'a silent %s server, %s' % (family, how.name))
            connection.close()
        server.close()


def case_hang():
    """Each thread in turn."""
    source = guest(FRAME, '--fps=10', '--report')
    for name in ('pierglass', 'pg-io', 'pg-video', 'pg-lgmp', 'pg-clip'):
        program = held(source)
        found = threads(program)
        check(name in found, 'no thread %s, but %s' % (name, sorted(found)))
        stop_thread(found[name])
        begin = time.monotonic()
        program.process.terminate()
        released_after(source, begin, name + ' hangs')
        gone_after(program, begin, GONE, name + ' hangs')
        xdotool('keyup', 'a')


def case_second():
    """A second signal does not wait."""
    source = guest(FRAME, '--fps=10', '--report')
    program = held(source)
    stop_thread(threads(program)['pg-video'])
    begin = time.monotonic()
    program.process.terminate()
    time.sleep(0.1)
    program.process.terminate()
    gone_after(program, begin, 0.4 * PATIENCE, 'a second SIGTERM')
    xdotool('keyup', 'a')


def unread_pipe():
    """The writing end of a pipe that is full and whose reader reads nothing."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    try:
        while True:
            os.write(writer, b'.' * 4096)
    except BlockingIOError:
        pass
    os.set_blocking(writer, True)
    return reader, writer


def case_pager():
    """A stopped pager has the log and the figures: keys go through, and SIGTERM ends it as ever."""
    source = guest(FRAME, '--fps=10', '--report')
    ends = unread_pipe(), unread_pipe()
    begin = time.monotonic()
    program = client(FRAME, '--stats=0.1', '--log-level=debug', out=ends[0][1], err=ends[1][1])
    _, corner, _, _ = shown(FRAME, FRAME)
    focus(corner, FRAME)

    def press():
        xdotool('key', 'b')
        return key_events(source)
    wait_for('the first key', press)
    # Long enough for either to have been filled ten times over.
    time.sleep(max(0, begin + 1.5 - time.monotonic()))
    before = len(key_events(source))
    xdotool('keydown', 'a')
    wait_for('the key', lambda: len(key_events(source)) > before)
    begin = time.monotonic()
    program.process.terminate()
    released_after(source, begin, 'a pager')
    gone_after(program, begin, GONE, 'a pager')
    xdotool('keyup', 'a')
    for end in ends:
        os.close(end[0])
        os.close(end[1])


def server_pid(name):
    """Of the display server of this session: gui-session, our parent's parent, started it."""
    lab = os.environ['LAB_DIR']
    for entry in os.listdir('/proc'):
        if not entry.isdigit():
            continue
        try:
            with open('/proc/%s/comm' % entry) as file:
                if file.read().strip() != name:
                    continue
            with open('/proc/%s/environ' % entry, 'rb') as file:
                if ('LAB_DIR=' + lab).encode() in file.read().split(b'\0'):
                    return int(entry)
        except OSError:
            pass
    return None


def display_dies(server, how):
    source = guest(FRAME, '--fps=30', '--report')
    program = held(source) if MODE == 'x11' else client(FRAME)
    if MODE != 'x11':
        connected(program)
        time.sleep(0.5)
    if MODE == 'weston':  # with the settings open
        _, corner, _, _ = shown(FRAME, FRAME)
        focus(corner, FRAME)
        xdotool('keydown', 'Scroll_Lock', 'key', 'o', 'keyup', 'Scroll_Lock')
        x, y = (int(at) for at in corner)
        wait_for('the panel', lambda: max(capture().pixel(x + 3, y + 200)) < 64)
    pid = wait_for('the server', lambda: server_pid(server))
    begin = time.monotonic()
    os.kill(pid, how)
    if MODE == 'x11':
        released_after(source, begin, server + ' dies')
    gone_after(program, begin, DEAD_DISPLAY, server + ' dies')
    check(program.process.returncode == 1, 'the exit status is %d' % program.process.returncode)
    with open(program.log, errors='replace') as file:
        log = file.read()
    check('display server' in log, 'the log does not name the display server')


def case_x11():
    display_dies('Xvfb', signal.SIGKILL)


def case_weston():
    display_dies('weston', signal.SIGKILL)


def case_sway():
    display_dies('sway', signal.SIGKILL)


if __name__ == '__main__':
    run({name: judged(case) for name, case in list(globals().items()) if name.startswith('case_')})
