"""Holding a leash's command alive, and letting go of it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from app.embedded.leash import Leash

LAST_MOMENTS = 30.0


@contextlib.contextmanager
def held(leash: Leash) -> Iterator[None]:
    """While inside, the command lives. The last one to leave stops it and waits for its end.

    Entering waits for a command that is just being stopped.
    """
    fd = _open(leash.lifeline)
    fcntl.flock(fd, fcntl.LOCK_SH)
    os.set_inheritable(fd, True)  # over exec only, which bin/flask does: subprocess closes it in children
    try:
        yield
    finally:
        if _is_last(fd):
            stop(leash)
        os.close(fd)


def is_leashed(leash: Leash) -> bool:
    fd = _open(leash.lock)
    try:
        return not _try(fd, fcntl.LOCK_EX)
    finally:
        os.close(fd)


def stop(leash: Leash) -> None:
    if is_leashed(leash):
        with contextlib.suppress(ValueError, ProcessLookupError):
            os.kill(int(leash.lock.read_text()), signal.SIGTERM)
        wait_for_end(leash)


def wait_for_end(leash: Leash, seconds: float = LAST_MOMENTS) -> None:
    deadline = time.monotonic() + seconds
    while is_leashed(leash) and time.monotonic() < deadline:
        time.sleep(0.05)


def _is_last(fd: int) -> bool:
    """Not the last: somebody else shares it. Neither lock to be had: the leash is ending already."""
    return _try(fd, fcntl.LOCK_EX) or not _try(fd, fcntl.LOCK_SH)


def _try(fd: int, kind: int) -> bool:
    try:
        fcntl.flock(fd, kind | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _open(path: Path) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
