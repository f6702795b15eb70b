"""What cases about keys share: the guest's end of the wire, and the escape key of this one."""
import subprocess
import time

from gui_lab import X_ENV, check, client, connected, focus, guest, newest, shown, wait_for, xdotool

FRAME = (640, 360)
# Scan codes, set 1.
CTRL, ALT, DEL, META, F2, X, A, SHIFT, SCROLL, NUM = 0x1d, 0x38, 0xe053, 0xe05b, 0x3c, 0x2d, 0x1e, 0x2a, 0x46, 0x45
SEMICOLON = 0x27
VOLUME_UP, VOLUME_DOWN, MUTE = 0xe030, 0xe02e, 0xe020


def events(source, *kinds):
    return [o for o in source.objects() if o.get('event') in kinds]


def keys(source):
    return [(o['code'], bool(o['value'])) for o in events(source, 'key')]


def taps(*codes):
    """Pressed in this order, released in reverse."""
    return [(code, True) for code in codes] + [(code, False) for code in reversed(codes)]


def start(*arguments, env=None, hands=None):
    """hands: gui_hands.Hands, where xdotool reaches no window."""
    source = guest(FRAME, '--fps=10', '--report')
    program = client(FRAME, '--log-level=debug', *arguments, env=env)
    _, corner, _, _ = shown(FRAME, FRAME)
    connected(program)
    if hands:
        hands.click(int(corner[0]) + 320, int(corner[1]) + 180)
    else:
        focus(corner, FRAME)
    wait_for('the click', lambda: len(events(source, 'button')) >= 2)
    time.sleep(0.2)
    return source, program, corner


def after(source, what, wanted, kind=keys):
    """The keys that `what` brings to the guest are these."""
    before = len(kind(source))
    what()
    wait_for('%d events' % len(wanted), lambda: len(kind(source)) - before >= len(wanted))
    time.sleep(0.15)
    got = kind(source)[before:]
    check(got == wanted, 'the guest got %s, not %s' % (got, wanted))


def captured(program):
    return newest(program)['input']['captured']


def with_escape(key):
    xdotool('keydown', 'Scroll_Lock', 'key', key, 'keyup', 'Scroll_Lock')


def window(title):
    """Its number; None = there is none."""
    tree = subprocess.run(['xwininfo', '-root', '-tree'], env=X_ENV, stdout=subprocess.PIPE, check=True, text=True).stdout
    return next((line.split()[0] for line in tree.splitlines() if '"%s"' % title in line), None)
