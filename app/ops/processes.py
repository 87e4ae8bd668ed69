"""The parent: one process per queue and one for the tick, started again when they die, stopped with it."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app.logs import log

FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0  # seconds before a dead child is started again
WELL_AFTER = 10.0  # seconds alive, and the pause starts from the first one again
PATIENCE = 12.0  # a child stops its row after 10 by itself
LOOK_EVERY = 0.1

Start = Callable[[str], "subprocess.Popen[bytes]"]


@dataclass
class Child:
    name: str
    process: subprocess.Popen[bytes]
    started: float
    pause: float = FIRST_PAUSE
    again_at: float | None = None


def run(names: Sequence[str], start: Start) -> int:
    """Until somebody asks to stop; a second time means at once."""
    asked: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda number, _frame: asked.append(number))
    log.info("workers start", queues=list(names))
    children = [Child(name, start(name), time.monotonic()) for name in names]
    while not asked:
        for child in children:
            _look_after(child, start, time.monotonic())
        time.sleep(LOOK_EVERY)
    _stop(children, asked)
    log.info("workers stopped")
    return 0


def _look_after(child: Child, start: Start, now: float) -> None:
    if child.again_at is None and child.process.poll() is not None:
        child.pause = FIRST_PAUSE if now - child.started >= WELL_AFTER else child.pause
        log.warning("worker ended", queue=child.name, code=child.process.returncode, again_in=child.pause)
        child.again_at, child.pause = now + child.pause, min(child.pause * 2, LONGEST_PAUSE)
    elif child.again_at is not None and now >= child.again_at:
        child.process, child.started, child.again_at = start(child.name), now, None


def _stop(children: Sequence[Child], asked: Sequence[int]) -> None:
    for child in children:
        child.process.terminate()
    deadline = time.monotonic() + PATIENCE
    while any(child.process.poll() is None for child in children):
        if time.monotonic() > deadline or len(asked) > 1:
            break
        time.sleep(LOOK_EVERY)
    for child in children:
        child.process.kill()
        child.process.wait()
