"""A Linux guest in a real QEMU that plays a marked tone (tests/lab/guest/tone.c), and a relay in front
of its SPICE that notes when QEMU sends which sound, and what of it is missing already."""

import array
import ctypes
import ctypes.util
import math
import os
import socket
import statistics
import struct
import subprocess
import threading
import time

from lab_start import need, skip
from sound_lab import wait_for
from spice_qemu import Machine

HERE = os.path.dirname(os.path.abspath(__file__))
RATE = 48000
MARKER_LOUD = 8000
GLITCH = 0.01 * 32768
PLAYBACK, DATA, MODE, START, STOP = 5, 101, 102, 103, 104
OPUS = 3
CARDS = {
    "ich9": "-device ich9-intel-hda -device hda-duplex,audiodev=a",
    "ac97": "-device AC97,audiodev=a",
    "usb": "-device qemu-xhci -device usb-audio,audiodev=a",
}


class Opus:
    def __init__(self):
        self.library = ctypes.CDLL(ctypes.util.find_library("opus") or "libopus.so.0")
        self.library.opus_decoder_create.restype = ctypes.c_void_p
        error = ctypes.c_int()
        self.decoder = ctypes.c_void_p(self.library.opus_decoder_create(RATE, 2, ctypes.byref(error)))
        self.room = (ctypes.c_int16 * (2 * 5760))()

    def decode(self, data):
        frames = self.library.opus_decode(self.decoder, data, len(data), self.room, 5760, 0)
        return array.array("h", self.room[:2 * max(frames, 0)])


