"""Conservation of motion: what the display server hands out reaches the guest, at every rate of a mouse.

usage (within gui-session): motion_cases.py MODE HZ...

PG_SECONDS: how long each rate is held.
"""
import json
import os
import re
import subprocess
import sys
import tempfile
import time

SOURCE, BUILD = os.environ['PG_SOURCE'], os.environ['PG_BUILD']
sys.path.insert(0, os.path.join(SOURCE, 'tests/integration'))
from lab_start import SANITIZED, die_with_parent  # noqa: E402
from spice_stub import Stub  # noqa: E402

MODE, RATES = sys.argv[1], [int(hz) for hz in sys.argv[2:]]
WAYLAND = os.environ['SDL_VIDEODRIVER'] == 'wayland'
X_ENV = dict(os.environ, DISPLAY=os.environ.get('LAB_X_DISPLAY') or os.environ.get('DISPLAY', ''))
WORK = tempfile.mkdtemp(prefix='pgmotion.')
PATIENCE = 4 if SANITIZED else 1
SECONDS = float(os.environ.get('PG_SECONDS', '0.25'))
STEPS = (1, 0), (3, -2)
LEFT, SCROLL_LOCK = 272, 70
HANDED = re.compile(r'zwp_relative_pointer_v1[@#]\d+\.relative_motion\(\d+, \d+, [-0-9.]+, [-0-9.]+, ([-0-9.]+), ([-0-9.]+)\)')


def tap_escape_key(mouse):
    """wlroots has no keyboard here, and no focus, but while somebody types: that one stays."""
    if MODE in ('sway', 'xwayland'):
        subprocess.Popen(['wtype', '-s', '500', '-k', 'Scroll_Lock', '-s', '60000'], stdin=subprocess.DEVNULL,
                         preexec_fn=die_with_parent)
    elif MODE == 'mutter':
        mouse.say('key %d 1' % SCROLL_LOCK)
        mouse.say('key %d 0' % SCROLL_LOCK)
    else:
        xdotool('key', 'Scroll_Lock')


def xdotool(*arguments):
    subprocess.run(['xdotool', *map(str, arguments)], check=True, stdin=subprocess.DEVNULL, env=X_ENV)


class Client:
    def __init__(self, uri, *arguments):
        self.log, self.out = os.path.join(WORK, 'log'), os.path.join(WORK, 'out')
        env = dict(os.environ, WAYLAND_DEBUG='client') if WAYLAND else None
        with open(self.log, 'wb') as log, open(self.out, 'wb') as out:
            self.process = subprocess.Popen(
                [os.path.join(BUILD, 'bin/pierglass'), '--no-lg-config', '--discover=no', '--audio=off', '--spice=' + uri,
                 '--source=spice', '--shm=' + os.path.join(WORK, 'none'), '--size=640x400', '--position=0x0', '--borderless',
                 '--no-remember-window', '--stats=0.1', *arguments],
                stdin=subprocess.DEVNULL, stdout=out, stderr=log, preexec_fn=die_with_parent, env=env)

    def captured(self):
        with open(self.out, errors='replace') as out:
            return '"captured":true' in (out.read().splitlines() or [''])[-1].replace(' ', '')

    def wire(self):
        """Where the log of the Wayland connection is by now."""
        return os.path.getsize(self.log)

    def handed(self, since):
        """What the compositor said on the wire: reports, and the way of both axes."""
        with open(self.log, errors='replace') as log:
            log.seek(since)
            found = [(float(x), float(y)) for x, y in HANDED.findall(log.read())]
        return [len(found), sum(abs(x) for x, _ in found), sum(abs(y) for _, y in found)]


def moved(stub, before):
    """The motion that the guest got since: messages, and the way of both axes."""
    motion = [event for event in stub.events[before:] if event['event'] == 'motion']
    return [len(motion), sum(abs(event['x']) for event in motion), sum(abs(event['value']) for event in motion)]


def guest_got(stub, before, handed=None, sent=None):
    """The same, once nothing more comes. handed(): what the compositor has said by then; a busy one is late, so that all of
    what was sent is waited for, and ten times as long where it merges reports."""
    count, since = -1, time.monotonic()
    while True:
        stub.read(0.15 * PATIENCE)
        now = (len(stub.events), handed and handed()[0])
        if now != count:
            count, since = now, time.monotonic()
        elif not handed or now[1] >= sent or time.monotonic() > since + 1.5 * PATIENCE:
            return moved(stub, before)


def xmotion(*arguments):
    out = subprocess.run([os.path.join(BUILD, 'tests/xmotion'), *map(str, arguments)], check=True, stdout=subprocess.PIPE,
                         stdin=subprocess.DEVNULL, env=X_ENV).stdout
    return json.loads(out)


class Xtest:
    """A mouse of the X server. On a compositor that has its window there: to and fro within it."""
    name = 'XTEST'

    def focus(self):
        xdotool('mousemove', 301, 200, 'mousemove', 300, 200, 'click', 1)

    def prepare(self):
        """To the middle: at an edge the X server, in which weston is a window, hands out less."""
        if WAYLAND:
            xdotool('mousemove', 640, 400)

    def move(self, hz, x, y):
        if not WAYLAND:
            return xmotion(hz, SECONDS, x, y)
        total = {'hz': 0, 'sent': [0, 0, 0], 'handed': [0, 0, 0]}
        left = int(hz * SECONDS)
        most = 250 // max(abs(x), abs(y))
        while left > 0:
            count = min(left, most)
            said = xmotion(hz, (count + 0.5) / hz, x, y)
            left, x, y = left - count, -x, -y
            total['hz'] = max(total['hz'], said['hz'])
            for what in 'sent', 'handed':
                total[what] = [a + abs(b) for a, b in zip(total[what], said[what])]
        return total


