"""A guest's network, a sound server and ears, for the sound tests.

A namespace of its own holds bridge virbr0; a second one, the guest, sits at the far end of a veth
pair. The sound server is a private PulseAudio, or PipeWire with PG_SOUND_SERVER=pipewire, with a null
sink "lab"; sound-probe records its monitor. Everything started here is ended by its process, and
dies with it."""

import glob
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from lab_start import BUILD, die_with_parent, need, skip
from machine_time import MachineTime

PLAYER = os.path.join(BUILD, "bin", "pierglass")
SEND = os.path.join(BUILD, "bin", "scream-send")
PROBE = os.path.join(BUILD, "tests", "sound-probe")
RECORDER = os.path.join(BUILD, "tests", "spice-recorder")
TONE = os.path.join(BUILD, "tests", "tone-player")

START_S = 180  # what a program may take to start, whatever else the machine does
SAME_NS = 30e6  # glitches of one cause are no further apart

failures = 0
machine = MachineTime()


def check(condition, what):
    global failures
    print(("ok   " if condition else "FAIL ") + what, flush=True)
    if not condition:
        failures += 1


def measured(condition, what, sink_ppm=0):
    """A check of a figure, which counts only where the machine had time to spare."""
    if condition or not machine.excuses(what, sink_ppm):
        check(condition, what)


def ended():
    """The exit status of the script."""
    if machine.lacks and not failures:
        print(f"not judged: {machine.lacks[0]}")
        return 77
    return 1 if failures else 0


def enter_namespace():
    """Runs this script again in a network namespace of its own."""
    need("unshare", "nsenter", "ip")
    if os.environ.get("PG_SOUND_NS") == "1":
        # A time limit must not leave servers behind.
        signal.signal(signal.SIGTERM, lambda *unused: sys.exit(1))
        return
    how = ["unshare", "-n", "-m"] if os.geteuid() == 0 else ["unshare", "-r", "-n", "-m"]
    if subprocess.run(how + ["true"], stderr=subprocess.DEVNULL).returncode != 0:
        skip("no network namespaces here")
    os.environ["PG_SOUND_NS"] = "1"
    os.execvp(how[0], how + [sys.executable, *sys.argv])


def sh(command):
    subprocess.run(command, shell=True, check=True)


def realtime(pid, priority):
    """Every thread of it; without the right to, the figures are worse, that is all."""
    for task in glob.glob(f"/proc/{pid}/task/*"):
        try:
            os.sched_setscheduler(int(os.path.basename(task)), os.SCHED_RR,
                                  os.sched_param(priority))
        except OSError:
            return


def wait_for(what, condition, seconds=20.0, step=0.02):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        result = condition()
        if result:
            return result
        time.sleep(step)
    raise AssertionError(f"not within {seconds} s: {what}")


def wchan(pid):
    """Where each thread of it stands."""
    places = []
    for task in glob.glob(f"/proc/{pid}/task/*/wchan"):
        with open(task) as file:
            places.append(file.read())
    return " ".join(places)


def cpu_s(pid):
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


COUNTERS = "underruns", "skips", "gaps", "lost", "missing", "rejected"


