"""The Wayland protocol by hand: bytes on the socket, no toolkit. For programs of tests that play a person's part."""
import array
import os
import socket
import struct
import sys


def words(body, count):
    return struct.unpack('=%dI' % count, body[:4 * count])


class Wire:
    def __init__(self):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(os.path.join(os.environ['XDG_RUNTIME_DIR'], os.environ['WAYLAND_DISPLAY']))
        self.bytes, self.fds, self.last = b'', [], 1
        self.registry, self.found = 0, {}

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

    def globals(self):
        """Asks what the compositor has; bind() takes of it."""
        self.registry, done = self.new(), self.new()
        self.send(1, 1, self.registry)
        self.send(1, 0, done)
        self.found = {}
        while True:
            target, opcode, body = self.receive()
            if target == self.registry and opcode == 0:
                name, size = words(body, 2)
                self.found[body[8:8 + size - 1].decode()] = (name, struct.unpack('=I', body[-4:])[0])
            elif target == done:
                return self.found

    def bind(self, interface, version):
        made = self.new()
        self.send(self.registry, 0, self.found[interface][0], interface, version, made)
        return made
