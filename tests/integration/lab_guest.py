"""A Linux guest of the lab behind a real QEMU's SPICE, and what its kernel's input devices say."""

import os
import re
import shutil
import subprocess
import tempfile
import time

from lab_start import BUILD, need, skip

HERE = os.path.dirname(os.path.abspath(__file__))


class Guest:
    """What evdump in the guest has written so far: keys and buttons, without repeats."""

    def __init__(self):
        self.path = os.path.join(os.environ['LAB_WORK'], 'events')
        self.position, self.keys, self.held, self.ready = 0, [], set(), False
        self.devices = ''

    def poll(self):
        if not os.path.exists(self.path):
            return
        with open(self.path, encoding='utf-8', errors='replace') as file:
            file.seek(self.position)
            while line := file.readline():
                if not line.endswith('\n'):
                    break
                self.position += len(line.encode())
                self.ready = self.ready or line.startswith('READY')
                if line.startswith('dev '):
                    self.devices += line
                match = re.search(r'type 1 code (\d+) value ([01])$', line.rstrip())
                if match:
                    code, down = int(match[1]), int(match[2])
                    self.keys.append((code, down))
                    (self.held.add if down else self.held.discard)(code)

    def wait(self, condition, what, timeout=20):
        deadline = time.monotonic() + timeout
        while not condition():
            if time.monotonic() > deadline:
                raise SystemExit(f'FAILED: {what}; the guest holds {self.held}, last {self.keys[-10:]}')
            time.sleep(0.005)
            self.poll()

    def done(self):
        open(os.path.join(os.environ['LAB_WORK'], 'played'), 'w').close()


def vm(work, *options, guest):
    """Runs a command in the lab's guest (tests/lab/vm-boot), which shares the folder work; its exit status. Skips where
    there can be none."""
    need('qemu-system-x86_64', 'busybox', 'cpio')
    lab = os.path.join(HERE, '..', 'lab')
    if subprocess.run([os.path.join(lab, 'mk-guest')], stdout=subprocess.DEVNULL,
                      stderr=subprocess.DEVNULL).returncode:
        skip("the guest's kernel cannot be had (tests/lab/mk-guest)")
    return subprocess.run([os.path.join(lab, 'vm-boot'), '-w', work, *options, '--', guest],
                          env=dict(os.environ, PG_BUILD=os.path.abspath(BUILD))).returncode


def boot(script, *args, qemu=''):
    """Boots the guest with evdump in it and runs `script ARGS... outside` beside it."""
    work = tempfile.mkdtemp(prefix='pierglass-lab-')
    guest = 'evdump 110 > events & until [ -e played ]; do sleep 0.2; done; kill $!; true'
    words = ' '.join([os.path.abspath(script), *args, 'outside'])
    try:
        return vm(work, '--spice', '--timeout', '115', '--qemu', qemu, '--outside', words, guest=guest)
    finally:
        shutil.rmtree(work, ignore_errors=True)
