"""The whole client and every other end that it has, each of which can be hurt: for tests/integration/days.

Everything is private: a network with the VM's bridge, /mnt (home and run-time folder, 4 MiB) and
/dev/shm by mounts that nobody else sees, an X server, a sound server, a session bus."""

import collections
import json
import os
import random
import selectors
import shutil
import signal
import socket
import struct
import subprocess
import threading
import time

from lab_start import BUILD, SANITIZED, die_with_parent, need, skip
from machine_time import SPARE_LEAST, processors
from sound_lab import Lab, sh

PATIENCE = 4 if SANITIZED else 1
FRAME = (640, 360)
HOME, RUN = "/mnt/home", "/mnt/run"
SHM = "/dev/shm/days"
SOCKET = "wl-days"
HOSTS = "B6", "B7", "34"
KEY, KEY_NAME, HELD, HELD_NAME = 0x30, "b", 0x1e, "a"
KEY_SCROLLLOCK = 70
DEVICE_KEY = 0x2e  # C, also the kernel's number of it
FPS = 15
LOG_LINES = 80  # of one day
# What a later day may have more than the first one of the same run: KiB as a part and a sum (a sanitizer keeps what is freed for
# a while), descriptors, threads.
MEMORY, DESCRIPTORS, THREADS = (1.15, (512 if SANITIZED else 12) * 1024), 4, 2


class Wrong(Exception):
    """What a day must not end with."""


def wait_for(what, condition, seconds=150.0, step=0.03):
    """Long enough for a machine that does other things as well; it is over when the state is there."""
    end = time.monotonic() + seconds * PATIENCE
    while time.monotonic() < end:
        result = condition()
        if result:
            return result
        time.sleep(step)
    raise Wrong(f"not within {seconds * PATIENCE:.0f} s: {what}")


class Lines:
    """A file of JSON lines that grows: each is read once."""

    def __init__(self, path):
        self.path, self.at, self.rest = path, 0, b""

    def new(self):
        if not os.path.exists(self.path):
            return  # its writer has ended
        with open(self.path, "rb") as file:
            file.seek(self.at)
            data = file.read()
        self.at += len(data)
        *whole, self.rest = (self.rest + data).split(b"\n")
        for line in whole:
            try:
                yield json.loads(line)
            except ValueError:
                pass


class Network(Lab):
    def plug(self, guest, port, address):
        """The guest's card is the one that libvirt tells of its VM."""
        super().plug(guest, port, address)
        sh(" ".join(self.in_guest(guest=guest)) + " ip link set eth0 address aa:bb:cc:dd:ee:ff")


class Guest:
    """The VM: its memory, its SPICE server, its sound."""

    def __init__(self, world, host, size):
        self.world, self.host = world, host
        self.path = world.lab.path("guest")
        if os.path.exists(world.spice):
            os.unlink(world.spice)  # of one that was killed
        with open(self.path, "wb") as out:
            self.process = subprocess.Popen(
                world.lab.in_guest(
                    os.path.join(BUILD, "bin", "pierglass-demo-guest"), "--dir=" + os.path.dirname(world.spice),
                    "--shm=" + SHM, "--memory=16", f"--size={size[0]}x{size[1]}", f"--fps={FPS}", "--host=" + host,
                    "--interface=eth0", "--group=239.255.77.77", "--port=4010", "--agent=linux", "--report"),
                stdin=subprocess.PIPE, stdout=out, stderr=subprocess.DEVNULL, preexec_fn=die_with_parent)
        self.keys, self.ways, self.lines = {}, {}, Lines(self.path)
        self.events = collections.deque(maxlen=24)
        wait_for("the guest", lambda: b"ready " in open(self.path, "rb").read())

    def say(self, *lines):
        self.events.append(f"{time.monotonic():.3f} {', '.join(lines)}")
        if "replace" in lines:
            self.look()
            self.ways = {}
            self.keys = {code: (0, count) for code, (_, count) in self.keys.items()}  # another QEMU, whose guest begins anew
        try:
            self.process.stdin.write("".join(line + "\n" for line in lines).encode())
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # it is off on that day

    def look(self):
        """By key: whether it is down by any way (SPICE, the host's own stream), and how often it was pressed."""
        for line in self.lines.new():
            if line.get("event") in ("key", "input", "spice"):
                self.events.append("{:.3f} {event} {name} {value} {via}".format(line["time_ns"] / 1e9, **line))
            if line.get("event") == "key":
                code, count = line["code"], self.keys.get(line["code"], (0, 0))[1]
                ways = self.ways.setdefault(code, {})
                count += line["value"] > ways.get(line["via"], 0)
                ways[line["via"]] = line["value"]
                self.keys[code] = int(any(ways.values())), count
        return self.keys

    def pressed(self, code):
        return self.look().get(code, (0, 0))[1]

    def held(self):
        return [hex(code) for code, (down, _) in self.look().items() if down]

    def end(self, how):
        self.process.send_signal(how)
        self.process.wait(60)
        os.unlink(self.path)