class Player:
    """pierglass --audio-only with its --stats lines."""

    def __init__(self, lab, *args, program=("--audio-only",)):
        # A machine that another test runs meanwhile would be the only VM, whose sound is then taken from its memory.
        named = any(not word.startswith("-") for word in args)
        args = args if named else ("--no-discover", *args)
        self.stats_path = lab.path("stats")
        self.log_path = lab.path("log")
        self.began = time.monotonic()
        with open(self.stats_path, "wb") as out, open(self.log_path, "wb") as err:
            self.process = subprocess.Popen(
                [PLAYER, *program, "--audio-interface=virbr0", "--no-lg-config", *args,
                 "--stats=0.25"], stdout=out, stderr=err, preexec_fn=die_with_parent,
                # People have it for other programs; libpulse would take it for the player's buffer.
                env={**os.environ, "PULSE_LATENCY_MSEC": "300"})
        lab.processes.append(self.process)
        lab.players.append(self)

    def stats(self):
        lines = []
        with open(self.stats_path) as file:
            for line in file.read().splitlines():
                try:
                    lines.append(json.loads(line))
                except ValueError:
                    pass
        return lines

    def counted(self, at_ns):
        """What it counted within a second of that moment, in words."""
        def audio(at_s):
            return min(lines, key=lambda line: abs(line["time_s"] - at_s))["audio"]
        lines, at_s = self.stats(), at_ns / 1e9 - self.began
        before, after = audio(at_s - 1), audio(at_s + 1)
        words = [f"{after[name] - before[name]} {name}" for name in COUNTERS
                 if after[name] != before[name]]
        return (f"at {at_s:.1f} s, {before['latency_us'] / 1e3:.1f} -> {after['latency_us'] / 1e3:.1f} ms, "
                f"target {after['target_us'] / 1e3:.1f}: {', '.join(words) or 'nothing'} counted")

    def now(self):
        lines = self.stats()
        return lines[-1] if lines else None

    def log(self):
        with open(self.log_path, errors="replace") as file:
            return file.read()

    def playing(self):
        now = self.now()
        return bool(now and now["audio"]["playing"])

    def state(self):
        now = self.now()
        return now["sources"]["sound"]["state"] if now else None

    def reason(self):
        now = self.now()
        return now["sources"]["sound"]["reason"] if now else ""

    def cpu_s(self):
        return cpu_s(self.process.pid)

    def anonymous_kib(self):
        with open(f"/proc/{self.process.pid}/smaps_rollup") as file:
            for line in file:
                if line.startswith("Anonymous:"):
                    return int(line.split()[1])
        return 0

    def alive(self):
        return self.process.poll() is None


class Probe:
    def __init__(self, lab, seconds, source="lab.monitor", hertz=997, server=None):
        self.lab = lab
        self.output = lab.path("probe")
        env = dict(os.environ, PULSE_SERVER=server) if server else None
        with open(self.output, "wb") as out:
            self.process = subprocess.Popen([PROBE, source, str(seconds), str(hertz)],
                                            stdout=out, env=env, preexec_fn=die_with_parent)
        lab.processes.append(self.process)

    def lines(self):
        with open(self.output) as file:
            return [json.loads(line) for line in file.read().splitlines() if line.endswith("}")]

    def heard(self):
        return [line["heard_ns"] for line in self.lines() if "heard_ns" in line]

    def result(self):
        self.process.wait()
        result = self.lines()[-1]
        result["beside"] = self.lab.beside is not None
        if not self.lab.beside:
            result["beside_list"] = []  # what is on the right is ours as well
        elif self.lab.beside.poll() is not None:
            raise AssertionError(f"the plain player ended with {self.lab.beside.returncode}")
        return result


