#!/usr/bin/env python3
"""Functions of the product that nothing but tests calls, by nm over the objects of a build folder.

usage: unused.py BUILD

A function counts as called where another object of the product refers to it, or its own source
file names it a second time. host-proto/sim is the tests' other end, so it is left out. Prints one
a line, with who calls it.
"""
import collections
import os
import re
import subprocess
import sys

TOP = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))


def objects(build):
    """(object, source) of what the build makes now: stale objects of renamed files are no part."""
    names = subprocess.run(["ninja", "-C", build, "-t", "targets", "all"], capture_output=True, text=True, check=True)
    for line in names.stdout.split("\n"):
        name = line.split(":")[0]
        if name.endswith(".c.o") and os.path.exists(os.path.join(build, name)):
            yield name, re.sub(r"CMakeFiles/[^/]+\.dir/", "", name)[:-2]


def main():
    build = sys.argv[1]
    defined, called = {}, collections.defaultdict(set)
    for name, source in objects(build):
        test = source.startswith(("tests/", "fuzz/"))
        out = subprocess.run(["nm", os.path.join(build, name)], capture_output=True, text=True, check=True).stdout
        for line in out.split("\n"):
            fields = line.split()
            if len(fields) == 3 and fields[1] == "T" and not test:
                defined[fields[2]] = source
            elif len(fields) == 2 and fields[0] == "U":
                called[fields[1]].add((os.path.basename(source), test))
    count = 0
    for function, source in sorted(defined.items(), key=lambda d: (d[1], d[0])):
        path = os.path.join(TOP, source)
        if function == "main" or source.startswith("host-proto/sim/") or not os.path.exists(path):
            continue
        if any(not test for _, test in called[function]):
            continue
        with open(path, encoding="utf-8") as text:
            if len(re.findall(rf"\b{function}\b", text.read())) > 1:
                continue
        count += 1
        print(f"{source}: {function}: {', '.join(sorted(c for c, _ in called[function])) or 'nobody'}")
    print(f"{count} functions that only tests call, of {len(defined)}")


if __name__ == "__main__":
    main()
