"""spice-stub as a server for tests: commands in, JSON lines out."""

import json
import os
import subprocess
import time

from lab_start import BUILD, die_with_parent
from spice_qemu import Lines


class Stub:
    def __init__(self, *args):
        self.process = subprocess.Popen([os.path.join(BUILD, 'bin', 'spice-stub'), *args], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, preexec_fn=die_with_parent)
        self.lines = Lines(self.process.stdout)
        self.events, self.seen, self.uri = [], 0, None
        self.wait(lambda s: s.uri, 'the stub is ready')

    def send(self, line):
        self.process.stdin.write(line.encode() + b'\n')
        self.process.stdin.flush()

    def read(self, timeout=0):
        self.lines.poll(timeout)
        for line in self.lines.all[self.seen:]:
            if line.startswith('ready spice='):
                self.uri = line[len('ready spice='):]
            else:
                self.events.append(json.loads(line))
        self.seen = len(self.lines.all)

    def wait(self, condition, what, timeout=10):
        end = time.monotonic() + timeout
        while not condition(self):
            if time.monotonic() > end or self.process.poll() is not None:
                raise SystemExit(f'FAILED: {what}; the stub saw {self.events[-5:]}, exit {self.process.poll()}')
            self.read(0.02)

    def of(self, event):
        return [e for e in self.events if e['event'] == event]

    def close(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(5)