class Relay:
    """Between a client and QEMU: passes everything on, and notes each block of the playback channel.
    address: where it listens, a path, or an address and a port in the namespace of the process `within`."""

    def __init__(self, target, address, within=None):
        self.target = target
        self.address = address
        self.blocks = []  # (ns, what was sent)
        self.mode = self.starts = self.stops = 0
        ready = threading.Event()
        threading.Thread(target=self.listen, args=(within, ready), daemon=True).start()
        ready.wait(5)

    def listen(self, within, ready):
        if within:
            file = os.open(f"/proc/{within}/ns/net", os.O_RDONLY)
            if ctypes.CDLL(None, use_errno=True).setns(file, 0) != 0:
                raise OSError(ctypes.get_errno(), "setns")
        inet = not isinstance(self.address, str)
        server = socket.socket(socket.AF_INET if inet else socket.AF_UNIX)
        server.bind(self.address)
        server.listen(16)
        ready.set()
        while True:
            client, _ = server.accept()
            if inet:
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            qemu = socket.socket(socket.AF_UNIX)
            qemu.connect(self.target)
            link = []
            threading.Thread(target=self.up, args=(client, qemu, link), daemon=True).start()
            threading.Thread(target=self.down, args=(qemu, client, link), daemon=True).start()

    @staticmethod
    def close(*sockets):
        for one in sockets:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def up(self, client, qemu, link):
        """The link message of the client says which channel this is."""
        head = b""
        try:
            while data := client.recv(65536):
                if not link:
                    head += data
                    link += head[20:21]
                qemu.sendall(data)
        except OSError:
            pass
        self.close(client, qemu)

    def down(self, qemu, client, link):
        rest, linked = b"", False
        try:  # this thread, as what it measures
            os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(5))
        except OSError:
            pass
        try:
            while data := qemu.recv(65536):
                at_ns = time.monotonic_ns()
                client.sendall(data)
                if link != [PLAYBACK]:
                    continue
                rest += data
                if not linked and len(rest) >= 16:  # the reply, then its result
                    size = 16 + struct.unpack_from("<I", rest, 12)[0] + 4
                    linked = len(rest) >= size
                    rest = rest[size:] if linked else rest
                while linked and len(rest) >= 6:
                    kind, size = struct.unpack_from("<HI", rest)
                    if len(rest) < 6 + size:
                        break
                    self.note(kind, rest[6:6 + size], at_ns)
                    rest = rest[6 + size:]
        except OSError:
            pass
        self.close(client, qemu)

    def note(self, kind, body, at_ns):
        if kind == DATA:
            self.blocks.append((at_ns, body[4:]))
        elif kind == MODE:
            self.mode = struct.unpack_from("<H", body, 4)[0]
        self.starts += kind == START
        self.stops += kind == STOP

    def samples(self):
        """(ns, samples) of each block so far."""
        opus = Opus() if self.mode == OPUS else None
        for at_ns, body in list(self.blocks):
            yield at_ns, opus.decode(body) if opus else array.array("h", body[:len(body) // 4 * 4])

    def markers(self):
        """When the block was sent that holds one, and how many frames into it."""
        result, seen, last = [], 0, -RATE
        for at_ns, both in self.samples():
            right = both[1::2]
            if right and max(right) > MARKER_LOUD:
                frame = next(i for i, x in enumerate(right) if x > MARKER_LOUD)
                if seen + frame - last > RATE // 2:
                    result.append((at_ns, frame))
                    last = seen + frame
            seen += len(right)
        return result

    def missing(self, since_ns, hertz):
        """Breaks in the tone that QEMU sent since then, outside of the markers' 20 ms, and the longest time
        between two blocks, in milliseconds."""
        twice = 2 * math.cos(2 * math.pi * hertz / RATE)
        before, breaks, last, index, longest, at_last = [0, 0], 0, -RATE, 0, 0, None
        limit = GLITCH * (3 if self.mode == OPUS else 1)
        marked = -RATE
        for at_ns, both in self.samples():
            if at_ns < since_ns:
                before = list(both[-4::2])
                continue
            longest = max(longest, at_ns - at_last) if at_last else 0
            at_last = at_ns
            if max(map(abs, both[1::2])) > 500:
                marked = index
            for x in both[0::2]:
                if abs(x - twice * before[1] + before[0]) > limit and index - marked > RATE // 50:
                    if index - last >= RATE // 100:  # as tone_judge.h counts: what comes twice begins and ends
                        breaks += 1
                        last = index
                before = [before[1], x]
                index += 1
        return breaks, longest / 1e6


def home():
    return os.environ.get("PG_VMLAB") or os.path.join(
        os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "vmlab")


def make():
    """The guest's kernel and files, if they are not there: before the network is left."""
    need("qemu-system-x86_64", "busybox", "cpio")
    if subprocess.run([os.path.join(HERE, "..", "lab", "mk-guest"), "-o", home()],
                      stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode:
        skip("the guest's kernel cannot be had (tests/lab/mk-guest)")


class Guest:
    """The machine, and the tone in it."""

    def __init__(self, lab, card, seconds, hertz, audiodev=""):
        self.work = lab.path("work")
        os.mkdir(self.work)
        with open(os.path.join(self.work, "cmd"), "w") as file:
            file.write("i=0; until [ -e /dev/snd/pcmC0D0p ] || [ $i = 50 ]; do sleep 0.2; i=$((i+1)); done\n"
                       f"tone {hertz} {seconds} /dev/virtio-ports/sound\n")
        self.port = lab.path("port")
        modules = "snd_hda_codec_generic,snd_hda_intel,snd_intel8x0,snd_usb_audio"
        words = (f"-m 192 -vga none -kernel {home()}/vmlinux -initrd {home()}/initrd.gz -no-reboot "
                 f"-fsdev local,id=wk,path={self.work},security_model=none "
                 f"-device virtio-9p-pci,fsdev=wk,mount_tag=work0 -serial file:{self.work}/serial.log "
                 f"-device virtio-serial-pci -chardev socket,id=po,path={self.port},server=on,wait=off "
                 f"-device virtserialport,chardev=po,name=sound -cpu max "
                 f"-audiodev spice,id=a{audiodev} {CARDS[card]}").split()
        self.machine = Machine(lab.folder, *words, "-append",
                               "console=ttyS0 quiet panic=-1 nokaslr mitigations=off tsc=reliable "
                               f"random.trust_cpu=on lab.mods={modules}")
        lab.processes.append(self.machine.process)
        self.positions = []  # (ns, frames that the card has taken, underruns, how long the question took)
        self.line = socket.socket(socket.AF_UNIX)

    def wait(self, seconds=60):
        """Until it plays."""
        if self.machine.process.poll() is not None:
            raise AssertionError("QEMU ended: " + self.machine.process.stderr.read().decode())
        self.line.connect(self.port)
        self.line.settimeout(1)
        wait_for("the guest plays", lambda: self.ask() and self.positions[-1][1] > RATE // 4, seconds, 0.5)

    def ask(self):
        began = time.monotonic_ns()
        text = b""
        try:
            self.line.sendall(b"?")
            while not text.endswith(b"\n"):
                text += self.line.recv(256)
        except OSError:
            return False
        took = time.monotonic_ns() - began
        taken, _, underruns, _ = map(int, text.split()[-4:])
        self.positions.append((began + took // 2, taken, underruns, took))
        return True

    def watch(self, seconds):
        """Asks where the card is, while it plays."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.ask()
            time.sleep(0.05)

    def underruns(self):
        return self.positions[-1][2] if self.positions else 0

    def taken_at(self, frame):
        """When the card took that frame: the line through the answers near it that were quick."""
        near = [p for p in self.positions if abs(p[1] - frame) < 2 * RATE]
        if len(near) < 4:
            return None
        quick = statistics.median(p[3] for p in near)
        offsets = [p[0] - p[1] * 1e9 / RATE for p in near if p[3] <= quick]
        return frame * 1e9 / RATE + statistics.median(offsets)

    def share_ms(self, relay, since_ns):
        """QEMU's own share: from the card's taking a marker to its sending, each."""
        result = []
        for at_ns, _ in relay.markers():
            if at_ns < since_ns:
                continue
            near = min(self.positions, key=lambda p: abs(p[0] - at_ns))
            second = round((near[1] + (at_ns - near[0]) * RATE / 1e9 - RATE // 25) / RATE)
            taken = self.taken_at(second * RATE)
            if taken:
                result.append((at_ns - taken) / 1e6)
        return result
