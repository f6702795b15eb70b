"""What happens on a bad day: by peer and kind, each a function that hurts, yields, and makes good.

A guest's process that is replaced is replaced by any version of the host program."""

import os
import resource
import signal
import socket
import subprocess
import threading
import time

from days_world import FRAME, HOME, HOSTS, KEY_SCROLLLOCK, SHM  # noqa: F401
from lab_start import die_with_parent
from sound_lab import sh

HELD_DEVICE_KEY, KEY_LEFTCTRL = 45, 29  # the first is X
SIZES = "320x180", "1024x576", "640x480", "800x600"
# What the guest may say against the truth, and takes back by new memory.
LIES = ("lie frame_width 70000 40", "lie data_height 4000000000 40", "lie pitch 3 40", "lie offset 4294967295 40", "lie type 99 40",
        "lie damage_count 4294967295 40", "lie screen_width 0 40", "lie rotation 9 40", "lie stride 1 40",
        "stall 30", "back 30", "late 30", "truncate 3", "wipe", "rotation 7", "flags 255", "flags 56",
        "format rgba10", "format rgba16f", "format bgr_32", "format rgb_24", "padding 4000", "cursor masked",
        "lgmp magic 1", "lgmp version 99", "lgmp queue_count 4294967295", "lgmp session 7", "lgmp ring_length 4294967295",
        "lgmp ring_offset 4294967295", "lgmp position 77", "lgmp count 4294967295", "lgmp lock 1", "lgmp subs 4294967295",
        "lgmp kvmfr 99", "lgmp kvmfr_magic 0", "input busy", "input stall", "screen 1x1")
FAULTS = {}


def fault(peer, kind, *traits):
    def take(function):
        FAULTS[peer, kind] = function
        function.last = "last" in traits     # the client ends with it
        function.alone = "alone" in traits   # nothing else on that day
        function.x11 = "x11" in traits       # not on Wayland
        return function
    return take


# ---- the VM: QEMU's process, its memory, its SPICE server ----

@fault("VM", "killed")
def vm_killed(world):
    spice = world.wire.leave(tidily=False)
    world.guest.end(signal.SIGKILL)
    yield
    world.start_guest(world.random.choice(HOSTS))
    spice()


@fault("VM", "off")
def vm_off(world):
    spice = world.wire.leave()
    world.guest.end(signal.SIGTERM)
    yield
    world.start_guest(world.random.choice(HOSTS))
    spice()


@fault("VM", "stopped")
def vm_stopped(world):
    world.guest.process.send_signal(signal.SIGSTOP)
    yield
    world.guest.process.send_signal(signal.SIGCONT)


@fault("VM", "migrated")
def vm_migrated(world):
    """It says so, goes on elsewhere, and is there."""
    world.guest.say("spice migrate")
    time.sleep(0.05)
    spice = world.wire.leave()
    world.guest.end(signal.SIGTERM)
    yield
    world.start_guest(world.guest.host)
    spice()


@fault("VM", "lying")
def vm_lying(world):
    """The file of its memory goes, is cut, and is another one."""
    world.guest.say(world.random.choice(("remove", "cut 0", "cut 4096", "cut 5000000")))
    yield
    world.guest.say("replace")


# ---- the host program in the guest ----

@fault("host program", "killed")
def host_killed(world):
    world.guest.say("freeze")
    yield
    world.guest.say("thaw", "session")


@fault("host program", "stopped")
def host_stopped(world):
    world.guest.say("freeze")
    yield
    world.guest.say("thaw")


@fault("host program", "lying")
def host_lying(world):
    for line in world.random.sample(LIES, 2):
        world.guest.say(line)
    yield
    world.guest.say("truncate 0", "input free", "input read", "cursor cycle", "replace")


@fault("host program", "another mode")
def host_mode(world):
    for size in world.random.sample(SIZES, 2):
        world.guest.say("size " + size, "flags " + world.random.choice(("0", "8", "24")))
        time.sleep(0.1)
    yield


# ---- SPICE ----

@fault("SPICE", "killed")
def spice_killed(world):
    spice = world.wire.leave()
    yield
    spice()


@fault("SPICE", "stopped")
def spice_stopped(world):
    world.wire.mode = "stop"
    yield
    world.wire.mode = "pass"


@fault("SPICE", "lying")
def spice_lying(world):
    world.wire.mode = "lie"
    world.wire.cut()
    yield
    world.wire.mode = "pass"
    world.wire.cut()


# ---- the sound server ----