class Sender:
    def __init__(self, lab, *args, guest=None):
        self.output = lab.path("send")
        with open(self.output, "wb") as out:
            self.process = subprocess.Popen(
                lab.in_guest(SEND, "--realtime", "--log", *map(str, args), guest=guest),
                stdout=out, preexec_fn=die_with_parent)
        lab.processes.append(self.process)

    def lines(self):
        with open(self.output) as file:
            return [json.loads(line) for line in file.read().splitlines() if line.endswith("}")]

    def sent(self):
        return [line["sent_ns"] for line in self.lines() if "sent_ns" in line]

    def totals(self):
        self.process.wait()
        return self.lines()[-1]

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Recorder:
    """A SPICE server whose guest plays and records: spice-recorder."""

    def __init__(self, lab):
        self.socket = lab.path("spice")
        self.process = subprocess.Popen([RECORDER, self.socket], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True, preexec_fn=die_with_parent)
        lab.processes.append(self.process)
        wait_for("the SPICE server", lambda: os.path.exists(self.socket), START_S)

    def say(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def report(self):
        self.say("report")
        return json.loads(self.process.stdout.readline())

    def heard(self, seconds):
        """What comes within that time from now on."""
        self.report()
        time.sleep(seconds)
        return self.report()


def only_ours(result):
    """The glitches of a probe that are at no stall of the machine and that a plain player beside ours
    does not have at the same moment; where a marker (1.5 % of the time) hides the plain one's, nobody
    can tell."""
    return [glitch for glitch in result["glitch_list"]
            if not glitch["excused"] and not (result["beside"] and glitch["at_marker"]) and not any(
                abs(glitch["at_ns"] - other["at_ns"]) < SAME_NS for other in result["beside_list"])]


def long_gaps(result, ms):
    """Those of a probe that are longer and not at a stall of the machine, in milliseconds."""
    return [round(gap["size"], 1) for gap in result["gap_list"]
            if gap["size"] > ms and not gap["excused"]]


def latencies_ms(sender, probe):
    """Each marker that was heard, against the sending of the packet that held it."""
    sent = sender.sent()
    result = []
    for heard in probe.heard():
        before = [s for s in sent if s < heard]
        if before and heard - before[-1] < 0.7e9:
            result.append((heard, (heard - before[-1]) / 1e6))
    return result


class Lab:
    def __init__(self, server=None):
        self.folder = tempfile.mkdtemp(prefix="sound.")
        self.processes = []
        self.players = []
        self.count = 0
        self.kind = server or os.environ.get("PG_SOUND_SERVER") or "pulse"
        # What scream-audio.md 3.8 found of PipeWire's null sink: it moves in quanta, and skips one now and then.
        self.near_ms = 8 if self.kind == "pipewire" else 5
        self.slips = 2 if self.kind == "pipewire" else 0
        self.servers = []
        self.guest = None
        self.ports = set()
        self.beside = None

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, kind, *unused):
        for player in self.players if kind else ():
            now = player.now()
            print("--- a player, which now says", now["sources"]["sound"] if now else "nothing")
            print(player.log()[-1500:], flush=True)
        self.close()

    def start(self):
        os.environ["XDG_RUNTIME_DIR"] = self.folder
        os.environ["XDG_CONFIG_HOME"] = self.folder
        os.environ["PULSE_SERVER"] = "unix:" + (
            f"{self.folder}/pulse/native" if self.kind == "pipewire" else f"{self.folder}/pulse.sock")
        sh("ip link set lo up")
        self.guest = self.new_namespace()
        self.make_bridge()
        self.start_server()

    def close(self):
        for process in self.processes:
            if process.poll() is None:
                process.terminate()
        for process in self.processes:
            try:
                process.wait(3)
            except subprocess.TimeoutExpired:
                process.kill()
        self.stop_server()
        if self.guest:
            self.guest.kill()
            self.guest.wait()
        for link in "virbr0", *self.ports:  # the kernel ends a namespace, and what was in it, in its own time
            subprocess.run(["ip", "link", "del", link], stderr=subprocess.DEVNULL, check=False)
        shutil.rmtree(self.folder, ignore_errors=True)

    def path(self, name):
        self.count += 1
        return os.path.join(self.folder, f"{name}.{self.count}")

    def in_guest(self, *command, guest=None):
        return ["nsenter", "-t", str((guest or self.guest).pid), "-n", *command]

    # ---- the network ----

    def make_bridge(self):
        sh("ip link add name virbr0 type bridge")
        sh("ip addr add 192.168.122.1/24 dev virbr0")
        sh("ip link set virbr0 up")
        self.plug(self.guest, "vnet0", "192.168.122.50")

    def new_namespace(self):
        guest = subprocess.Popen(["unshare", "-n", "sleep", "3000"], stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL, preexec_fn=die_with_parent)
        wait_for("the guest's namespace", lambda: os.readlink(
            f"/proc/{guest.pid}/ns/net") != os.readlink("/proc/self/ns/net"), START_S)
        return guest

    def plug(self, guest, port, address):
        """The guest's eth0 into a port of the bridge."""
        self.ports.add(port)
        sh(f"ip link add name {port} type veth peer name eth0")
        sh(f"ip link set eth0 netns {guest.pid}")
        sh(f"ip link set {port} master virbr0 up")
        inside = " ".join(self.in_guest(guest=guest))
        sh(f"{inside} ip addr add {address}/24 dev eth0")
        sh(f"{inside} ip link set eth0 up")
        sh(f"{inside} ip route add 224.0.0.0/4 dev eth0")

    def add_guest(self, address):
        guest = self.new_namespace()
        self.processes.append(guest)
        self.plug(guest, f"vnet{len(self.processes)}", address)
        return guest

    def delete_bridge(self):
        sh("ip link del vnet0")
        sh("ip link del virbr0")

    # ---- the sound server ----

    def start_server(self):
        need("pactl")
        if self.kind == "pipewire":
            self.start_pipewire()
        else:
            need("pulseaudio")
            self.start_process(
                "pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--realtime=no",
                "--use-pid-file=no", "--disable-shm=no",
                "-L", f"module-native-protocol-unix socket={self.folder}/pulse.sock auth-anonymous=1",
                "-L", "module-null-sink sink_name=lab rate=48000 channels=2 norewinds=1")
        self.await_server()

    def await_server(self):
        try:
            wait_for("the sound server", self.server_answers, START_S)
        except AssertionError:
            for server in self.servers:
                print(f"  {server.args[0]}: {server.poll() if server.poll() is not None else wchan(server.pid)}")
            subprocess.run(["timeout", "5", "pactl", "info"])
            raise
        if self.kind == "pipewire":
            # It answers before its session manager takes modules.
            wait_for("a null sink is taken", lambda: subprocess.run(
                ["pactl", "load-module", "module-null-sink", "sink_name=lab", "rate=48000",
                 "channels=2"], stdout=subprocess.DEVNULL).returncode == 0, START_S)
            wait_for("the null sink", lambda: subprocess.run(
                ["pactl", "set-default-sink", "lab"],
                stderr=subprocess.DEVNULL).returncode == 0, START_S)
        for server in self.servers:
            realtime(server.pid, 6)

    def begin(self, *command):
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=die_with_parent)

    def start_process(self, *command):
        self.servers.append(self.begin(*command))

    def start_pipewire(self):
        need("pipewire", "pipewire-pulse", "wireplumber", "dbus-daemon")
        bus = f"unix:path={self.folder}/bus"
        os.environ["DBUS_SESSION_BUS_ADDRESS"] = bus
        self.start_process("dbus-daemon", "--session", "--nofork", f"--address={bus}")
        wait_for("the bus", lambda: os.path.exists(f"{self.folder}/bus"), START_S)
        for name, socket in (("pipewire", "pipewire-0"), ("wireplumber", None),
                             ("pipewire-pulse", "pulse/native")):
            self.start_process(name)
            if socket:
                wait_for(name, lambda s=socket: os.path.exists(f"{self.folder}/{s}"), START_S)

    def server_answers(self):
        for i, server in enumerate(self.servers):
            if server.poll() is not None:  # a socket is there before its server listens, and the next one leaves then
                self.servers[i] = self.begin(*server.args)
        try:
            return subprocess.run(["pactl", "info"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                  timeout=10).returncode == 0
        except subprocess.TimeoutExpired:
            # PipeWire 0.3.65: once in some sixty starts all live, idle, and the front answers nobody. Its session manager and it
            # are started anew by the next look.
            for server in self.servers[2:] if self.kind == "pipewire" else ():
                server.kill()
                server.wait()
            return False

    def stop_server(self):
        for server in reversed(self.servers):
            server.terminate()
        for server in self.servers:
            try:
                server.wait(3)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()
        self.servers = []

    def stop_front(self):
        """The part of PipeWire alone that programs of PulseAudio's talk to."""
        front = self.servers.pop()
        front.terminate()
        front.wait(5)

    def start_front(self):
        self.start_process("pipewire-pulse")
        self.await_server()

    def second_front(self):
        """The address of another one beside it: what it records goes on where the first is stopped."""
        folder = self.path("front")
        os.mkdir(folder)
        os.environ["PULSE_RUNTIME_PATH"] = folder
        self.start_process("pipewire-pulse")
        del os.environ["PULSE_RUNTIME_PATH"]
        self.servers.insert(0, self.servers.pop())  # the first stays the last
        wait_for("a second front", lambda: os.path.exists(f"{folder}/native"), 10)
        realtime(self.servers[0].pid, 6)
        return f"unix:{folder}/native"

    # ---- what is tested ----

    def player(self, *args, **how):
        return Player(self, *args, **how)

    def probe(self, seconds, **how):
        return Probe(self, seconds, **how)

    def send(self, *args, **how):
        return Sender(self, *args, **how)

    def play_beside(self, seconds=600, sink="lab"):
        """The plainest player of a tone on the same sink, heard on the right, where scream-send has only its
        markers: what glitches in both at once is the server's."""
        self.beside = subprocess.Popen([TONE, sink, str(seconds), "997", "right"],
                                       preexec_fn=die_with_parent)
        self.processes.append(self.beside)


def stop_for(process, seconds):
    process.send_signal(signal.SIGSTOP)
    time.sleep(seconds)
    process.send_signal(signal.SIGCONT)
