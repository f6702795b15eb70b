"""Whether the machine had time to spare, for tests that judge moments.

A player of sound that waits for a processor is late without a fault of its own, and so is the server that it plays
to. Where other VMs took the processors, or where all of them were busy all the time, a figure says nothing of the
program: it is then not judged, and the test says so."""

import os

STOLEN_MOST = 0.02
SPARE_LEAST = 0.15
CLOCK_MOST_PPM = 200  # a null sink has the machine's own clock, unless its server comes too late


def processors(nice_is_spare=True):
    """Seconds of spare, of stolen and of all time, of all processors, since the machine was started. What runs
    with less priority (nice) leaves its time to others."""
    with open("/proc/stat") as file:
        user, nice, system, idle, wait, irq, softirq, steal = (
            int(word) / os.sysconf("SC_CLK_TCK") for word in file.readline().split()[1:9])
    return nice * nice_is_spare + idle + wait, steal, user + nice + system + idle + wait + irq + softirq + steal


class MachineTime:
    """From its creation on."""

    def __init__(self):
        self.began = processors()
        self.lacks = []

    def lack(self, sink_ppm=0):
        """Why nothing is to be judged by the clock, or ""."""
        spare, stolen, whole = (now - then for now, then in zip(processors(), self.began))
        if whole <= 0:
            return ""
        if stolen > STOLEN_MOST * whole:
            return f"other VMs took {100 * stolen / whole:.0f} % of the processors' time"
        if spare < SPARE_LEAST * whole:
            return f"the processors were busy for {100 - 100 * spare / whole:.0f} % of the time"
        if abs(sink_ppm) > CLOCK_MOST_PPM:
            return f"the sound server was late: its null sink's clock ran at {sink_ppm:+.0f} ppm"
        return ""

    def excuses(self, what, sink_ppm=0):
        """Whether a figure that is out of its bounds is not to be judged."""
        lack = self.lack(sink_ppm)
        if lack:
            self.lacks.append(lack)
            print(f"void {what}: {lack}", flush=True)
        return bool(lack)
