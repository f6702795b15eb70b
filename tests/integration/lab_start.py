"""What the scripts of this folder begin with: the build, what they need, and children that do not outlive them."""

import ctypes
import os
import re
import shutil
import signal
import sys

BUILD = os.environ.get("PG_BUILD", "build")
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)


def is_sanitized():
    """Whether the programs are built with a sanitizer, under which everything takes longer and more memory."""
    try:
        with open(os.path.join(BUILD, "CMakeCache.txt"), encoding="utf-8", errors="replace") as file:
            return bool(re.search(r"^PG_SANITIZE:\w+=.", file.read(), re.M))
    except OSError:
        return False


SANITIZED = is_sanitized()


def die_with_parent():
    """For preexec_fn: a test that is killed leaves nothing behind."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def skip(reason):
    print(reason)
    sys.exit(77)


def need(*programs):
    for program in programs:
        if not shutil.which(program):
            skip(f"{program} is not installed")
