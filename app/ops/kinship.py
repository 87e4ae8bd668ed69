"""What processes know of each other: a child follows its parent into death, and says what it is."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG, PR_SET_NAME = 1, 15


def follow_into_death(parent: int, last_word: signal.Signals = signal.SIGTERM) -> None:
    """On Linux the kernel tells us when the parent dies; elsewhere the loops ask is_orphan() as they turn."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(last_word))
    if is_orphan(parent):  # it died before we asked to be told
        os.kill(os.getpid(), last_word)


def is_orphan(parent: int) -> bool:
    return os.getppid() != parent


def be_called(name: str) -> None:
    """What `ps -o comm` and `top` show, up to 15 letters; the command line stays that of worker.py."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_NAME, name.encode())
