"""A captured screen (binary PPM), and the demo guest's stamps in it (host-proto/stamp.h)."""

CELL, CELLS, STRIPE, TOP = 4, 50, 16, 6


class Screen:
    def __init__(self, path):
        with open(path, 'rb') as file:
            data = file.read()
        fields, at = [], 0
        while len(fields) < 4:  # magic, width, height, maximum: separated by white space, # comments
            end = at
            while data[end:end + 1] not in (b' ', b'\n', b'\t', b'\r'):
                end += 1
            if data[at:at + 1] == b'#':
                end = data.index(b'\n', at)
            elif end > at:
                fields.append(data[at:end])
            at = end + 1
        if fields[0] != b'P6' or fields[3] != b'255':
            raise ValueError('%s is not a PPM of 8 bits' % path)
        self.width, self.height = int(fields[1]), int(fields[2])
        self.data = data[at:at + self.width * self.height * 3]
        if len(self.data) != self.width * self.height * 3:
            raise ValueError('%s is cut off' % path)

    def pixel(self, x, y):
        at = (y * self.width + x) * 3
        return tuple(self.data[at:at + 3])

    def stamp(self, left, top, stripe, scale=1):
        """The serial in that stripe of a frame shown at (left, top), or None."""
        y = int(top + (stripe * STRIPE + TOP + CELL / 2) * scale)
        if y >= self.height or left + CELLS * CELL * scale > self.width:
            return None
        bits = 0
        for cell in range(CELLS):
            x = int(left + (cell * CELL + CELL / 2) * scale)
            bits = bits << 1 | (self.data[(y * self.width + x) * 3 + 1] >= 128)
        serial = bits >> 16 & 0xffffffff
        check = (serial ^ serial >> 8 ^ serial >> 16 ^ serial >> 24 ^ stripe ^ 0xa5) & 0xff
        if bits >> 48 != 2 or bits >> 8 & 0xff != stripe & 0xff or bits & 0xff != check:
            return None
        return serial

    def stamps(self, left, top, height, scale=1):
        """The serials of all stripes of a frame of that height; None where one cannot be read."""
        return [self.stamp(left, top, stripe, scale) for stripe in range(height // STRIPE)]

    def part(self, left, top, width, height):
        """That part of the screen, where it reaches beyond the edge cut there."""
        left, top = max(0, left), max(0, top)
        width, height = min(width, self.width - left), min(height, self.height - top)
        rows = [self.data[((top + y) * self.width + left) * 3:((top + y) * self.width + left + width) * 3] for y in range(height)]
        cut = object.__new__(Screen)
        cut.width, cut.height, cut.data = width, height, b''.join(rows)
        return cut

    def box_of_not(self, colour):
        """The smallest box (left, top, right, bottom) outside which every pixel has that colour."""
        background = bytes(colour)
        empty = background * self.width
        rows = [self.data[y * self.width * 3:(y + 1) * self.width * 3] for y in range(self.height)]
        filled = [y for y, row in enumerate(rows) if row != empty]
        if not filled:
            return None
        left, right = self.width, 0
        for y in filled:
            row = rows[y]
            x = 0
            while x < left and row[x * 3:x * 3 + 3] == background:
                x += 1
            left = min(left, x)
            x = self.width
            while x > right and row[x * 3 - 3:x * 3] == background:
                x -= 1
            right = max(right, x)
        return left, filled[0], right, filled[-1] + 1
