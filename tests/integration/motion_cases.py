"""Conservation of motion: what the display server hands out reaches the guest, at every rate of a mouse.

usage (within gui-session): motion_cases.py MODE HZ...
"""
import json
import os
import subprocess
import sys
import tempfile
import time

SOURCE, BUILD = os.environ['PG_SOURCE'], os.environ['PG_BUILD']
sys.path.insert(0, os.path.join(SOURCE, 'tests/integration'))
from lab_start import SANITIZED, die_with_parent  # noqa: E402
from spice_stub import Stub  # noqa: E402

MODE, RATES = sys.argv[1], [int(hz) for hz in sys.argv[2:]]
WORK = tempfile.mkdtemp(prefix='pgmotion.')
PATIENCE = 4 if SANITIZED else 1
SECONDS = float(os.environ.get('PG_SECONDS', '0.25'))


def xdotool(*arguments):
    subprocess.run(['xdotool', *arguments], check=True, stdin=subprocess.DEVNULL)


class Client:
    def __init__(self, uri, *arguments):
        self.log = os.path.join(WORK, 'client.log')
        with open(self.log, 'wb') as log:
            self.process = subprocess.Popen(
                [os.path.join(BUILD, 'bin/pierglass'), '--no-lg-config', '--discover=no', '--audio=off', '--spice=' + uri,
                 '--shm=' + os.path.join(WORK, 'none'), '--size=640x400', '--position=0x0', '--borderless',
                 '--no-remember-window', '--title=ours', '--log-level=debug', *arguments],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=die_with_parent)

    def says(self, text):
        with open(self.log, errors='replace') as log:
            return text in log.read()


def guest_got(stub, before):
    """The sum of motion that the guest got since, once nothing more comes."""
    count = -1
    while count != len(stub.events):
        count = len(stub.events)
        stub.read(0.15 * PATIENCE)
    moved = [event for event in stub.events[before:] if event['event'] == 'motion']
    return len(moved), sum(event['x'] for event in moved), sum(event['value'] for event in moved)


def move(*arguments):
    out = subprocess.run([os.path.join(BUILD, 'tests/xmotion'), *map(str, arguments)], check=True, stdout=subprocess.PIPE,
                         stdin=subprocess.DEVNULL).stdout
    return json.loads(out)


def others(stub):
    """A second pointer of the same server, as another person's, plays elsewhere."""
    before = len(stub.events)
    handed = [round(value) for value in move('--other-pointer', 500, 0.1, 2, 1)['handed']]
    got = guest_got(stub, before)
    print('%s, another pointer: %s handed out, the guest got %s' % (MODE, handed[1:], list(got[1:])))
    return 0 if handed[1:] == [100, 50] and got[0] == 0 else 1


def x11():
    stub = Stub('--size', '640x400', '--agent', 'none')
    client = Client(stub.uri, '--source=spice', '--capture-on-start')
    try:
        stub.wait(lambda s: s.of('session'), 'a session')
        end = time.monotonic() + 10
        while not client.says('motion comes from'):
            if time.monotonic() > end:
                raise SystemExit('FAILED: no capture')
            xdotool('mousemove', '300', '200', 'click', '1')
            time.sleep(0.2)
        failed = others(stub)
        for hz in RATES:
            for x, y in (1, 0), (3, -2):
                stub.read(0.1)
                before = len(stub.events)
                said = move(hz, SECONDS, x, y)
                sent, handed = said['sent'], [round(value) for value in said['handed']]
                got = guest_got(stub, before)
                whole = list(got[1:]) == handed[1:] == sent[1:]
                failed += not whole
                print('%s %d Hz (%d reached), by %d,%d: %s sent, %s handed out, the guest got %s%s' % (
                    MODE, hz, said['hz'], x, y, sent[1:], handed[1:], list(got[1:]), '' if whole else ': LOST'), flush=True)
        return failed
    finally:
        client.process.terminate()
        client.process.wait(5)
        stub.close()


sys.exit(1 if x11() else 0)