class Wire(threading.Thread):
    """SPICE's socket as the client has it, in front of the guest's: it can stop, lie and go."""

    def __init__(self, path, target):
        super().__init__(daemon=True)
        self.path, self.target = path, target
        self.mode, self.away = "pass", 0  # stop, lie
        self.random = random.Random(1)
        self.pairs, self.server = {}, None
        self.selector = selectors.DefaultSelector()
        self.lock = threading.RLock()
        self.back()
        self.start()

    def back(self):
        with self.lock:
            if os.path.exists(self.path):
                os.unlink(self.path)
            self.server = socket.socket(socket.AF_UNIX)
            self.server.bind(self.path)
            self.server.listen(16)
            self.server.settimeout(0.5)
            self.selector.register(self.server, selectors.EVENT_READ)

    def cut(self):
        with self.lock:
            for end in list(self.pairs):
                self.drop(end)

    def leave(self, tidily=True):
        """Nobody listens any more; tidily: nor is the file there. Returns what brings it back, which does so when all
        who made it leave have called theirs."""
        with self.lock:
            self.away += 1
            if self.server:
                self.cut()
                self.selector.unregister(self.server)
                self.server.close()
                self.server = None
            if tidily and os.path.exists(self.path):
                os.unlink(self.path)
        return self.come

    def come(self):
        with self.lock:
            self.away -= 1
            if self.away == 0:
                self.back()

    def drop(self, end):
        for each in (end, self.pairs.pop(end, None)):
            if each:
                self.pairs.pop(each, None)
                try:
                    self.selector.unregister(each)
                except (KeyError, ValueError):
                    pass
                each.close()

    def accept(self):
        try:
            client, _ = self.server.accept()
        except OSError:
            return
        guest = socket.socket(socket.AF_UNIX)
        try:
            guest.connect(self.target)
        except OSError:
            client.close()
            guest.close()
            return
        self.pairs[client], self.pairs[guest] = guest, client
        for end, side in ((client, "client"), (guest, "guest")):
            end.settimeout(0.5)  # one that stands still is dropped
            self.selector.register(end, selectors.EVENT_READ, side)

    def carry(self, end, side):
        try:
            data = end.recv(65536)
            if data and self.mode == "lie" and side == "guest":
                data = bytearray(data)
                for _ in range(self.random.randrange(1, 8)):
                    data[self.random.randrange(len(data))] = self.random.randrange(256)
            if not data:
                raise OSError
            self.pairs[end].sendall(data)
        except OSError:
            self.drop(end)

    def run(self):
        while True:
            ready = self.selector.select(0.05) if self.mode != "stop" else time.sleep(0.02) or ()
            with self.lock:
                for key, _ in ready:
                    if key.fileobj is self.server:
                        self.accept()
                    elif key.fileobj in self.pairs:
                        self.carry(key.fileobj, key.data)


