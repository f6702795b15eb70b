"""The rooms of the house: every library and program that CMake declares, what each may include, and
what it does include. Read by tests/integration/layers; run by hand, it draws them:

    tests/support/rooms.py map      prints the table that stands in HACKING.md
    tests/support/rooms.py write    brings that table and doc/images/rooms.svg up to date
"""
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TOPS = ('base', 'host-proto', 'recording', 'audio', 'input', 'client', 'tools')
CALL = re.compile(r'^\s*pg_(library|program)\(([^)]*)\)', re.M)
KEYWORDS = ('SOURCES', 'USES', 'PKG', 'INSTALL', 'SIGN_CONVERSION')
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.M)


def read(path):
    with open(os.path.join(ROOT, path), encoding='utf-8', errors='replace') as file:
        return file.read()


class Target:
    """A pg_library() or pg_program(): its sources as paths from the root, and its USES."""

    def __init__(self, kind, folder, words):
        self.kind, self.folder, self.name = kind, folder, words[0]
        lists = {word: [] for word in KEYWORDS}
        into = None
        for word in words[1:]:
            if word in KEYWORDS:
                into = lists[word]
            elif into is not None:
                into.append(word)
        self.sources = [os.path.normpath(os.path.join(folder, s)) for s in lists['SOURCES']]
        self.uses = lists['USES']

    def folders(self):
        return {os.path.dirname(s) for s in self.sources} | {self.folder}


class House:
    """All targets in the order in which CMake meets them, and all sources. text(path) gives a
    source's text; a test may hand in another one."""

    def __init__(self, text=read):
        self.text = text
        self.targets, self.files = [], []
        for top in TOPS:
            self._cmake(top)
        for top in TOPS:
            for folder, folders, files in os.walk(os.path.join(ROOT, top)):
                folders.sort()
                where = os.path.relpath(folder, ROOT)
                self.files += [os.path.join(where, f) for f in sorted(files) if f.endswith(('.c', '.h'))]
        self.owner = {}
        for target in self.targets:
            for source in target.sources:
                self.owner.setdefault(source, []).append(target)

    def _cmake(self, folder, name='CMakeLists.txt'):
        """Reads one file, and those that it names, where it names them."""
        path = os.path.join(folder, name)
        text = re.sub(r'#.*', '', read(path))
        lists = {n: words for n, words in re.findall(r'^\s*set\((\w+)\s([^)]*)\)', text, re.M)}
        for found in re.finditer(r'^\s*(pg_library|pg_program|target_sources|include|add_subdirectory)\(([^)]*)\)', text, re.M):
            call, body = found.groups()
            words = re.sub(r'\$\{(\w+)\}', lambda m: lists.get(m.group(1), ''), body).split()
            if call == 'add_subdirectory':
                self._cmake(os.path.join(folder, words[0]))
            elif call == 'include':
                if words[0].endswith('.cmake'):
                    self._cmake(folder, words[0])
            elif call == 'target_sources':
                for target in self.targets:
                    if words[0] in (target.name, 'pg_' + target.name):
                        target.sources += [os.path.normpath(os.path.join(folder, w)) for w in words[2:]]
            else:
                self.targets.append(Target(call[3:], folder, words))

    def owners(self, path):
        """A header belongs to the source of its name, else to the libraries of its folder, else to
        its programs."""
        if path.endswith('.c'):
            return self.owner.get(path, [])
        of_folder = [t for t in self.targets if os.path.dirname(path) in t.folders()]
        return self.owner.get(path[:-2] + '.c') or [t for t in of_folder if t.kind == 'library'] or of_folder

    def includes(self, path):
        """Our headers that a source names, as paths from the root; those that the build makes are not among them."""
        return [i for i in INCLUDE.findall(self.text(path)) if os.path.exists(os.path.join(ROOT, i))]

    def arrows(self):
        """{room: {room it includes: number of includes}}; a room is a folder."""
        arrows = {}
        for path in self.files:
            here = os.path.dirname(path)
            mine = arrows.setdefault(here, {})
            for included in self.includes(path):
                there = os.path.dirname(included)
                if there != here:
                    mine[there] = mine.get(there, 0) + 1
        return arrows

    def order(self):
        """The folders, a folder after all that its targets use."""
        order = []
        for target in self.targets:
            if target.folder not in order:
                order.append(target.folder)
        return order


