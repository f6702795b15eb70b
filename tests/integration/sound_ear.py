"""A loudspeaker that hears itself: the end of a pipe into which a sound server plays.

No recorder is in between, whose own delay would have to be known. PipeWire writes each block when its
mixer has made it, and tells of a device what lies behind that; of this one nothing does, so that the
first frame of a block is heard when it comes. PulseAudio fills the pipe: how much it holds is the
device's buffer, and what is read when is the loudspeaker."""

import array
import fcntl
import math
import os
import subprocess
import threading
import time

RATE = 48000
HERTZ = 997
GLITCH = 0.01 * 32768  # of what two frames foretell of the third
MARKER_LOUD = 8000     # of 32767, on the right
SILENT = 100
ASLEEP_NS = 500 * 10**6


def pactl(*words):
    return subprocess.run(["pactl", *words], check=True, stdout=subprocess.PIPE, text=True).stdout


class Ear:
    """A sink of that name, and what is heard of it. buffer: bytes that the device holds, whose frames
    leave it at an even pace (PulseAudio); 0: as they come, by the server's clock."""

    def __init__(self, lab, name, buffer=0):
        self.path = lab.path(name)
        os.mkfifo(self.path)
        clock = ["use_system_clock_for_timing=yes"] if lab.kind == "pulse" and not buffer else []
        pactl("load-module", "module-pipe-sink", f"file={self.path}", f"sink_name={name}",
              "format=s16le", f"rate={RATE}", "channels=2", *clock)
        self.left, self.right = array.array("h"), array.array("h")
        self.marks = []   # (ns, frame)
        self.blocks = []  # frames
        self.buffer = buffer
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        try:  # this thread, as a device is
            os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(6))
        except OSError:
            pass
        fd = os.open(self.path, os.O_RDONLY)
        if self.buffer:
            fcntl.fcntl(fd, fcntl.F_SETPIPE_SZ, self.buffer)
            self.play(fd)
        while True:
            data = os.read(fd, 1 << 16)
            if not data:
                return
            self.hear(data, time.monotonic_ns())
            self.blocks.append(len(data) // 4)

    def play(self, fd, piece=96):
        due = time.monotonic_ns()
        while True:
            due += piece * 10**9 // RATE
            time.sleep(max(0, due - time.monotonic_ns()) / 1e9)
            data = os.read(fd, piece * 4)
            if not data:
                return
            if time.monotonic_ns() - due > ASLEEP_NS:
                due = time.monotonic_ns()  # nothing came, as of a sink that was suspended: no hurry to make up for it
            self.hear(data, due)

    def hear(self, data, at_ns):
        both = array.array("h")
        both.frombytes(data[:len(data) // 4 * 4])
        right = both[1::2]
        if right and max(right) > MARKER_LOUD:
            frame = next(i for i, x in enumerate(right) if x > MARKER_LOUD)
            if not self.marks or len(self.left) + frame - self.marks[-1][1] > RATE // 2:
                self.marks.append((at_ns + frame * 10**9 // RATE, len(self.left) + frame))
        self.left.extend(both[0::2])
        self.right.extend(right)

    def latencies_ms(self, send, since_ns):
        """Of the markers since then: from the sending of the packet that held it to the ear."""
        sent = send.sent()
        result = []
        for heard, _ in self.marks:
            before = [at for at in sent if at < heard]
            if heard > since_ns and before and heard - before[-1] < 0.9e9:
                result.append((heard - before[-1]) / 1e6)
        return result

    def sound_ms(self, since=0):
        """Milliseconds of sound since a frame."""
        left = self.left
        return sum(1 for i in range(since, len(left) - 48, 48)
                   if max(map(abs, left[i:i + 48])) > 1000)

    def judge(self, since, until, channel="left", hertz=HERTZ):
        """Glitches, and milliseconds of silence, from one frame to another; on the right, where another
        player's tone is, but for those within 10 ms of a marker."""
        left = getattr(self, channel)[since:until]
        marked = {piece for _, frame in self.marks if channel == "right"
                  for piece in ((frame - since) // 480 - 1, (frame - since) // 480, (frame - since) // 480 + 1)}
        twice = 2 * math.cos(2 * math.pi * hertz / RATE)
        glitches, last, silent, run = 0, -RATE, 0, 0
        for i in range(2, len(left)):
            if abs(left[i] - twice * left[i - 1] + left[i - 2]) > GLITCH and i // 480 not in marked:
                if i - last >= RATE // 100:  # as tone_judge.h counts
                    glitches += 1
                    last = i
            run = run + 1 if abs(left[i]) < SILENT else 0
            silent += run > 48
        return glitches, silent * 1000 / RATE
