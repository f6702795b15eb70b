"""What the window says, read from the screen: of files dropped on it (what arrives, and the line of the sum), of a video that it
cannot show.

usage (within gui-session --x11): window_says.py [CASE...]
"""
import os
import subprocess
import sys
import tempfile
import time
from urllib.parse import quote

SOURCE, BUILD = os.environ['PG_SOURCE'], os.environ['PG_BUILD']
sys.path.insert(0, os.path.join(SOURCE, 'tests/integration'))
from lab_start import SANITIZED, die_with_parent  # noqa: E402
from spice_stub import Stub  # noqa: E402

PATIENCE = 4 if SANITIZED else 1


def check(condition, what):
    print('%s %s' % ('ok:' if condition else 'FAILED:', what), flush=True)
    if not condition:
        sys.exit(1)


def uri(path):
    return 'file://' + quote(path)


class Window:
    """spice: a server of the caller's, with its agent; None = the stub's."""

    def __init__(self, work, *arguments, agent='windows', spice=None):
        self.work, self.seen = work, 0  # ends of files that earlier cases saw
        self.stub = None if spice else Stub('--size', '800x480', '--agent', agent)
        with open(os.path.join(work, 'log'), 'ab') as log:
            self.process = subprocess.Popen(
                [os.path.join(BUILD, 'bin/pierglass'), '--no-lg-config', '--discover=no', '--audio=off', '--spice=' + (spice or self.stub.uri),
                 '--source=spice', '--shm=' + os.path.join(work, 'none'), '--size=800x480', '--position=0x0', '--borderless',
                 '--no-remember-window', *(['--stats=0.5'] if spice else []), *arguments],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=die_with_parent)
        if self.stub:
            self.stub.wait(lambda s: s.of('agent'), 'an agent', 20)
        else:
            self.logged('"agent":true', 60)
        out = subprocess.run(['xdotool', 'search', '--sync', '--onlyvisible', '--pid', str(self.process.pid)],
                             capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=10).stdout
        self.window = out.split()[-1]
        time.sleep(0.3)

    def close(self):
        self.process.terminate()
        self.process.wait(10)
        if self.stub:
            self.stub.close()

    def logged(self, words, seconds):
        end = time.monotonic() + seconds * PATIENCE
        while True:
            with open(os.path.join(self.work, 'log'), encoding='utf-8', errors='replace') as log:
                if words in log.read():
                    return
            if time.monotonic() > end:
                check(False, 'logged: %s' % words)
            time.sleep(0.1)

    def write(self, path, content=b'content\n'):
        path = os.path.join(self.work.encode(), os.fsencode(path))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'wb') as file:
            file.write(content)
        return path

    def drop(self, *uris):
        listed = os.path.join(self.work, 'list')
        with open(listed, 'w', encoding='utf-8') as file:
            file.write('\r\n'.join(uris) + '\r\n')
        out = subprocess.run([os.path.join(BUILD, 'tests/xdrop'), self.window, listed], stdin=subprocess.DEVNULL,
                             capture_output=True, text=True, timeout=30).stdout.strip()
        check(out == 'finished', '%d dropped: %s' % (len(uris), out))

    def text(self):
        """All that the player wrote on the screen, its lines joined; nothing where no picture came in time."""
        shot = os.path.join(self.work, 'shot.ppm')
        if subprocess.run([os.path.join(SOURCE, 'tests/lab/gui-shot'), shot], stdin=subprocess.DEVNULL).returncode:
            return ''
        out = subprocess.run([os.path.join(BUILD, 'tests/screen_text'), shot], check=True, capture_output=True, text=True).stdout
        return ' '.join(line.split(' ', 2)[2] for line in out.splitlines())

    def says(self, *phrases, seconds=10, every=0.05):
        end, text = time.monotonic() + seconds * PATIENCE, ''
        while not all(words in text for words in phrases):
            if time.monotonic() > end:
                check(False, 'the window says "%s", not %s' % (text, phrases))
            text = self.text()
            if self.stub:
                self.stub.read(every)
            else:
                time.sleep(every)
        check(True, 'on the screen: %s' % (phrases,))

    def arrived(self):
        return sorted(end['name'] for end in self.stub.of('file_end')[self.seen:] if end['whole'])