def circles(graph):
    """Sets of nodes that reach each other (Tarjan's strongly connected components of more than one)."""
    index, low, stack, found = {}, {}, [], []

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in graph.get(node, ()):
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            group = set()
            while True:
                member = stack.pop()
                group.add(member)
                if member == node:
                    break
            if len(group) > 1:
                found.append(group)

    sys.setrecursionlimit(10000)
    for node in sorted(graph):
        if node not in index:
            visit(node)
    return found


def modules(house):
    """{module: modules of the same folder that it includes}; a module is a .c with the .h of its name."""
    graph = {}
    for path in house.files:
        mine = graph.setdefault(path[:-2], set())
        for included in house.includes(path):
            if os.path.dirname(included) == os.path.dirname(path) and included[:-2] != path[:-2]:
                mine.add(included[:-2])
    return graph


def what_it_is(house, folder):
    """The first sentence of the comment on top of its CMakeLists.txt."""
    lines = []
    for line in read(os.path.join(folder, 'CMakeLists.txt')).splitlines():
        if not line.startswith('#'):
            break
        lines.append(line.lstrip('# '))
    return re.split(r'(?<=\.)(?:\s|$)', ' '.join(lines))[0] if lines else ''


def room_map(house):
    arrows = house.arrows()
    lines = ['| room | what it is | includes, beside base |', '|---|---|---|']
    for folder in house.order():
        uses = ', '.join(sorted(set(arrows.get(folder, {})) - {'base'}))
        lines.append(f'| {folder}/ | {what_it_is(house, folder)} | {uses} |')
    return '\n'.join(lines) + '\n'


def svg(house):
    """Each room as a box, one floor above the highest room that it includes; arrows point down."""
    arrows = {here: [t for t in there if t != 'base'] for here, there in house.arrows().items() if here != 'base'}
    floor = {}

    def height(room):
        if room not in floor:
            floor[room] = 1 + max((height(t) for t in arrows.get(room, ())), default=-1)
        return floor[room]

    for room in arrows:
        height(room)
    floors = [sorted(r for r in floor if floor[r] == n) for n in range(max(floor.values()) + 1)]
    wide, high, gap, width = 132, 30, 62, 20 + 146 * max(len(f) for f in floors)
    tall = 20 + (high + gap) * len(floors)
    at = {}
    for n, row in enumerate(floors):
        step = (width - 20) / len(row)
        for i, room in enumerate(row):
            at[room] = (10 + step * (i + 0.5), tall - 10 - high - n * (high + gap))
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{tall}" font-family="sans-serif" '
           'font-size="12">', f'<rect width="{width}" height="{tall}" fill="white"/>']
    for here in sorted(arrows):
        for there in sorted(arrows[here]):
            (x, y), (to_x, to_y) = at[here], at[there]
            out.append(f'<line x1="{x:.0f}" y1="{y + high:.0f}" x2="{to_x:.0f}" y2="{to_y:.0f}" stroke="#88a"/>')
    for room in sorted(at):
        x, y = at[room]
        out.append(f'<rect x="{x - wide / 2:.0f}" y="{y:.0f}" width="{wide}" height="{high}" rx="4" fill="#eef" '
                   f'stroke="#446"/><text x="{x:.0f}" y="{y + 19:.0f}" text-anchor="middle">{room}</text>')
    return '\n'.join(out + ['</svg>']) + '\n'


def drawn(house):
    """(path, text) of what is made from the house: the map in HACKING.md and the picture."""
    hacking = read('HACKING.md')
    begin, end = '<!-- rooms: made by tests/support/rooms.py -->\n', '<!-- end of rooms -->\n'
    before, rest = hacking.split(begin)
    after = rest.split(end)[1]
    return [('HACKING.md', before + begin + room_map(house) + end + after), ('doc/images/rooms.svg', svg(house))]


def write(house):
    for path, text in drawn(house):
        with open(os.path.join(ROOT, path), 'w', encoding='utf-8') as file:
            file.write(text)


if __name__ == '__main__':
    ways = {'map': lambda house: print(room_map(house), end=''), 'write': write}
    if len(sys.argv) != 2 or sys.argv[1] not in ways:
        sys.exit(__doc__)
    ways[sys.argv[1]](House())
