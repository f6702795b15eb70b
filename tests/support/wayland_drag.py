"""A Wayland program that lets files be dragged out of its window: bytes on the socket, no toolkit.

    wayland_drag.py PATH...

A window of 100x100; pressing a mouse button in it starts a drag of these files. Prints "ready" when the window is
there, "drag" when it starts, "sent" when the other side has read the list, and leaves when it says that it is done.
"""
import array
import mmap
import os
import socket
import struct
import sys
import urllib.parse


class Wire:
    def __init__(self):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(os.path.join(os.environ['XDG_RUNTIME_DIR'], os.environ['WAYLAND_DISPLAY']))
        self.bytes, self.fds, self.last = b'', [], 1

    def new(self):
        self.last += 1
        return self.last

    def send(self, target, opcode, *arguments, fd=None):
        body = b''
        for argument in arguments:
            if isinstance(argument, str):
                text = argument.encode() + b'\0'
                body += struct.pack('=I', len(text)) + text + b'\0' * (-len(text) % 4)
            else:
                body += struct.pack('=I', argument & 0xffffffff)
        message = struct.pack('=II', target, (len(body) + 8) << 16 | opcode) + body
        extra = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', [fd]))] if fd is not None else []
        self.socket.sendmsg([message], extra)

    def receive(self):
        """(object, opcode, body)"""
        while len(self.bytes) < 8 or len(self.bytes) < struct.unpack('=HH', self.bytes[4:8])[1]:
            data, extra, _, _ = self.socket.recvmsg(65536, socket.CMSG_SPACE(64))
            if not data:
                sys.exit('the compositor closed the connection')
            self.bytes += data
            for level, kind, content in extra:
                if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                    fds = array.array('i')
                    fds.frombytes(content)
                    self.fds += fds
        target, size_opcode = struct.unpack('=II', self.bytes[:8])
        body, self.bytes = self.bytes[8:size_opcode >> 16], self.bytes[size_opcode >> 16:]
        if target == 1 and size_opcode & 0xffff == 0:
            sys.exit('protocol error: %r' % body)
        return target, size_opcode & 0xffff, body


def say(word):
    print(word, flush=True)


def words(body, count):
    return struct.unpack('=%dI' % count, body[:4 * count])


def main(paths):
    wire = Wire()
    registry, done = wire.new(), wire.new()
    wire.send(1, 1, registry)
    wire.send(1, 0, done)
    found = {}
    while True:
        target, opcode, body = wire.receive()
        if target == registry and opcode == 0:
            name, size = words(body, 2)
            found[body[8:8 + size - 1].decode()] = (name, struct.unpack('=I', body[-4:])[0])
        elif target == done:
            break

    def bind(interface, version):
        made = wire.new()
        wire.send(registry, 0, found[interface][0], interface, version, made)
        return made

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
                file.write(b''.join(b'file://' + urllib.parse.quote(path).encode() + b'\r\n' for path in paths))
            say('sent')
        elif target == source and opcode == 4:  # finished
            say('finished')
            return
        elif target == source and opcode == 2:  # cancelled
            sys.exit('the drop was not taken')


main(sys.argv[1:])