@fault("sound server", "killed")
def sound_killed(world):
    for server in world.lab.servers:
        server.kill()
        server.wait()
    world.lab.servers.clear()
    yield
    for name in ("bus", "pipewire-0", "pulse/native"):  # PipeWire's: what is there is taken for what listens
        path = os.path.join(world.lab.folder, name)
        if os.path.exists(path):
            os.unlink(path)
    world.lab.start_server()


@fault("sound server", "stopped")
def sound_stopped(world):
    for server in world.lab.servers:
        server.send_signal(signal.SIGSTOP)
    yield
    for server in world.lab.servers:
        server.send_signal(signal.SIGCONT)


@fault("sound server", "lying")
def sound_lying(world):
    """The sink sleeps; another one is the default; the first goes."""
    def pactl(*words):
        return world.tool("pactl", *words).strip()
    how = world.random.choice(("suspend", "default", "gone"))
    if how == "suspend":
        pactl("suspend-sink", "lab", "1")
        yield
        pactl("suspend-sink", "lab", "0")
        return
    other = pactl("load-module", "module-null-sink", "sink_name=other", "rate=44100", "channels=6")
    pactl("set-default-sink", "other")
    if how == "gone":
        sinks = [line.split() for line in pactl("list", "short", "modules").splitlines()]
        pactl("unload-module", next(words[0] for words in sinks if "sink_name=lab" in words))
    yield
    if how == "gone":
        pactl("load-module", "module-null-sink", "sink_name=lab", "rate=48000", "channels=2")
    pactl("set-default-sink", "lab")
    pactl("unload-module", other)


# ---- the display server ----

@fault("display server", "killed", "last")
def display_killed(world):
    world.end_display()
    yield


@fault("display server", "stopped", "alone")
def display_stopped(world):
    server = world.compositor or world.display
    server.send_signal(signal.SIGSTOP)
    yield
    server.send_signal(signal.SIGCONT)


@fault("display server", "lying", "alone", "x11")
def display_lying(world):
    """The screen changes, the window goes away, is moved and made small."""
    window = world.window()
    world.tool("xrandr", "-s", "640x480")
    if window:
        world.tool("xdotool", "windowsize", window, "1", "1", "windowmove", window, "-600", "9000", "windowunmap", window)
    yield
    world.tool("xrandr", "-s", "800x600")
    if window:
        world.tool("xdotool", "windowmap", window, "windowmove", window, "0", "0", "windowsize", window, *map(str, FRAME))


# ---- the network ----

@fault("bridge", "killed")
def bridge_killed(_):
    """The network is destroyed and made again; the VM's card stays."""
    sh("ip link set vnet0 nomaster && ip link del virbr0")
    yield
    sh("ip link add name virbr0 type bridge && ip addr add 192.168.122.1/24 dev virbr0 && ip link set virbr0 up && "
       "ip link set vnet0 master virbr0")


@fault("bridge", "stopped")
def bridge_stopped(_):
    sh("ip link set virbr0 down")
    yield
    sh("ip link set virbr0 up")


RUBBISH = """
import os, socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("192.168.122.50"))
for i in range(400):
    s.sendto(os.urandom(i * 37 % 1460), ("239.255.77.77", 4010))
    time.sleep(0.001)
"""


@fault("bridge", "lying")
def bridge_lying(world):
    """Rubbish for the port of the sound."""
    sender = subprocess.Popen(world.lab.in_guest("python3", "-c", RUBBISH), stderr=subprocess.DEVNULL, preexec_fn=die_with_parent)
    yield
    sender.wait()


# ---- a keyboard of evdev ----

@fault("keyboard", "unplugged")
def keyboard_unplugged(world):
    """With a key down, which its device cannot release any more."""
    world.keyboard.keys((HELD_DEVICE_KEY, 1))
    time.sleep(0.03)
    world.keyboard.unplug()
    yield
    world.keyboard.plug()


@fault("keyboard", "lying")
def keyboard_lying(world):
    """Releases of what was not pressed, presses without end, values that no kernel has."""
    codes = [code for code in range(1, 84) if code not in (KEY_LEFTCTRL, KEY_SCROLLLOCK)]  # those are the player's own
    world.keyboard.keys(*((world.random.choice(codes), world.random.choice((1, 1, 2, 7, -1))) for _ in range(200)))
    yield
    world.keyboard.keys(*((code, 0) for code in codes))


# ---- libvirt ----

@fault("libvirt", "killed")
def libvirt_killed(world):
    child = world.client.child("pierglass-vm-info")
    if child:
        os.kill(child, signal.SIGKILL)
    yield


@fault("libvirt", "stopped")
def libvirt_stopped(world):
    child = world.client.child("pierglass-vm-info")
    if child:
        os.kill(child, signal.SIGSTOP)
    yield
    if child:
        os.kill(child, signal.SIGCONT)


