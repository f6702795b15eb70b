"""A real QEMU and the session driver, for the spice-* tests. No guest operating system: what QEMU's
input core received is in its trace (input_event_*)."""

import json
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from lab_start import BUILD, die_with_parent

QEMU = shutil.which("qemu-system-x86_64")


class Lines:
    """Lines of a stream, with a deadline."""

    def __init__(self, stream):
        self.fd = stream.fileno()
        self.buffer = b""
        self.all = []

    def poll(self, timeout):
        ready, _, _ = select.select([self.fd], [], [], max(0, timeout))
        if not ready:
            return False
        data = os.read(self.fd, 65536)
        if not data:
            return False
        self.buffer += data
        *lines, self.buffer = self.buffer.split(b"\n")
        self.all += [line.decode(errors="replace") for line in lines]
        return True


class Machine:
    """within: words before QEMU's own, as to run it in a namespace; address: where it listens then."""

    def __init__(self, folder, *args, spice="disable-ticketing=on", unix=True, port=None,
                 address="127.0.0.1", within=()):
        self.folder = folder
        self.socket = os.path.join(folder, "spice.sock")
        self.args = args
        self.spice = spice
        self.where = f"unix=on,addr={self.socket}" if unix else f"addr={address},port={port}"
        self.within = within
        self.qmp_path = os.path.join(folder, "qmp.sock")
        self.process = None
        self.start()

    def start(self):
        for path in (self.socket, self.qmp_path):
            if os.path.exists(path):
                os.unlink(path)
        self.process = subprocess.Popen(
            [*self.within, QEMU, "-machine", "pc,accel=tcg", "-m", "64", "-nodefaults", "-display", "none",
             "-vga", "std", "-qmp", f"unix:{self.qmp_path},server=on,wait=off",
             "-spice", f"{self.where},{self.spice}", "-trace", "input_event_*", *self.args],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            preexec_fn=die_with_parent)
        self.trace = Lines(self.process.stderr)
        deadline = time.monotonic() + 10
        while not os.path.exists(self.qmp_path):
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise SystemExit("QEMU did not start: " + self.process.stderr.read().decode())
            time.sleep(0.02)

    def qmp(self, command, **arguments):
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(10)
            s.connect(self.qmp_path)
            file = s.makefile("rw")
            file.readline()
            for execute, args in (("qmp_capabilities", {}), (command, arguments)):
                file.write(json.dumps({"execute": execute, "arguments": args}) + "\n")
                file.flush()
                while True:
                    reply = json.loads(file.readline())
                    if "return" in reply or "error" in reply:
                        break
            return reply

    def events(self):
        """(kind, name, down or value), in order."""
        while self.trace.poll(0):
            pass
        result = []
        for line in self.trace.all:
            if m := re.search(r"input_event_key_number .*key number 0x([0-9a-f]+) .*down (\d)", line):
                result.append(("key", int(m[1], 16), int(m[2])))
            elif m := re.search(r"input_event_key_qcode .*key qcode (\S+), down (\d)", line):
                result.append(("key", m[1], int(m[2])))
            elif m := re.search(r"input_event_btn .*button (\S+), down (\d)", line):
                result.append(("button", m[1], int(m[2])))
            elif m := re.search(r"input_event_rel .*axis (\S+), value (-?\d+)", line):
                result.append(("rel", m[1], int(m[2])))
            elif m := re.search(r"input_event_abs .*axis (\S+), value 0x([0-9a-f]+)", line):
                result.append(("abs", m[1], int(m[2], 16)))
        return result

    def wait_events(self, check, what, timeout=5):
        deadline = time.monotonic() + timeout
        while True:
            events = self.events()
            if check(events):
                return events
            if time.monotonic() > deadline:
                raise SystemExit(f"FAILED: {what}; QEMU saw {events}")
            self.trace.poll(0.05)

    def held(self):
        held = set()
        for kind, name, down in self.events():
            if kind in ("key", "button") and not str(name).startswith("wheel"):
                (held.add if down else held.discard)((kind, name))
        return held

    def kill(self):
        self.process.kill()
        self.process.wait()

    def close(self):
        if self.process.poll() is None:
            self.kill()


class Driver:
    def __init__(self, uri, *args):
        self.process = subprocess.Popen(
            [os.path.join(BUILD, "tests", "session_driver"), f"--uri={uri}", *args],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, preexec_fn=die_with_parent,
            stderr=None if os.environ.get("PG_VERBOSE") else subprocess.DEVNULL)
        self.lines = Lines(self.process.stdout)
        self.seen = 0
        self.status = {}
        self.others = []

    def send(self, *lines):
        self.process.stdin.write(("\n".join(lines) + "\n").encode())
        self.process.stdin.flush()

    def read(self, timeout=0):
        self.lines.poll(timeout)
        for line in self.lines.all[self.seen:]:
            message = json.loads(line)
            if "state" in message:
                self.status = message
            else:
                self.others.append(message)
        self.seen = len(self.lines.all)

    def wait(self, check, what, timeout=10):
        deadline = time.monotonic() + timeout
        start = time.monotonic()
        while True:
            self.read()
            if check(self):
                return time.monotonic() - start
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise SystemExit(f"FAILED: {what}; last status {self.status}, "
                                 f"others {self.others[-5:]}, exit {self.process.poll()}")
            self.lines.poll(0.05)

    def connected(self, timeout=10):
        return self.wait(lambda d: d.status.get("connected") == 1, "the driver connects", timeout)

    def end(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        code = self.process.wait(10)
        if number == signal.SIGTERM and code != 0:
            raise SystemExit(f"FAILED: the driver ended with {code}")

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def check(condition, what):
    if not condition:
        raise SystemExit(f"FAILED: {what}")
    print(f"ok: {what}")


def folder():
    return tempfile.mkdtemp(prefix="pierglass-spice-")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]
