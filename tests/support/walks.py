"""The steps of doc/walks.md against the code: each is a function of its file, and none goes to a
room above, by the order in which CMake declares the rooms. Read by tests/integration/docs.

A list is what happens on one thread. Upwards there are two ways:

  a return   the file of an earlier step calls the function by its name
  an event   the function was handed down by a room that the list passed before, and the step says
             ", an event": only those in EVENTS, for which the document gives a reason
"""
import os
import re
import sys

import rooms

STEP = re.compile(r'^\d+\. `([\w/.-]+)` `(\w+)\(\)`(, an event)?$', re.M)
EVENTS = [('client/session/spice_input.c', 'on_key')]
HEADING = re.compile(r'^## (.*)$', re.M)


class Walks:
    """text: of doc/walks.md. source(path): the text of a source."""

    def __init__(self, text, source=rooms.read, order=None):
        self.source, self.problems = source, []
        self.rank = {room: n for n, room in enumerate(order or rooms.House().order())}
        self.count = dict.fromkeys(('steps', 'down', 'inside', 'returns', 'events'), 0)
        parts = HEADING.split(text)[1:]
        self.sections = list(zip(parts[::2], [self._lists(body) for body in parts[1::2]]))
        for name, lists in self.sections:
            for steps in lists:
                self._list(name, steps)

    @staticmethod
    def _lists(body):
        return [steps for steps in (STEP.findall(block) for block in re.split(r'\n\n(?=[^\d\n])', body)) if steps]

    def _code(self, path):
        return re.sub(r'/\*.*?\*/', '', self.source(path), flags=re.S)

    def _defines(self, path, function):
        return re.search(r'^[a-z][^;=]*\b%s\([^;]*\{$' % function, self._code(path), re.M)

    def _calls(self, path, function):
        """The file names the function in a call: indented, where its definition is not."""
        return re.search(r'^\s.*\b%s\(' % function, self._code(path), re.M)

    def _list(self, name, steps):
        before = []
        for path, function, how in steps:
            self.count['steps'] += 1
            where = f'doc/walks.md, {name}: {path} {function}()'
            if not self._defines(path, function):
                self.problems.append(f'{where} is not there')
            room = os.path.dirname(path)
            above = before and self.rank[room] > self.rank[os.path.dirname(before[-1])]
            if not before:
                pass
            elif not above:
                self.count['inside' if room == os.path.dirname(before[-1]) else 'down'] += 1
            elif not how and any(self._calls(earlier, function) for earlier in before):
                self.count['returns'] += 1
            elif how == ', an event' and room in map(os.path.dirname, before):
                self.count['events'] += 1
            else:
                self.problems.append(f'{where} goes up, and nothing says how')
            if how == ', an event' and not above:
                self.problems.append(f'{where} is no event: it does not go up')
            if how == ', an event' and (path, function) not in EVENTS:
                self.problems.append(f'{where} is called upwards, for which there is no reason')
            before.append(path)

    def said(self):
        sizes = ', '.join(f'{name.lower()} {sum(map(len, lists))}' for name, lists in self.sections)
        ways = ', '.join(f'{n} {way}' for way, n in self.count.items())
        return f'walks: {sizes}; {ways}; {len(self.problems)} wrong'


def planted(text, how=''):
    """What is said of a step into the app, put in where the session has the key."""
    step = '1. `client/session/guest_link.c` `on_wake()`\n'
    walks = Walks(text.replace(step, step + f'1. `client/ui/app_window.c` `app_handle_event()`{how}\n'))
    return [p for p in walks.problems if 'app_handle_event() ' in p]


def check():
    """(problems, a line about what was looked at)"""
    text = rooms.read('doc/walks.md')
    walks = Walks(text)
    found = planted(text) and planted(text, ', an event')
    problems = walks.problems + ([] if found else ['a step upwards was planted in doc/walks.md and not found'])
    if walks.count['steps'] < 60:
        problems.append(f'only {walks.count["steps"]} steps of doc/walks.md could be read')
    return problems, walks.said()


if __name__ == '__main__':
    found, line = check()
    print('\n'.join(found + [line]))
    sys.exit(bool(found))
