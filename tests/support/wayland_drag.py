"""A Wayland program that lets files be dragged out of its window: bytes on the socket, no toolkit.

    wayland_drag.py PATH|URI...

A window of 100x100; pressing a mouse button in it starts a drag of these files. Prints "ready" when the window is
there, "drag" when it starts, "sent" when the other side has read the list, and leaves when it says that it is done.
"""
import mmap
import os
import sys
import urllib.parse

from wayland_wire import Wire, words


def say(word):
    print(word, flush=True)


def uri(path):
    return (path if '://' in path else 'file://' + urllib.parse.quote(path)).encode()


def main(paths):
    wire = Wire()
    wire.globals()
    bind = wire.bind
    compositor, shm, seat = bind('wl_compositor', 1), bind('wl_shm', 1), bind('wl_seat', 1)
    shell, manager = bind('xdg_wm_base', 1), bind('wl_data_device_manager', 3)
    pointer, device, surface = wire.new(), wire.new(), wire.new()
    wire.send(seat, 0, pointer)
    wire.send(manager, 1, device, seat)
    wire.send(compositor, 0, surface)
    shell_surface, toplevel = wire.new(), wire.new()
    wire.send(shell, 2, shell_surface, surface)
    wire.send(shell_surface, 1, toplevel)
    wire.send(surface, 6)  # commit: asks for the first configure

    side = 100
    memory = os.memfd_create('drag')
    os.truncate(memory, side * side * 4)
    with mmap.mmap(memory, side * side * 4) as pixels:
        pixels.write(b'\x00\x80\xff\xff' * side * side)
    pool, buffer, source = wire.new(), wire.new(), None
    wire.send(shm, 0, pool, side * side * 4, fd=memory)
    wire.send(pool, 0, buffer, 0, side, side, side * 4, 0)

    while True:
        target, opcode, body = wire.receive()
        if target == shell and opcode == 0:  # ping
            wire.send(shell, 3, *words(body, 1))
        elif target == shell_surface and opcode == 0:  # configure
            wire.send(shell_surface, 4, *words(body, 1))
            wire.send(surface, 1, buffer, 0, 0)
            wire.send(surface, 2, 0, 0, side, side)
            wire.send(surface, 6)
            say('ready')
        elif target == pointer and opcode == 3 and words(body, 4)[3] == 1 and source is None:  # button pressed
            source = wire.new()
            wire.send(manager, 0, source)
            wire.send(source, 0, 'text/uri-list')
            wire.send(source, 2, 1)  # copy
            wire.send(device, 0, source, surface, 0, words(body, 1)[0])
            say('drag')
        elif target == source and opcode == 1:  # send
            with os.fdopen(wire.fds.pop(0), 'wb') as file:
                file.write(b''.join(uri(path) + b'\r\n' for path in paths))
            say('sent')
        elif target == source and opcode == 4:  # finished
            say('finished')
            return
        elif target == source and opcode == 2:  # cancelled
            sys.exit('the drop was not taken')


main(sys.argv[1:])
