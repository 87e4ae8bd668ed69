"""What a child may do at its worst."""

from __future__ import annotations

import os
import signal
import time


def loops() -> None:
    while True:
        time.perf_counter()


def grows() -> int:
    return len("x" * 2**31)


def dies() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def raises() -> None:
    raise KeyError("secret")