class Helper:
    """tests/support/wayland_pointer.py, or mutter's."""

    def __init__(self, *command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        preexec_fn=die_with_parent)
        word = self.process.stdout.readline().split()
        if not word:
            raise SystemExit('FAILED: no helper: %s' % (command,))
        self.name = word[1]

    def say(self, line):
        self.process.stdin.write(line + '\n')
        self.process.stdin.flush()
        return int(self.process.stdout.readline().split()[1])

    def focus(self):
        self.say('move 10 0.2 -2000 -2000')
        self.say('move 10 0.2 320 200')
        self.say('button %d 1' % LEFT)
        self.say('button %d 0' % LEFT)

    def prepare(self):
        pass

    def move(self, hz, x, y):
        witness = Witness() if MODE == 'xwayland' else None
        begin = time.monotonic()
        count = self.say('move %d %f %d %d' % (hz, SECONDS, x, y))
        took = time.monotonic() - begin
        return {'hz': count / took, 'sent': [count, count * abs(x), count * abs(y)],
                'handed': witness.handed() if witness else None}


class Witness:
    """What another client of the X server is told."""

    def __init__(self):
        self.process = subprocess.Popen([os.path.join(BUILD, 'tests/xmotion'), '--watch', '100', str(SECONDS + 0.5), '0', '0'],
                                        stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, env=X_ENV, text=True,
                                        preexec_fn=die_with_parent)
        self.process.stdout.readline()

    def handed(self):
        return json.loads(self.process.communicate()[0])['handed']


def mice():
    """Every way to move a mouse here."""
    if MODE in ('x11', 'openbox', 'weston'):
        yield Xtest()
    if MODE in ('sway', 'xwayland', 'kwin'):
        yield Helper(sys.executable, os.path.join(SOURCE, 'tests/support/wayland_pointer.py'))
    if MODE == 'mutter':
        yield Helper(os.path.join(BUILD, 'tests/mutter_pointer'))


def another_pointer(stub):
    """A second pointer of the same server, as another person's, plays elsewhere. (Xvfb aborts at its end after one came.)"""
    before = len(stub.events)
    handed = [round(value) for value in xmotion('--other-pointer', 500, 0.1, 2, 1)['handed']]
    got = guest_got(stub, before)
    print('%s, another pointer: %s handed out, the guest got %s' % (MODE, handed[1:], got[1:]), flush=True)
    return 0 if handed[1:] == [100, 50] and got[0] == 0 else 1


def rate(stub, client, mouse, hz, by):
    """How much of it came to the guest. What a compositor merges is its own affair, but told."""
    mouse.prepare()
    guest_got(stub, len(stub.events))
    before, since = len(stub.events), client.wire()
    said = mouse.move(hz, *by)
    got = guest_got(stub, before, WAYLAND and (lambda: client.handed(since)), said['sent'][0])
    handed = client.handed(since) if WAYLAND else [abs(value) for value in said['handed']]
    sent = [abs(value) for value in said['sent']]
    handed = [round(value) for value in handed]
    whole = got[1:] == handed[1:] and handed[0] > 0
    print('%s by %s, %d Hz (%d reached), by %d,%d: %s sent, %s handed out, the guest got %s: %.1f %%%s%s' % (
        MODE, mouse.name, hz, said['hz'], *by, sent, handed, got[1:], 100 * got[1] / (handed[1] or 1),
        '' if handed[0] == sent[0] else '; the server hands out %d of %d reports' % (handed[0], sent[0]),
        '' if whole else ' LOST'), flush=True)
    return 0 if whole else 1


def capture(client, mouse):
    """As a player does: over the window, a click, the escape key."""
    end = time.monotonic() + 15 * PATIENCE
    while not client.captured():
        if time.monotonic() > end:
            raise SystemExit('FAILED: no capture by ' + mouse.name)
        mouse.focus()
        time.sleep(0.3)
        tap_escape_key(mouse)
        stop = time.monotonic() + 2
        while not client.captured() and time.monotonic() < stop:
            time.sleep(0.1)


def main():
    stub = Stub('--size', '640x400', '--agent', 'none')
    # The keys of wtype have numbers of their own, which X11 hands on.
    client = Client(stub.uri, *(['--capture-on-focus'] if MODE == 'xwayland' else []))
    failed = 0
    try:
        stub.wait(lambda s: s.of('session'), 'a session')
        time.sleep(1 if WAYLAND else 0.3)  # a click before there is a window is nobody's
        for mouse in mice():
            capture(client, mouse)
            failed += sum(rate(stub, client, mouse, hz, by) for hz in RATES for by in STEPS)
        if MODE in ('x11', 'openbox'):
            failed += another_pointer(stub) + rate(stub, client, mouse, RATES[-1], STEPS[0])
    finally:
        client.process.terminate()
        client.process.wait(5)
        stub.close()
    return failed


sys.exit(1 if main() else 0)
