#!/usr/bin/env python3
"""Cases of tests/integration/gui about the picture in its window: scaling as asked, windows that nobody sees, two VMs side
by side, the guest's pointer."""
import os
import re
import subprocess
import time

from gui_hands import Hands
from gui_lab import (BUILD, MODE, PATIENCE, Program, SCREEN, SHM, WORK, X_ENV, capture, check, check_colours, client, connected, focus,
                     guest, newest, run, shown, wait_for, xdotool)
from screen import Screen

FRAME = (320, 180)


def window_of(program):
    def look():
        found = subprocess.run(['xdotool', 'search', '--pid', str(program.process.pid)], env=X_ENV, capture_output=True,
                               text=True, stdin=subprocess.DEVNULL).stdout.split()
        return found[-1] if found else None
    return wait_for('the window', look)


def size_of(window):
    out = subprocess.run(['xdotool', 'getwindowgeometry', '--shell', window], env=X_ENV, capture_output=True, text=True,
                         check=True, stdin=subprocess.DEVNULL).stdout
    fields = dict(line.split('=') for line in out.split())
    return int(fields['WIDTH']), int(fields['HEIGHT'])


def cpu_of(program):
    """Seconds of CPU that the process used so far."""
    with open('/proc/%d/stat' % program.process.pid) as file:
        fields = file.read().rsplit(')', 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


def case_fit():
    """1:1, whole factors, stretched: the picture has the size that was asked for, its pixels where they belong; and a
    window that would only have borders shrinks."""
    window = (700, 500)
    guest(FRAME, '--fps=30')
    wanted = {
        '--dont-upscale': (190, 160, 510, 340),
        '--integer-upscale': (30, 70, 670, 430),
        '--no-keep-aspect': (0, 0, 700, 500),
        '--scale=fsr': (0, 53, 700, 447),
        '--scale=sharp': (0, 53, 700, 447),
    }
    for option, box in wanted.items():
        program = client(window, option)
        wait_for('frames', lambda: newest(program)['video']['shown'] > 5)
        time.sleep(0.3)
        screen = capture('fit' + option)
        found = screen.box_of_not((0, 0, 0))
        print('%s: picture %s, wanted %s' % (option, found, box))
        check(all(abs(a - b) <= 1 for a, b in zip(found, box)), 'the picture is not where it belongs')
        if option in ('--dont-upscale', '--integer-upscale'):
            scale = (box[2] - box[0]) // FRAME[0]
            serials = screen.stamps(box[0], box[1], FRAME[1], scale)
            check(None not in serials and len(set(serials)) == 1, 'its pixels are not whole: %s' % serials)
        check(program.stop() == 0, 'the client left with %s' % program.process.returncode)
    program = client(window, '--dont-upscale', '--shrink-on-upscale')
    window = window_of(program)
    wait_for('the window to shrink to the picture', lambda: size_of(window) == FRAME)
    xdotool('windowsize', window, '500', '120')
    wait_for('the window to shrink again, not to grow', lambda: size_of(window) == (FRAME[0], 120))


def case_hidden():
    """A window that is taken off the screen: nothing is uploaded, the host keeps its client, and what came last is there
    at once. A window over a still guest costs nothing."""
    source = guest(FRAME, '--fps=60')
    program = client(FRAME)
    shown(FRAME, FRAME)
    window = window_of(program)
    seconds = 2
    used = cpu_of(program)
    time.sleep(seconds)
    visible = cpu_of(program) - used
    xdotool('windowunmap', window)
    time.sleep(0.5)
    before, used = newest(program)['video'], cpu_of(program)
    time.sleep(seconds)
    after, hidden = newest(program)['video'], cpu_of(program) - used
    print('CPU of a core: visible %.1f %%, hidden %.1f %%; hidden: %d frames seen, %d shown' %
          (visible / seconds * 100, hidden / seconds * 100, after['seen'] - before['seen'],
           after['shown'] - before['shown']))
    check(after['shown'] - before['shown'] <= 1, 'it went on drawing')
    check(after['seen'] - before['seen'] > 30 * seconds, 'it did not stay subscribed')
    check(after['resubscriptions'] == 0 and after['lost_sessions'] == 0, 'the host threw it out')
    # Two ticks of the clock: where a CPU draws, so small a picture costs hardly more than that.
    check(hidden <= visible + 0.02 or PATIENCE > 1, 'hidden costs more than visible')
    source.say('pause')
    time.sleep(0.5)
    last = newest(program)['video']['shown']
    xdotool('windowmap', window)
    shown(FRAME, FRAME)
    print('mapped again: %d more shown' % (newest(program)['video']['shown'] - last))
    time.sleep(1)
    before, used = newest(program)['video'], cpu_of(program)
    time.sleep(3)
    idle = (cpu_of(program) - used) / 3 * 100
    print('a still guest: %.2f %% of a core' % idle)
    check(newest(program)['video']['shown'] == before['shown'], 'it drew a picture that did not change')
    # Figures every 0.2 s and the looks for frames are in it; loaded machines make sleeps dearer.
    check(idle < 3 * PATIENCE, 'a still picture costs')


def rate(program, seconds=2):
    """Frames shown a second."""
    before = newest(program)['video']['shown']
    time.sleep(seconds)
    return (newest(program)['video']['shown'] - before) / seconds


def goes_on(program, what):
    before = newest(program)['video']['shown']
    wait_for('pictures (%s)' % what, lambda: newest(program)['video']['shown'] > before + 10)


def unseen(program, what, hide, back):
    """Hidden that way it draws nothing, back again it draws on."""
    hide()
    wait_for('an end of the drawing (%s)' % what, lambda: rate(program, 0.6) <= 2)
    hidden = rate(program, 1)
    back()
    goes_on(program, what + ', then no more')
    print('%s: %.1f frames a second' % (what, hidden))
    check(hidden <= 2, 'an unseen window draws %.1f frames a second (%s)' % (hidden, what))


class Cover:
    """Another program's window over ours."""

    def __init__(self, *arguments):
        self.arguments = arguments
        self.program = None

    def come(self):
        self.program = Program('pierglass', '--no-lg-config', '--shm=/dev/shm/none', '--spice=off', '--audio=off',
                               '--discover=no', '--position=0x0', '--borderless', '--stats=0.2', *self.arguments)
        wait_for('the other window', lambda: len(self.program.objects()) > 2)

    def go(self):
        self.program.stop()


def command(*words):
    subprocess.run(words, check=True, env=X_ENV, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def case_unseen():
    """Nobody sees the window: covered whole by another one, minimised, on another workspace. It draws nothing then; half
    covered it goes on. Where a Wayland compositor asks an unseen window for frames all the same, the row is left out."""
    desktop = os.environ.get('PG_DESKTOP', MODE)
    guest(FRAME, '--fps=30')
    program = client(FRAME, *(['--minimize-on-focus-loss'] if desktop in ('kwin', 'mutter') else []), place=(100, 100))
    wait_for('frames', lambda: newest(program)['video']['shown'] > 5)
    if MODE == 'x11':
        window = window_of(program)
        if desktop != 'i3':  # which places windows beside one another
            half = Cover('--size=200x400')
            half.come()
            goes_on(program, 'half covered')
            half.go()
            cover = Cover('--size=%dx%d' % SCREEN)
            if desktop == 'mutter-x11':  # what covers may be half transparent there
                cover.come()
                goes_on(program, 'covered by what may be transparent')
                cover.go()
            else:
                unseen(program, 'covered', cover.come, cover.go)
        if desktop in ('openbox', 'xfwm4', 'mutter-x11'):
            unseen(program, 'minimised', lambda: xdotool('windowminimize', window), lambda: xdotool('windowactivate', window))
            xdotool('set_num_desktops', '2')
            unseen(program, 'another workspace', lambda: xdotool('set_desktop', '1'), lambda: xdotool('set_desktop', '0'))
        if desktop == 'i3':
            unseen(program, 'another workspace', lambda: command('i3-msg', 'workspace', '2'),
                   lambda: command('i3-msg', 'workspace', '1'))
    elif desktop == 'sway':
        unseen(program, 'another workspace', lambda: command('swaymsg', 'workspace', '2'),
               lambda: command('swaymsg', 'workspace', '1'))
    cover = Cover('--full-screen')
    if desktop == 'sway':
        unseen(program, 'behind a full screen', cover.come, cover.go)
    if desktop in ('kwin', 'mutter'):
        cover.come()
        wait_for('an end of the drawing (minimised)', lambda: rate(program, 1) <= 2)
        print('minimised: %.1f frames a second' % rate(program))
    check(program.stop() == 0, 'the client left with %s' % program.process.returncode)


def case_neighbours():
    """Two VMs, two windows: each shows its own, and goes on when the other leaves."""
    shm, spice = SHM + '.b', os.path.join(WORK, 'other', 'spice')
    other_frame, place = (400, 240), (500, 300)
    try:
        first_guest = guest(FRAME, '--fps=30')
        other_guest = guest(other_frame, '--fps=60', shm=shm, spice=spice)
        first = client(FRAME)
        other = client(other_frame, shm=shm, spice=spice, place=place)
        shown(FRAME, FRAME)

        def look():
            serials = capture().stamps(*place, other_frame[1])
            return None not in serials and len(set(serials)) == 1
        wait_for('the other guest in its window', look)
        connected(first)
        connected(other)
        check(newest(first)['video']['width'] == FRAME[0] and newest(other)['video']['width'] == other_frame[0],
              'they show the wrong VM')
        check(first.stop() == 0, 'the first left with %s' % first.process.returncode)
        first_guest.stop()
        before = newest(other)['video']['shown']
        wait_for('the other to go on', lambda: newest(other)['video']['shown'] > before + 30)
        check(newest(other)['video']['resubscriptions'] == 0, 'the other was disturbed')
        check(other.stop() == 0, 'the other left with %s' % other.process.returncode)
        other_guest.stop()
    finally:
        if os.path.exists(shm):
            os.unlink(shm)


def case_highdpi():
    """An output of scale 2: the window's pixels are the screen's, so that a picture of their number is 1:1."""
    if MODE != 'sway':  # the session has that scale from the beginning
        frame = (640, 360)
        guest(frame, '--fps=10')
        client((320, 180))
        screen, corner, scale, _ = shown(frame, frame)
        check(scale == 1, 'not 1:1')
        check_colours(screen, corner, frame)
        return
    subprocess.run(['swaymsg', 'output', '*', 'scale', '2'], check=True, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL)
    frame = SCREEN
    guest(frame, '--fps=10')
    client((640, 400))
    screen, corner, scale, _ = shown(frame, frame)
    check(scale == 1 and corner == (0, 0), 'not 1:1')
    check_colours(screen, corner, frame)


def case_full_screen():
    """The escape key with F: the picture is as large as the screen has room for, and again it is as before."""
    frame = (640, 360)
    source = guest(frame, '--fps=10', '--report')
    program = client(frame)
    _, corner, _, _ = shown(frame, frame)
    hands = Hands()
    connected(program)
    hands.click(int(corner[0]) + 300, int(corner[1]) + 150)
    wait_for('the click', lambda: any(o.get('event') == 'button' for o in source.objects()))
    for size in SCREEN, frame, SCREEN, frame:
        hands.with_escape('f')
        _, corner, scale, _ = shown(size, frame)
        print('%d x %d: scale %g at %s' % (*size, scale, corner))
    check(program.stop() == 0, 'the client left with %s' % program.process.returncode)


# Scale and size of an output whose logical size is whole.
FRACTIONS = (1.25, (1280, 800)), (1.5, (1200, 600)), (1.75, (1400, 700))


def still_picture():
    def look():
        a = capture().data
        time.sleep(0.3)
        return a if a == capture().data else None
    return wait_for('a still picture', look, 20)


def case_fractional():
    """Needs sway with wp_fractional_scale_v1 and an SDL that speaks it (2.28). Outputs of scale 1.25, 1.5 and 1.75: a picture of
    as many pixels as the output has is there to the byte as at scale 1, and not drawn at 2 and made smaller by the compositor."""
    for scale, size in FRACTIONS:
        resize_output(size)
        output_scale(1)
        source = guest(size, '--fps=0')
        program = client(size, '--full-screen', env={'WAYLAND_DEBUG': '1'})
        wait_for('the picture', lambda: newest(program)['video']['shown'] > 0, 20)
        time.sleep(4)  # until all texts are gone
        plain = still_picture()
        output_scale(scale)
        time.sleep(2)
        found = still_picture()
        with open(program.log, errors='replace') as file:
            spoken = re.search(r'-> wl_registry[@#]\d+\.bind\(\d+, "wp_fractional_scale_manager_v1"', file.read())
        if not spoken:
            print('this sway or this SDL does not speak wp_fractional_scale_v1')
            raise SystemExit(77)
        differ = sum(a != b for a, b in zip(plain, found))
        print('scale %s: %d of %d bytes differ from scale 1' % (scale, differ, len(plain)))
        check(len(plain) == len(found) and differ == 0, 'not 1:1')
        check(program.stop() == 0, 'the client left with %s' % program.process.returncode)
        source.stop()


def case_outputs():
    """Two monitors of other scales: the picture is 1:1 on each, also in full screen, and scales change while it plays."""
    def sway(*words):
        subprocess.run(['swaymsg', *words], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    def is_on(output, what, crisp_there=True):
        path = os.path.join(WORK, output + '.ppm')

        def look():
            subprocess.run(['grim', '-t', 'ppm', '-o', output, path], check=True, stdin=subprocess.DEVNULL)
            screen = Screen(path)
            if (screen.width, screen.height) != SCREEN:
                return None
            serials = screen.stamps(0, 0, SCREEN[1], 1)
            return screen if None not in serials and len(set(serials)) == 1 else None
        if crisp_there:
            check_colours(wait_for('the picture on %s (%s)' % (output, what), look, 20), (0, 0), SCREEN)
        before = newest(program)['video']['shown']
        wait_for('pictures (%s)' % what, lambda: newest(program)['video']['shown'] > before + 5)
        print('ok: ' + what)

    sway('create_output')
    sway('output', 'HEADLESS-2', 'resolution', '%dx%d' % SCREEN, 'position', '3000', '0', 'scale', '2')
    guest(SCREEN, '--fps=10')
    program = client(SCREEN)
    wait_for('the picture', lambda: newest(program)['video']['shown'] > 0, 20)
    sway('[app_id=.*]', 'move', 'container', 'to', 'output', 'HEADLESS-1')
    sway('[app_id=.*]', 'focus')
    is_on('HEADLESS-1', 'the first monitor')
    sway('[app_id=.*]', 'move', 'container', 'to', 'output', 'HEADLESS-2')
    is_on('HEADLESS-2', 'moved to one of scale 2')
    sway('[app_id=.*]', 'fullscreen', 'enable')
    is_on('HEADLESS-2', 'full screen there')
    sway('output', 'HEADLESS-2', 'scale', '1')
    is_on('HEADLESS-2', 'its scale changed to 1')
    sway('output', 'HEADLESS-2', 'scale', '1.5')
    is_on('HEADLESS-2', 'to 1.5', False)
    sway('output', 'HEADLESS-2', 'scale', '2')
    is_on('HEADLESS-2', 'to 2')
    check(program.stop() == 0, 'the client left with %s' % program.process.returncode)


def crisp(size, scale):
    """Needs a compositor with wp_fractional_scale_v1 (KWin 5.27) and an SDL that speaks it. What is on the screen of that scale is
    to the byte what the guest drew, but for what the desktop puts over it."""
    source = guest(size, '--fps=0')
    picture = os.path.join(WORK, 'guest.png')
    subprocess.run([os.path.join(BUILD, 'bin/pierglass'), '--no-lg-config', '--shm=' + SHM, '--spice=off', '--discover=no', '--audio=off',
                    '--screenshot', picture], check=True, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wanted = subprocess.run(['ffmpeg', '-nostdin', '-loglevel', 'error', '-i', picture, '-f', 'rawvideo', '-pix_fmt', 'rgb24', '-'],
                            check=True, capture_output=True, stdin=subprocess.DEVNULL).stdout
    program = client(size, '--full-screen', env={'WAYLAND_DEBUG': '1'})
    wait_for('the picture', lambda: newest(program)['video']['shown'] > 0, 20)
    with open(program.log, errors='replace') as file:
        spoken = re.search(r'-> wl_registry[@#]\d+\.bind\(\d+, "wp_fractional_scale_manager_v1"', file.read())
    if not spoken:
        print('this compositor or this SDL does not speak wp_fractional_scale_v1')
        raise SystemExit(77)

    def look():
        shot = capture()
        found = shot.data
        if (shot.width, shot.height) != size or len(found) != len(wanted):
            return None
        differ = sum(found[at:at + 3] != wanted[at:at + 3] for at in range(0, len(wanted), 3))
        return (differ,) if differ < 500 else None  # a pointer of the desktop's
    differ, = wait_for('the guest\'s own pixels on the screen', look, 20)
    print('scale %s: %d of %d pixels are not the guest\'s' % (scale, differ, size[0] * size[1]))
    check(program.stop() == 0, 'the client left with %s' % program.process.returncode)
    source.stop()


def case_fractional_125():
    crisp((1280, 800), 1.25)


def case_fractional_150():
    crisp((1200, 600), 1.5)


def case_fractional_175():
    crisp((1400, 700), 1.75)


def case_invert():
    """A pointer that inverts: its bar is black on the guest's white, at the guest's place, and nothing else changed. On a
    surface of EGL (sway) as where we put the picture on the window ourselves (X11)."""
    frame = SCREEN if MODE == 'sway' else FRAME
    guest(frame, '--fps=10', '--cursor=mono', '--cursor-still')  # its hot spot is at (0, 0), its bar two pixels wide
    client(frame, '--always-show-cursor')
    shown(frame, frame)

    def row(y):
        screen = capture()
        return [tuple(screen.data[(y * screen.width + x) * 3:][:3]) for x in range(4)]
    wanted = [(0, 0, 0)] + [(255, 255, 255)] * 3
    wait_for('the bar of the pointer', lambda: row(2) == wanted)
    check(row(14) == [(255, 255, 255)] * 4, 'the pointer is too long: %s' % row(14))


def case_pointer():
    """The guest's pointer is in the picture while ours is, and goes with it; with --always-show-cursor it stays where ours
    left the picture."""
    source = guest(FRAME, '--fps=30', '--cursor=color', '--cursor-still')
    left, top = 300, 200

    def picture():
        screen = capture()
        return [screen.data[(y * screen.width + left) * 3:(y * screen.width + left + FRAME[0]) * 3]
                for y in range(top, top + FRAME[1])]

    def settled():
        a = picture()
        time.sleep(0.3)
        return a if a == picture() else None
    for option in ('--no-always-show-cursor', '--always-show-cursor'):
        xdotool('mousemove', '1200', '700')
        program = client(FRAME, option, place=(left, top))
        wait_for('frames', lambda: newest(program)['video']['shown'] > 5)
        connected(program)
        focus((left, top), FRAME)
        source.say('pause')  # so that only pointers move
        time.sleep(1)
        inside = wait_for('a still picture', settled)
        xdotool('mousemove', '100', str(top + FRAME[1] // 2))
        time.sleep(1)
        outside = wait_for('a still picture', settled)
        changed = [x for a, b in zip(inside, outside) for x in range(FRAME[0]) if a[3 * x:3 * x + 3] != b[3 * x:3 * x + 3]]
        middle, edge = sum(x >= 100 for x in changed), sum(x < 100 for x in changed)
        print('%s: pixels that change when our pointer leaves: %d where it was, %d where it left' % (option, middle, edge))
        check(middle > 50, 'the guest\'s pointer was not where ours was')
        check((edge > 50) == (option == '--always-show-cursor'), 'it is not drawn as asked')
        program.stop()
        source.say('resume')


def case_memory():
    """At 1:1 X11 gets the picture from memory, GL draws only what is under a pointer or a text: to the pixel what GL alone
    shows, also where the pointer moved, a text came and went, and after the window was larger for a while."""
    place = (200, 100)
    source = guest(FRAME, '--fps=30', '--cursor=mono', '--cursor-still')

    def picture(size=FRAME):
        screen = capture()
        left, top = place
        return [screen.data[(y * screen.width + left) * 3:(y * screen.width + left + size[0]) * 3]
                for y in range(top, top + size[1])]

    def differing(a, b):
        return sum(x != y for x, y in zip(b''.join(a), b''.join(b)))

    def still(size=FRAME):
        def look():
            a = picture(size)
            time.sleep(0.2)
            return a if a == picture(size) else None
        return wait_for('a still picture', look)
    def way(program):
        ways = [text.split()[-1] for _, text in program.log_lines() if 'by way of' in text]
        return ways[-1] if ways else None
    first = client(FRAME, '--always-show-cursor', '--log-level=debug', place=place)
    wait_for('frames from memory', lambda: newest(first)['video']['shown'] > 30 and way(first) == 'memory')
    connected(first)
    window = window_of(first)
    focus(place, FRAME)
    xdotool('mousemove', '1200', '700')
    time.sleep(1)  # a pointer that moves over frames that come
    source.say('pause')
    before = still()
    focus(place, FRAME)
    xdotool('key', 'Scroll_Lock')  # a text
    wait_for('a text over it', lambda: picture() != before)
    with_text = picture()
    xdotool('key', 'Scroll_Lock')
    xdotool('mousemove', '1200', '700')
    wait_for('the text to go', lambda: differing(with_text, still()) > 500, 15)
    time.sleep(1)
    pictures = {'memory': still()}
    double = (2 * FRAME[0], 2 * FRAME[1])
    xdotool('windowsize', window, *map(str, double))
    wait_for('the larger window', lambda: size_of(window) == double)
    pictures['memory, larger'] = still(double)
    xdotool('windowsize', window, *map(str, FRAME))
    wait_for('the window of before', lambda: size_of(window) == FRAME)
    check(still() == pictures['memory'], 'another picture after the window was larger')
    check(first.stop() == 0, 'the client left with %s' % first.process.returncode)

    second = client(FRAME, '--always-show-cursor', '--upload=direct', '--log-level=debug', place=place)
    wait_for('the frame', lambda: newest(second)['video']['shown'] > 0)
    connected(second)
    time.sleep(1)
    check(way(second) == 'direct', 'not by GL alone: %s' % way(second))
    pictures['GL'] = still()
    window = window_of(second)
    xdotool('windowsize', window, *map(str, double))
    wait_for('the larger window', lambda: size_of(window) == double)
    pictures['GL, larger'] = still(double)
    for a, b in ('memory', 'GL'), ('memory, larger', 'GL, larger'):
        differ = differing(pictures[a], pictures[b])
        print('%s and %s: %d bytes differ' % (a, b, differ))
        check(differ == 0, '%s is not what GL shows' % a)


def resize_output(size):
    subprocess.run(['swaymsg', 'output', '*', 'resolution', '%dx%d' % size], check=True, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL)


def output_scale(scale):
    subprocess.run(['swaymsg', 'output', '*', 'scale', str(scale)], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def middle(shot):
    """300 x 200 pixels of it, which the panel covers."""
    x, y = shot.width // 2 - 150, shot.height // 2 - 100
    return [shot.data[3 * (row * shot.width + x):3 * (row * shot.width + x + 300)] for row in range(y, y + 200)]


def case_buffers():
    """On Wayland the picture is written into the buffers that the compositor reads by turns, and pointer and texts are drawn
    over it there: to the pixel what GL alone shows, whatever part of the guest's picture changes, after a pointer moved over
    it, a text and the panel came and went, and (sway) the output was smaller for a while. The panel, which hides all under
    it, is not drawn again with each frame: it stands as it was."""
    source = guest(SCREEN, '--fps=30', '--damage=rects', '--cursor=mono', '--cursor-still')
    hands = Hands()
    if MODE == 'sway':  # the desktop's own pointer is no matter of the picture's
        subprocess.run(['swaymsg', 'seat', '*', 'hide_cursor', '100'], check=True, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL)

    def still():
        def look():
            a = capture().data
            time.sleep(0.2)
            return a if a == capture().data else None
        return wait_for('a still picture', look)

    def start(*options):
        program = client(SCREEN, '--always-show-cursor', '--full-screen', '--log-level=debug', *options)
        wait_for('frames', lambda: newest(program)['video']['shown'] > 0)
        connected(program)
        return program

    def move_pointer():
        for x in range(300, 900, 60):
            xdotool('mousemove', str(x), '300')
            time.sleep(0.05)
        xdotool('mousemove', '1000', '700')

    def text_on_off():
        hands.with_escape('d')  # through which the picture shines; without a capture, in which pointers move
        time.sleep(1)
        hands.with_escape('d')
        time.sleep(0.5)

    def panel_on_off(program):
        hands.with_escape('o')
        time.sleep(0.7)
        first = newest(program)['video']['shown']
        panels = [middle(capture())]
        for frames in 10, 20, 30:
            wait_for('frames under the panel', lambda at=first + frames: newest(program)['video']['shown'] > at, 60)
            panels.append(middle(capture()))
        check(panels.count(panels[0]) == len(panels), 'the panel changes under frames')
        hands.key('Escape')
        wait_for('the panel to go', lambda: middle(capture()) != panels[0])

    for options in ('--draw=auto',), ('--draw=cpu',):
        program = start(*options)
        if MODE != 'sway':
            focus((0, 0), SCREEN)
        before = newest(program)['video']['shown']
        wait_for('more frames', lambda: newest(program)['video']['shown'] > before + 30, 60)
        check(any('by way of: memory' in text for _, text in program.log_lines()), 'not from memory')
        text_on_off()
        panel_on_off(program)
        if MODE != 'sway':
            move_pointer()
        else:
            resize_output((1000, 700))
            time.sleep(0.7)
            resize_output(SCREEN)
            time.sleep(0.7)
        source.say('pause')
        time.sleep(4)  # until all texts are gone
        found = still()
        text_on_off()
        time.sleep(4)
        check(still() == found, '%s: a text leaves something behind' % options)
        check(program.stop() == 0, 'the client left with %s' % program.process.returncode)
        program = start('--upload=direct')
        if MODE != 'sway':
            move_pointer()
        time.sleep(4)
        wanted = still()
        check(program.stop() == 0, 'the client left with %s' % program.process.returncode)
        differ = [at // 3 for at, (a, b) in enumerate(zip(found, wanted)) if a != b]
        print('%s: %d bytes differ from what GL alone shows' % (options[0], len(differ)))
        if differ:
            columns, rows = [at % SCREEN[0] for at in differ], [at // SCREEN[0] for at in differ]
            print('from %d, %d to %d, %d' % (min(columns), min(rows), max(columns), max(rows)))
        check(not differ, 'another picture than GL\'s')
        source.say('resume')


def sleeps_of(program, name):
    """How often the threads of that name went to sleep."""
    total = 0
    for task in os.listdir('/proc/%d/task' % program.process.pid):
        with open('/proc/%d/task/%s/status' % (program.process.pid, task)) as file:
            fields = dict(line.split(':', 1) for line in file)
        if fields['Name'].strip() == name:
            total += int(fields['voluntary_ctxt_switches'])
    return total


def case_wakes():
    """While a picture plays and the guest's pointer moves, the threads that have nothing to do with them sleep: a compositor
    answers each frame on the connection that the window's thread and the clipboard share with the picture."""
    guest((640, 360), '--cursor=color')
    program = client((640, 360))
    wait_for('frames', lambda: newest(program)['video']['shown'] > 60)
    frames = newest(program)['video']['shown']
    before = {name: sleeps_of(program, name) for name in ('pierglass', 'pg-clip')}
    wait_for('more frames', lambda: newest(program)['video']['shown'] >= frames + 150, 20)
    after = {name: sleeps_of(program, name) for name in before}
    frames = newest(program)['video']['shown'] - frames
    each = {name: (after[name] - before[name]) / frames for name in before}
    print(', '.join('%s: %.1f times a frame' % pair for pair in each.items()))
    check(sum(each.values()) < 6, 'threads that have nothing to do wake for each frame')
    check(program.stop() == 0, 'the client left with %s' % program.process.returncode)


NO_GL = {'MESA_GLES_VERSION_OVERRIDE': '2.0'}


def case_no_gl():
    """A driver without OpenGL ES 3 (an old GPU, a broken installation): the picture all the same, drawn by the CPU, and the
    reason in the window, once in the log."""
    frame = (640, 360)
    guest(frame, '--fps=30')
    program = client(frame, env=NO_GL)
    connected(program)
    wait_for('frames', lambda: newest(program)['video']['shown'] > 5)
    screen, corner, scale, _ = shown(frame, frame)
    if scale == 1:
        check_colours(screen, corner, frame)
    edge = int(corner[0] + frame[0] * scale) if MODE != 'sway' else screen.width
    top = int(corner[1]) if MODE != 'sway' else 0

    def sign():
        shot = capture()
        at = [((top + y) * shot.width + edge - x) * 3 for y in range(30) for x in range(1, 150)]
        return sum(shot.data[i] > 180 and 90 < shot.data[i + 1] < 210 and shot.data[i + 2] < 110 for i in at)
    found = wait_for('the sign', lambda: sign() > 30 and sign())
    time.sleep(2.5)  # as long as a second try of the driver would take
    errors = [text for _, text in program.log_lines() if text.split()[0] in ('error', 'warn') and 'OpenGL' in text]
    print('%d pixels of the sign; said of OpenGL: %s' % (found, errors))
    check(1 <= len(errors) <= 3, 'said %d times' % len(errors))
    check(program.stop() == 0, 'the client left with %s' % program.process.returncode)


def colours_on(display, folder, frame, step):
    """How many colours the client shows on that X server, whose screen lies in a file of the folder."""
    program = client(frame, '--draw=cpu', env={'DISPLAY': display})
    wait_for('frames', lambda: newest(program)['video']['shown'] > 5)
    time.sleep(0.3)
    with open(os.path.join(folder, 'Xvfb_screen0'), 'rb') as file:
        pixels = file.read()[-800 * 600 * step:]
    check(program.stop() == 0, 'the client left with %s' % program.process.returncode)
    return len({pixels[i:i + step] for i in range(0, len(pixels), step)})


def case_depths():
    """X servers of 8 and 16 bits a pixel, where no driver draws: the picture in as many colours as there are."""
    frame = (640, 360)
    source = guest(frame, '--fps=30')
    for depth, least in ('16', 150), ('8', 24):
        folder = os.path.join(WORK, 'x' + depth)
        os.mkdir(folder)
        read, write = os.pipe()
        server = subprocess.Popen(['Xvfb', '-displayfd', str(write), '-screen', '0', '800x600x' + depth, '-nolisten', 'tcp',
                                   '-fbdir', folder], pass_fds=[write], stdin=subprocess.DEVNULL,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(write)
        try:
            colours = colours_on(':' + os.read(read, 16).decode().strip(), folder, frame, int(depth) // 8)
        finally:
            server.kill()
            server.wait()
            os.close(read)
        print('depth %s: %d colours' % (depth, colours))
        check(colours >= least, 'the picture is not there')
    source.stop()


if __name__ == "__main__":
    run(globals())
