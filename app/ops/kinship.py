"""A child that outlives its parent would go on unseen: it is told, or it notices."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def follow_into_death(parent: int, last_word: signal.Signals) -> None:
    """On Linux the kernel tells us when the parent dies; elsewhere the loops ask is_orphan() as they turn."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, int(last_word))
    if is_orphan(parent):  # it died before we asked to be told
        os.kill(os.getpid(), last_word)


def is_orphan(parent: int) -> bool:
    return os.getppid() != parent
