"""The AC97 card of a QEMU without an operating system: run from outside, by port writes through QEMU's
monitor; its buffers lie in the guest's memory (Intel 82801AA AC '97: "PCM in", "PCM out")."""

import math
import re
import struct

from sound_lab import wait_for

LIST = 0x2000000     # the card's list of buffers
BUFFERS = 0x2100000  # 32 of 64 KiB: 341 ms each
COUNT = 32
BYTES = 0x10000
RECORD, PLAY = 0x00, 0x10  # the bus master's boxes


def options(lab, tone_hertz=None):
    """What QEMU is started with: the card, its list, and a tone of half scale in the buffers."""
    files = [(LIST, b"".join(struct.pack("<IHH", BUFFERS + n * BYTES, BYTES // 2, 0)
                             for n in range(COUNT)))]
    if tone_hertz:
        step = 2 * math.pi * tone_hertz / 48000
        files.append((BUFFERS, b"".join(
            struct.pack("<h", round(16000 * math.sin(n * step))) * 2
            for n in range(COUNT * BYTES // 4))))
    words = ["-audiodev", "spice,id=a", "-device", "AC97,audiodev=a"]
    for address, data in files:
        path = lab.path("guest-memory")
        with open(path, "wb") as file:
            file.write(data)
        words += ["-device", f"loader,file={path},addr={address:#x},force-raw=on"]
    return words


class Card:
    def __init__(self, machine):
        self.machine = machine
        text, (self.mixer, self.master) = wait_for("the firmware has placed the card and is done", self.placed, 60)
        where = re.search(r"Bus +(\d+), device +(\d+), function +(\d+):\s+Audio controller", text)
        self.config = 0x80000000 | int(where[1]) << 16 | int(where[2]) << 11 | int(where[3]) << 8

    def placed(self):
        """What QEMU says of its PCI devices, and the card's ports; nothing while the firmware still works."""
        text = self.monitor("info pci")
        card = text[text.index("8086:2415"):]
        ports = [int(port, 16) for port in re.findall(r"I/O at 0x([0-9a-f]+)", card)][:2]
        resting = "HLT=1" in self.monitor("info registers")  # nothing to start from: it waits for another try
        return len(ports) == 2 and all(0 < port < 0x10000 for port in ports) and resting and (text, ports)

    def monitor(self, line):
        return self.machine.qmp("human-monitor-command", **{"command-line": line})["return"]

    def start(self, box):
        """All buffers from the first one on."""
        for line in (f"o/w 0xcf8 {self.config | 4:#x}", "o/h 0xcfc 0x5",  # I/O and DMA
                     f"o/w {self.master + 0x2c:#x} 2",          # out of its reset
                     f"o/h {self.mixer:#x} 0",
                     f"o/h {self.mixer + 0x02:#x} 0", f"o/h {self.mixer + 0x18:#x} 0",       # loud
                     f"o/h {self.mixer + 0x1a:#x} 0", f"o/h {self.mixer + 0x1c:#x} 0x0f0f",  # gain
                     f"o/b {self.master + box + 0x0b:#x} 2",    # this box reset
                     f"o/w {self.master + box:#x} {LIST:#x}",
                     f"o/b {self.master + box + 0x05:#x} {COUNT - 1}",  # the last buffer
                     f"o/b {self.master + box + 0x0b:#x} 1"):   # run
            self.monitor(line)

    def stop(self, box):
        self.monitor(f"o/b {self.master + box + 0x0b:#x} 0")

    def index(self, box):
        """Of the buffer at hand."""
        return int(self.monitor(f"i/b {self.master + box + 4:#x}").split("=")[1], 16)

    def read(self, count, path):
        """The first buffers, as the guest's memory has them."""
        self.machine.qmp("pmemsave", val=BUFFERS, size=count * BYTES, filename=path)
        with open(path, "rb") as file:
            return file.read()
