"""Fingers on the window, by KWin's fake input: a tap, a drag and two fingers arrive as click, drag and wheel where they were.

usage (within gui-session --kwin): touch_cases.py
"""
import os
import subprocess
import sys
import tempfile
import time

SOURCE, BUILD = os.environ['PG_SOURCE'], os.environ['PG_BUILD']
sys.path.insert(0, os.path.join(SOURCE, 'tests/integration'))
from lab_start import die_with_parent  # noqa: E402
from spice_stub import Stub  # noqa: E402

WIDTH, HEIGHT = 1280, 800  # of the screen, the window and the guest
WORK = tempfile.mkdtemp(prefix='pgtouch.')


class Fingers:
    def __init__(self):
        self.process = subprocess.Popen([sys.executable, os.path.join(SOURCE, 'tests/support/wayland_pointer.py')],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, preexec_fn=die_with_parent)
        if 'fake_input' not in self.process.stdout.readline():
            print('this compositor takes no touch of a program')
            sys.exit(77)

    def say(self, *lines):
        for line in lines:
            self.process.stdin.write(line + '\n')
            self.process.stdin.flush()
            self.process.stdout.readline()
            time.sleep(0.03)


def check(condition, what, events):
    print('%s %s' % ('ok:' if condition else 'FAILED:', what))
    if not condition:
        print(events)
        sys.exit(1)


def near(event, x, y):
    return abs(event['x'] - x) <= 3 and abs(event['value'] - y) <= 3


def take(stub, *kinds):
    for _ in range(3):
        stub.read(0.15)
    events, stub.events = stub.events, []
    return [event for event in events if event['event'] in kinds]


def main():
    stub = Stub('--size', '%dx%d' % (WIDTH, HEIGHT), '--agent', 'none', '--absolute')
    with open(os.path.join(WORK, 'log'), 'wb') as log:
        client = subprocess.Popen(
            [os.path.join(BUILD, 'bin/pierglass'), '--no-lg-config', '--discover=no', '--audio=off', '--spice=' + stub.uri,
             '--source=spice', '--shm=' + os.path.join(WORK, 'none'), '--full-screen', '--no-remember-window',
             '--log-level=debug'], stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=die_with_parent)
    try:
        stub.wait(lambda s: s.of('session'), 'a session')
        time.sleep(2)
        fingers = Fingers()
        take(stub)
        fingers.say('down 1 320 200', 'up 1')
        got = take(stub, 'position', 'button')
        buttons = [event['value'] for event in got if event['event'] == 'button']
        places = [event for event in got if event['event'] == 'position']
        check(buttons == [1, 0] and places and near(places[-1], 320, 200), 'a tap is a click there', got)

        fingers.say('down 1 320 200', 'to 1 340 220', 'to 1 640 400', 'up 1')
        got = take(stub, 'position', 'button')
        pressed = [i for i, event in enumerate(got) if event['event'] == 'button' and event['value'] == 1]
        check(len(pressed) == 1 and near(got[pressed[0] - 1], 320, 200), 'a drag begins where the finger came down', got)
        check(got[-1]['event'] == 'button' and got[-1]['value'] == 0 and near(got[-2], 640, 400), 'and ends where it was lifted',
              got)

        fingers.say('down 1 320 400', 'down 2 400 400',
                    *['to %d %d %d' % (n, 240 + 80 * n, y) for y in range(405, 505, 5) for n in (1, 2)], 'up 1', 'up 2')
        got = take(stub, 'wheel', 'button')
        turned = sum(event['value'] for event in got if event['event'] == 'wheel')
        check(not [event for event in got if event['event'] == 'button'] and turned == 2, 'two fingers down turn the wheel up', got)

        # The panel's places are those of a font of 16 pixels: lines of 18, columns of 9.
        fingers.say('down 1 640 3', 'up 1')
        time.sleep(1)
        take(stub)
        for x, y in (640, 18), (937, 320), (797, 222), (370, 212):  # the tab, scaling: more, the page of the VM, save
            fingers.say('down 1 %d %d' % (x, y), 'up 1')
            time.sleep(0.5)
        got = take(stub, 'position', 'button')
        settings = os.path.join(os.environ['XDG_CONFIG_HOME'], 'pierglass/pierglass.ini')
        text = ''
        if os.path.exists(settings):
            with open(settings, encoding='utf-8') as file:
                text = file.read()
        check(text == 'scale = nearest\n', 'a setting is changed and saved by fingers alone', text)
        check(not got, 'the guest hears nothing of them', got)
    finally:
        client.terminate()
        client.wait(5)
        stub.close()


main()
