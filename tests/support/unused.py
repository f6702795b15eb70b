#!/usr/bin/env python3
"""Functions of the product that nothing but tests calls, by nm over the objects of a build folder.

usage: unused.py BUILD

A function counts as called where another object of the product refers to it, or where its own
source names it a second time outside of comments. Two rules give tests what they need:

  X_fault.h    faults that only a test asks for; X.c and tests alone may include it (the layer test
               sees to that), and its functions need no other caller
  host-proto/sim/
               the other ends, which tests play against: a test is a caller there
"""
import collections
import glob
import os
import re
import subprocess
import sys

TOP = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
COMMENT = re.compile(r"/\*.*?\*/", re.S)
TESTS = ("tests/", "fuzz/")


def objects(build):
    """{object: source} of what the build makes now: stale objects of renamed files are no part."""
    names = subprocess.run(["ninja", "-C", build, "-t", "targets", "all"], capture_output=True, text=True, check=True)
    found = {}
    for line in names.stdout.split("\n"):
        name = os.path.join(build, line.split(":")[0])
        if name.endswith(".c.o") and os.path.exists(name):
            found[name] = re.sub(r"CMakeFiles/[^/]+\.dir/", "", line.split(":")[0])[:-2]
    return found


def symbols(sources):
    """({function: the product's source that defines it}, {function: sources that refer to it})."""
    defined, called = {}, collections.defaultdict(set)
    out = subprocess.run(["nm", "-A", *sources], capture_output=True, text=True, check=True).stdout
    for line in out.split("\n"):
        found = re.match(r"(.*\.o):[0-9a-f ]*([TU]) (\w+)$", line)
        if found:
            name, kind, function = found.groups()
            source = sources[name]
            if kind == "U":
                called[function].add(source)
            elif not source.startswith(TESTS):
                defined[function] = source
    return defined, called


def code(path):
    with open(path, encoding="utf-8") as text:
        return COMMENT.sub(" ", text.read())


def faults(top=TOP):
    """The functions that headers X_fault.h declare."""
    names = set()
    for path in glob.glob(os.path.join(top, "**", "*_fault.h"), recursive=True):
        names |= set(re.findall(r"\b(\w+)\([^;{]*\);", code(path)))
    return names


def unused(sources, top=TOP):
    """(source, function, its callers in tests) of each that has no caller, and how many were looked at."""
    defined, called = symbols(sources)
    exempt, found = faults(top), []
    for function, source in sorted(defined.items(), key=lambda d: (d[1], d[0])):
        path = os.path.join(top, source)
        if function == "main" or function in exempt or not os.path.exists(path):
            continue
        callers = called[function]
        if any(not caller.startswith(TESTS) for caller in callers) or callers and source.startswith("host-proto/sim/"):
            continue
        if len(re.findall(rf"\b{function}\b", code(path))) < 2:
            found.append((source, function, sorted(os.path.basename(c) for c in callers)))
    return found, len(defined)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    found, looked_at = unused(objects(sys.argv[1]))
    for source, function, callers in found:
        print(f"{source}: {function}: {', '.join(callers) or 'nobody'}")
    print(f"{len(found)} functions that only tests call, of {looked_at}")


if __name__ == "__main__":
    main()
