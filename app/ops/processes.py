"""The parent: one process per queue and one for the tick, started again when they die, stopped with it.

It opens no connection and starts no thread, so that its children can be forked from it at any time.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app.logs import log, place_of
from app.ops import kinship

FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0  # seconds before a dead child is started again
WELL_AFTER = 10.0  # seconds alive, and the pause starts from the first one again
PATIENCE = 12.0  # a child stops its row after 10 by itself
LOOK_EVERY = 0.1
ENDINGS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

Be = Callable[[str], int]  # the life of a child, by its name


@dataclass
class Child:
    name: str
    pid: int
    started: float
    pause: float = FIRST_PAUSE
    again_at: float | None = None  # set while it is dead


def run(names: Sequence[str], be: Be) -> int:
    """Until somebody asks to stop; a second time means at once."""
    asked: list[int] = []
    for number in ENDINGS:
        signal.signal(number, lambda number, _frame: asked.append(number))
    log.info("workers start", queues=list(names))
    children = [Child(name, _fork(name, be), time.monotonic()) for name in names]
    while not asked:
        for child in children:
            _look_after(child, be, time.monotonic())
        time.sleep(LOOK_EVERY)
    _stop([child for child in children if child.again_at is None], asked)
    log.info("workers stopped")
    return 0


def _fork(name: str, be: Be) -> int:
    if pid := os.fork():
        return pid
    code = 1
    try:
        _begin_anew()
        kinship.be_called(f"worker {name}")
        code = be(name)
    except Exception as error:
        log.error("worker failed", queue=name, **place_of(error))
    finally:
        os._exit(code)


def _begin_anew() -> None:
    """A group of its own: Ctrl-C reaches the parent alone, which then stops its children in good order."""
    os.setpgid(0, 0)
    for number in ENDINGS:
        signal.signal(number, signal.SIG_DFL)


def _look_after(child: Child, be: Be, now: float) -> None:
    if child.again_at is None and (code := _ended(child)) is not None:
        child.pause = FIRST_PAUSE if now - child.started >= WELL_AFTER else child.pause
        log.warning("worker ended", queue=child.name, code=code, again_in=child.pause)
        child.again_at, child.pause = now + child.pause, min(child.pause * 2, LONGEST_PAUSE)
    elif child.again_at is not None and now >= child.again_at:
        child.pid, child.started, child.again_at = _fork(child.name, be), now, None


def _ended(child: Child) -> int | None:
    """Its exit code, negative for a signal; None while it lives."""
    pid, status = os.waitpid(child.pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if pid else None


def _stop(alive: Sequence[Child], asked: Sequence[int]) -> None:
    left, deadline = list(alive), time.monotonic() + PATIENCE
    _send(left, signal.SIGTERM)
    while (left := [child for child in left if _ended(child) is None]) and len(asked) == 1:
        if time.monotonic() > deadline:
            break
        time.sleep(LOOK_EVERY)
    _send(left, signal.SIGKILL)
    for child in left:
        os.waitpid(child.pid, 0)


def _send(children: Sequence[Child], number: signal.Signals) -> None:
    for child in children:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child.pid, number)