# ---- the session bus ----

@fault("session bus", "killed")
def bus_killed(world):
    world.bus.kill()
    world.bus.wait()
    yield
    world.start_bus()


@fault("session bus", "stopped")
def bus_stopped(world):
    world.bus.send_signal(signal.SIGSTOP)
    yield
    world.bus.send_signal(signal.SIGCONT)


@fault("session bus", "lying")
def bus_lying(world):
    """In its place, something that answers with rubbish."""
    world.bus.kill()
    world.bus.wait()
    path = os.path.join(world.lab.folder, "session-bus")
    os.unlink(path)
    server = socket.socket(socket.AF_UNIX)
    server.bind(path)
    server.listen(8)

    def answer():
        try:
            while True:
                end, _ = server.accept()
                with end:
                    end.sendall(os.urandom(4096))
        except OSError:
            pass
    threading.Thread(target=answer, daemon=True).start()
    yield
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    world.start_bus()


# ---- a program of the desktop that owns the clipboard ----

def clipboard_owner(data, *more):
    owner = subprocess.Popen(["xclip", "-quiet", "-selection", "clipboard", *more, "-i"], stdin=subprocess.PIPE,
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=die_with_parent)
    owner.stdin.write(data)
    owner.stdin.close()
    return owner


def finish(owner):
    owner.kill()
    owner.wait()


@fault("clipboard owner", "killed", "x11")
def clipboard_killed(world):
    owner = clipboard_owner(b"text " * 100000)
    time.sleep(0.1)
    world.guest.say("clip paste text /dev/null")
    finish(owner)
    yield


@fault("clipboard owner", "stopped", "x11")
def clipboard_stopped(world):
    owner = clipboard_owner(b"text")
    time.sleep(0.1)
    owner.send_signal(signal.SIGSTOP)
    world.guest.say("clip paste text /dev/null")
    yield
    owner.send_signal(signal.SIGCONT)
    finish(owner)


@fault("clipboard owner", "lying", "x11")
def clipboard_lying(world):
    data, more = world.random.choice(((b"\xe0\x80\x80\xff\xfe\x00" * 9000, ()), (b"no picture" * 999, ("-t", "image/png")),
                                      (b"\x89PNG\r\n\x1a\n" + b"\xff" * 900, ("-t", "image/png"))))
    owner = clipboard_owner(data, *more)
    time.sleep(0.1)
    world.guest.say("clip paste text /dev/null", "clip paste png /dev/null")
    yield
    finish(owner)


# ---- the reader of the log ----

@fault("log reader", "stopped")
def log_stopped(world):
    world.client.reading.clear()
    yield
    world.client.reading.set()


# ---- the machine ----

@fault("disk", "full")
def disk_full(_):
    path = os.path.join(HOME, "full")
    with open(path, "wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * 4096)
        except OSError:
            pass
    yield
    os.unlink(path)


def limited(world, what, limit):
    before = resource.prlimit(world.client.process.pid, what)
    resource.prlimit(world.client.process.pid, what, (limit, before[1]))
    return lambda: world.client.process.poll() is None and resource.prlimit(world.client.process.pid, what, before)


@fault("descriptors", "none left")
def descriptors_out(world):
    pid = world.client.process.pid
    undo = limited(world, resource.RLIMIT_NOFILE, 1 + max(int(fd) for fd in os.listdir(f"/proc/{pid}/fd")))
    yield
    undo()


@fault("keyboard", "plugged without descriptors")
def keyboard_unseen(world):
    """It comes back while nothing can be opened, which is when it would be looked at."""
    world.keyboard.unplug()
    time.sleep(0.1)
    undo = limited(world, resource.RLIMIT_NOFILE, 3)  # what is open stays so
    world.keyboard.plug()
    time.sleep(0.3)
    undo()
    yield


@fault("memory", "none left")
def memory_out(world):
    """Not one more page of addresses."""
    with open(f"/proc/{world.client.process.pid}/statm", encoding="ascii") as file:
        pages = int(file.read().split()[0])
    undo = limited(world, resource.RLIMIT_AS, pages * resource.getpagesize())
    yield
    undo()


@fault("clock", "jumps")
def clock_jumps(world):
    world.set_clock(world.random.choice((-1, 1)) * world.random.choice((2, 3600, 86400 * 400)))
    yield
    if world.random.random() < 0.5:
        world.set_clock(0)


@fault("client", "stopped")
def client_stopped(world):
    world.client.process.send_signal(signal.SIGSTOP)
    yield
    world.client.process.send_signal(signal.SIGCONT)