class Keyboard(threading.Thread):
    """A device of evdev at whose kernel's end we are (libfake_evdev): /dev/input/event0."""

    NODE, INFO = "/dev/input/event0", "/sys/class/input/event0"

    def __init__(self):
        super().__init__(daemon=True)
        self.ends, self.server, self.lock = [], None, threading.Lock()
        nodes = [name for name in os.listdir("/dev") if name in ("null", "zero", "full", "random", "urandom", "tty", "ptmx")]
        os.mkdir("/mnt/dev")
        sh("mount --rbind /dev /mnt/dev && mount -t tmpfs -o mode=755 days /dev && mkdir /dev/pts /dev/shm /dev/input && "
           "ln -s /proc/self/fd /dev/fd && mount --rbind /mnt/dev/pts /dev/pts")
        for name in nodes:
            sh(f"touch /dev/{name} && mount --bind /mnt/dev/{name} /dev/{name}")
        sh("mount -t tmpfs days /sys/class/input")
        self.plug()
        self.start()

    def plug(self):
        keys = " ".join(f"{word:x}" for word in ((1 << 20) - 1, (1 << 64) - 2))
        for name, text in (("name", "a keyboard of the tests"), ("phys", "usb-1/input0"), ("uniq", ""), ("id/bustype", "0003"),
                           ("id/vendor", "0001"), ("id/product", "0001"), ("id/version", "0001"), ("capabilities/key", keys),
                           ("capabilities/rel", "0"), ("capabilities/abs", "0")):
            path = os.path.join(self.INFO, "device", name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="ascii") as file:
                file.write(text + "\n")
        with self.lock:
            self.server = socket.socket(socket.AF_UNIX)
            self.server.bind(self.NODE)
            self.server.listen(8)

    def unplug(self):
        with self.lock:
            os.unlink(self.NODE)
            self.server.shutdown(socket.SHUT_RDWR)
            self.server.close()
            self.server = None
            for end in self.ends:
                end.close()
            self.ends.clear()
        shutil.rmtree(self.INFO)

    def keys(self, *pairs):
        """(code, value), all at once: a socket whose reader stands still takes few pieces."""
        now = time.monotonic_ns()
        data = b"".join(struct.pack("@qqHHi", now // 10**9, now // 1000 % 10**6, *event)
                        for pair in pairs for event in ((1, *pair), (0, 0, 0)))
        with self.lock:
            for end in list(self.ends):
                try:
                    end.sendall(data)
                except OSError:
                    self.ends.remove(end)

    def run(self):
        while True:
            server = self.server
            try:
                end, _ = server.accept()
                end.settimeout(0.5)
                with self.lock:
                    self.ends.append(end)
            except (OSError, AttributeError):
                time.sleep(0.02)


class Client:
    """One run of pierglass; its log goes through a pipe whose reader can stand still."""

    def __init__(self, world):
        self.world = world
        self.path = world.lab.path("client")
        self.log, self.log_lines, self.reading = collections.deque(maxlen=200), 0, threading.Event()
        self.reading.set()
        environment = dict(os.environ, HOME=HOME, XDG_RUNTIME_DIR=RUN, LD_PRELOAD=world.preload,
                           PG_CLOCK_JUMP=world.clock, SDL_VIDEODRIVER="x11", SDL_VIDEO_X11_FORCE_EGL="1",
                           DBUS_SESSION_BUS_ADDRESS=world.bus_address)
        environment.pop("XDG_CONFIG_HOME", None)
        if world.compositor:
            environment.update(SDL_VIDEODRIVER="wayland", WAYLAND_DISPLAY=os.path.join(os.environ["XDG_RUNTIME_DIR"], SOCKET))
        with open(self.path, "wb") as out:
            self.process = subprocess.Popen(
                [os.path.join(BUILD, "bin", "pierglass"), "--no-lg-config", "--shm=" + SHM, "--spice=unix:" + world.wire.path,
                 "--audio-interface=virbr0", "--size=%dx%d" % FRAME, "--position=0x0", "--borderless", "--stats=0.2",
                 "--clipboard-to-vm=always", "--evdev=" + Keyboard.NODE, "--grab-on-start", *world.discovery, *world.options],
                stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.PIPE, env=environment, preexec_fn=die_with_parent)
        self.newest, self.lines = {}, Lines(self.path)
        self.base = None
        threading.Thread(target=self.read_log, daemon=True).start()

    def read_log(self):
        for line in self.process.stderr:
            self.reading.wait()
            self.log.append(line.decode(errors="replace").rstrip())
            self.log_lines += 1

    def stats(self):
        for line in self.lines.new():
            self.newest = line
        return self.newest

    def states(self):
        return {name: (source["state"], source["reason"]) for name, source in self.stats().get("sources", {}).items()}

    def measure(self):
        """KiB of its own, descriptors, threads."""
        pid = self.process.pid
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
            status = dict(line.split(":", 1) for line in file)
        return int(status["RssAnon"].split()[0]), len(os.listdir(f"/proc/{pid}/fd")), int(status["Threads"])

    def child(self, name):
        for entry in os.listdir("/proc"):
            if entry.isdigit():
                try:
                    with open(f"/proc/{entry}/stat", encoding="utf-8", errors="replace") as file:
                        text = file.read()
                except OSError:
                    continue
                if f"({name[:15]})" in text and int(text.rsplit(")", 1)[1].split()[1]) == self.process.pid:
                    return int(entry)
        return None


class World:
    def __init__(self, seed, wayland=False, options=()):
        """wayland: weston, as a window that fills the X screen: what looks and types does so there."""
        need("Xvfb", "xdotool", "xclip", "xrandr", "parec", "dbus-daemon", "mount")
        if wayland:
            need("weston", "xwininfo")
        for tool in ("tests/xwatch", "tests/libclock_jump.so", "tests/libfake_evdev.so", "bin/pierglass-demo-guest"):
            if not os.path.exists(os.path.join(BUILD, tool)):
                skip(f"{tool} was not built")
        self.random = random.Random(seed)
        sh("mount -t tmpfs -o size=4m,mode=700 days /mnt")
        self.keyboard = Keyboard()
        sh("mount -t tmpfs -o size=96m,mode=777 days /dev/shm")
        os.mkdir(HOME, 0o700)
        os.mkdir(RUN, 0o700)
        self.lab = Network(os.environ.get("PG_SOUND_SERVER") or "pulse")
        self.lab.__enter__()
        self.preload = " ".join(os.path.abspath(os.path.join(BUILD, "tests", name))
                                for name in ("libclock_jump.so", "libfake_evdev.so"))
        self.clock = self.lab.path("clock")
        self.set_clock(0)
        self.spice = os.path.join(self.lab.path("vm"), "spice")
        self.wayland, self.options = wayland, options
        self.display = self.compositor = self.bus = self.guest = self.client = None
        self.discovery = self.libvirt()
        self.start_bus()
        self.start_display()
        self.start_guest(HOSTS[seed % len(HOSTS)])
        self.wire = Wire(self.lab.path("wire"), self.spice)

    def close(self):
        for program in (self.client, self.guest):
            if program and program.process.poll() is None:
                program.process.kill()
                program.process.wait()
        self.end_display()
        self.lab.close()

    # ---- the other ends ----

    def libvirt(self):
        """libvirt's own driver for tests, where vm-info knows libvirt."""
        info = os.path.join(BUILD, "bin", "pierglass-vm-info")
        told = subprocess.run([info, "--connect=test:///default", "--once", "test"], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True, check=False).stdout
        return ["--connect=test:///default", "test"] if "domain=test" in told else ["--discover=no"]

    def set_clock(self, ahead_s):
        with open(self.clock, "r+b" if os.path.exists(self.clock) else "wb") as file:
            file.write(struct.pack("q", ahead_s))

    def start_guest(self, host="B7", size=FRAME):
        self.guest = Guest(self, host, size)
        self.lab.processes.append(self.guest.process)

    def start_bus(self):
        path = os.path.join(self.lab.folder, "session-bus")
        if os.path.exists(path):
            os.unlink(path)
        self.bus = subprocess.Popen(["dbus-daemon", "--session", "--nofork", f"--address=unix:path={path}"],
                                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=die_with_parent)
        self.lab.processes.append(self.bus)
        self.bus_address = "unix:path=" + path  # the client's; a sound server that starts would wait for it as well
        wait_for("the bus", lambda: os.path.exists(path))

    def start_display(self):
        reader, writer = os.pipe()
        self.display = subprocess.Popen(
            ["Xvfb", "-displayfd", str(writer), "-screen", "0", "800x600x24", "-nolisten", "tcp", "-noreset"],
            pass_fds=(writer,), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=die_with_parent)
        os.close(writer)
        with os.fdopen(reader) as file:
            os.environ["DISPLAY"] = ":" + file.readline().strip()
        if self.display.poll() is not None or os.environ["DISPLAY"] == ":":
            skip("Xvfb does not start here")
        if self.wayland:
            self.start_compositor()

    def start_compositor(self):
        path = os.path.join(os.environ["XDG_RUNTIME_DIR"], SOCKET)
        ini = self.lab.path("weston.ini")
        with open(ini, "w", encoding="ascii") as file:
            file.write("[shell]\npanel-position=none\nlocking=false\n")
        for end in (path, path + ".lock"):
            if os.path.exists(end):
                os.unlink(end)  # of one that was killed
        self.compositor = subprocess.Popen(
            ["weston", "--backend=x11-backend.so", "--use-pixman", "--config=" + ini, "--width=800", "--height=600",
             "--socket=" + SOCKET, "--idle-time=0"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=die_with_parent)
        wait_for("weston", lambda: os.path.exists(path))
        window = wait_for("its window", self.window)
        # X starts with the pointer in the middle; weston does not know until it moves.
        self.tool("xdotool", "windowfocus", window, "mousemove", "20", "20", "mousemove", "400", "300")

    def end_display(self, how=signal.SIGKILL):
        if self.compositor and self.compositor.poll() is None:
            self.compositor.send_signal(how)
            self.compositor.wait()
        if self.display and self.display.poll() is None:
            self.display.send_signal(how)
            self.display.wait()
        number = os.environ["DISPLAY"][1:]
        for path in (f"/tmp/.X{number}-lock", f"/tmp/.X11-unix/X{number}"):
            if number and os.path.exists(path):
                os.unlink(path)

    # ---- what is looked at from outside ----

    def tool(self, *words, seconds=60):
        try:
            return subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                  timeout=seconds * PATIENCE, check=False, text=True).stdout
        except subprocess.TimeoutExpired as error:
            raise Wrong(f"{words[0]} does not come back") from error

    def window(self):
        """What the keys go to: the client's, or weston's."""
        if self.wayland:
            found = [line.split()[0] for line in self.tool("xwininfo", "-root", "-tree").splitlines() if "Weston Compositor" in line]
        else:
            found = self.tool("xdotool", "search", "--onlyvisible", "--pid", str(self.client.process.pid)).split()
        return found[-1] if found else None

    def alive(self):
        status = self.client.process.poll()
        if status is not None:
            raise Wrong(f"the client has ended with {status}")

    def check_picture(self):
        """Newer and newer frames stand whole on the screen, at 1:1 where the window is. A guest that waits for a processor in
        the middle of a frame has it shown in parts, now and then."""
        seconds, told = 0.1, ""  # longer on each try: the machine may do other things as well
        machine = processors(nice_is_spare=False)

        def look():
            nonlocal seconds, told
            self.alive()
            seconds = min(8, seconds * 2)
            told = self.tool(os.path.join(BUILD, "tests", "xwatch"), "--wait", str(seconds), "--seconds", str(seconds),
                             "--every", "4000")
            found = dict(word.split("=") for word in told.split())
            spare, _, whole = (now - then for now, then in zip(processors(nice_is_spare=False), machine))
            torn_most = int(found.get("looks", 0)) // 4 if spare < SPARE_LEAST * whole else 0
            return found if int(found.get("distinct", 0)) >= 2 and int(found["torn"]) <= torn_most else None
        try:
            found = wait_for("newer and newer frames on the screen", look)
        except Wrong as error:
            raise Wrong(f"{error}; the last look: {told.strip() or 'none found'}") from error
        if found["at"] != "0,0" and not self.wayland:
            raise Wrong(f"the picture is at {found['at']}")

    def check_sound(self):
        """A recorder of what the default sink plays hears it."""
        seconds = 0.75

        def heard():
            nonlocal seconds
            self.alive()
            seconds = min(6, seconds * 2)
            sink = self.tool("pactl", "get-default-sink").strip()
            with subprocess.Popen(["parec", "--raw", "--format=s16le", "--channels=1", "--rate=48000", "--latency-msec=20",
                                   "-d", sink + ".monitor"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                  preexec_fn=die_with_parent) as recorder:
                timer = threading.Timer(seconds, recorder.kill)
                timer.start()
                data = recorder.stdout.read(48000 * 2 // 8)
                timer.cancel()
                recorder.kill()
            samples = struct.unpack(f"{len(data) // 2}h", data[:len(data) // 2 * 2])
            return sum(abs(sample) > 300 for sample in samples[-4800:]) > 1000
        wait_for("sound at the sink", heard)

    def check_all(self):
        """Picture, sound and keys, at the same time."""
        wrong = []

        def judge(check):
            try:
                check()
            except Wrong as error:
                wrong.append(error)
        beside = [threading.Thread(target=judge, args=(check,), daemon=True) for check in (self.check_sound, self.check_keys)]
        for thread in beside:
            thread.start()
        judge(self.check_picture)
        for thread in beside:
            thread.join()
        if wrong:
            raise wrong[0]

    def press(self, how, name):
        window = self.window()
        if window:
            self.tool("xdotool", "windowfocus", window, how, name)
        return window

    def check_keys(self):
        """A key arrives at the guest, and none is down there."""
        before = self.guest.pressed(KEY)

        def arrived():
            self.alive()
            self.press("key", KEY_NAME)
            end = time.monotonic() + 0.4
            while time.monotonic() < end and self.guest.pressed(KEY) == before:
                time.sleep(0.01)
            return self.guest.pressed(KEY) > before
        wait_for("a key at the guest", arrived)
        before = self.guest.pressed(DEVICE_KEY)

        def came():
            self.keyboard.keys((DEVICE_KEY, 1), (DEVICE_KEY, 0))
            time.sleep(0.1)
            return self.guest.pressed(DEVICE_KEY) > before
        wait_for("a key of the grabbed keyboard at the guest", came)
        wait_for("no key is down in the guest: " + " ".join(self.guest.held()), lambda: not self.guest.held(), 3)

    def check_flat(self):
        """Memory, descriptors and threads are those of the first day of this run."""
        def flat():
            now, base = self.client.measure(), self.client.base
            return (now[0] <= base[0] * MEMORY[0] + MEMORY[1] and now[1] <= base[1] + DESCRIPTORS and
                    now[2] <= base[2] + THREADS)
        if not self.client.base:
            self.client.base = self.client.measure()
        try:
            wait_for("flat", flat)
        except Wrong as error:
            raise Wrong("KiB, descriptors, threads grew from %s to %s" % (self.client.base, self.client.measure())) from error