def case_sum(window):
    """Some of it cannot be sent: the rest arrives, and the window says how many, which not, and why."""
    good = [window.write(path) for path in ('mixed/a.txt', 'mixed/sub/b.txt', 'mixed/CON.txt')]
    os.mkfifo(os.path.join(window.work, 'mixed/pipe'))
    os.symlink('nowhere', os.path.join(window.work, 'mixed/broken'))
    gone = window.write('gone.txt')
    os.unlink(gone)
    window.drop(uri(os.path.dirname(good[0])), uri(gone), 'file:///proc/version')
    window.says('Files sent: 3 of 7. Not sent: ', 'pipe: ', 'broken: ', 'gone.txt: No such file or directory',
                'version: its size is not known before it is read: copy it first')
    check(window.arrived() == ['mixed - CON.txt', 'mixed - a.txt', 'mixed - sub - b.txt'], 'three arrived: %s' % window.arrived())


def case_remote(window):
    """Places that are no files of this machine, among others and alone: said, each by its name."""
    here = window.write('here.txt')
    window.drop(uri(here), 'smb://nas/share/film.mkv', 'file://otherhost/etc/x')
    window.says('Files sent: 1 of 3. Not sent: ', 'smb://nas/share/film.mkv', 'file://otherhost/etc/x')
    window.drop('smb://nas/share/film.mkv')
    window.says('Files sent: 0 of 1. Not sent: ')


def case_names(window):
    """Names that no Windows takes, or that are the same there: each arrives, once, under one that it takes."""
    for name in (b'a\nb', b'latin \xe4.txt', b'NUL', b'com1.tar.gz', b'COM\xc2\xb9.log', b'aux ', b'end.', b'end ', b'end. . ',
                 b'a:b?c', b'..x', b'CASE.txt', b'case.txt', b'Case.TXT', b'\xc3\x84', b'\xc3\xa4', b' lead', b'x' * 255,
                 b'\xe4\xbd\xa0' * 85, b'100%41', b'C:', b'con', b'%s%n', b'a\\b', b'\xf0\x9f\x98\x80', b'\xed\xa0\x80'):
        window.write(b'names/' + name, name)
    folder = os.path.join(window.work.encode(), b'names')
    names = sorted(os.listdir(folder))
    os.symlink('.', os.path.join(folder, b'loop'))
    os.symlink('itself', os.path.join(folder, b'itself'))
    window.drop(uri(folder), *(uri(os.path.join(folder, name)) for name in names))
    window.says('Files sent: %d of %d. Not sent: ' % (2 * len(names), 2 * len(names) + 2),
                'loop: it is a link to a folder', 'itself: Too many levels of symbolic links')
    got = window.arrived()
    bad = [name for name in got if set(name) & set('<>:"/\\|?*\n') or name[-1] in '. ' or len(name.encode()) > 250 or
           name.split('.')[0].strip().upper() in ('NUL', 'CON', 'AUX', 'COM1', 'COM\xb9')]
    check(len(got) == 2 * len(names) and not bad, 'all arrived: %d, with names that Windows takes: %s' % (len(got), bad))
    check(len({name.casefold() for name in got}) == len(got), 'no two with one name')


def case_codec(window):
    """A server that sends what nobody asked for: VP8 (2) instead of a picture; MJPEG (1) needs no word."""
    window.stub.send('stream 1')
    window.stub.send('stream 2')
    window.says('A part of the picture stands still: it comes as a video that is not shown here.', "<streaming mode='off'/>")
    with open(os.path.join(window.work, 'log'), encoding='utf-8', errors='replace') as log:
        lines = [line for line in log if 'is not shown here' in line]
    check(len(lines) == 1 and 'VP8' in lines[0], 'in the log: %s' % lines)


def case_forms(window):
    """The ways in which programs write a place: each is a file, or named."""
    path = window.write('some file.txt')
    plain = os.fsdecode(path)
    window.drop(uri(path), 'file://' + plain, 'file:' + quote(path), 'file://localhost' + quote(path), plain, 'file://' + plain + '%4')
    window.says('Files sent: 5 of 6. Not sent: ', '%4: ')
    check(len(window.arrived()) == 5, 'arrived: %s' % window.arrived())
    window.stub.send('agent 0')
    window.drop(uri(path))
    window.says('Files sent: 0 of 1. Not sent: some file.txt: no agent runs in the guest')


def main():
    cases = {name[5:]: case for name, case in globals().items() if name.startswith('case_')}
    with tempfile.TemporaryDirectory(prefix='pgdrop.') as work:
        window = Window(work)
        try:
            for name in sys.argv[1:] or cases:
                window.seen = len(window.stub.of('file_end'))
                cases[name](window)
        finally:
            window.close()


if __name__ == '__main__':
    main()
