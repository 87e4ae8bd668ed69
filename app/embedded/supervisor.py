"""Keeps children running: starts them, waits until they are well, restarts the one that dies, stops them all.

Each child is on a leash, so that none outlives a supervisor that is killed.
"""

from __future__ import annotations

import contextlib
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from app.embedded import lifeline
from app.embedded.console import Console
from app.embedded.leash import STRAGGLERS, Leash
from app.embedded.trouble import Trouble

FIRST_DELAY, LONGEST_DELAY = 0.5, 10.0  # seconds before a dead child is started again
WELL_AFTER = 30.0  # seconds alive, and the delay starts from the first one again
DEATHS_ALLOWED = 6  # before it was ever ready; a killed PostgreSQL needs a few
PATIENCE = 600.0
LOOK_EVERY = 0.1


@dataclass(frozen=True)
class Child:
    leash: Leash
    is_ready: Callable[[], bool] = lambda: True
    prepare: Callable[[], None] = lambda: None  # before each start
    floor: int = 1  # upper floors are stopped before lower ones
    says: str | None = None  # for its standard input

    @property
    def name(self) -> str:
        return self.leash.name


class Told(SystemExit):
    """Somebody asked us to stop; that is no failure."""


@dataclass
class Life:
    child: Child
    process: subprocess.Popen[bytes]
    started: float
    delay: float = FIRST_DELAY
    deaths: int = 0
    again_at: float | None = None


@dataclass
class Supervisor:
    console: Console
    lives: list[Life] = field(default_factory=list)
    holds: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)
    is_told: bool = False

    def listen(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda _number, _frame: setattr(self, "is_told", True))

    def start(self, child: Child) -> Life:
        self._hold(child)
        child.prepare()
        life = Life(child, self._launch(child), time.monotonic())
        self.lives.append(life)
        return life

    def await_ready(self, *lives: Life) -> None:
        deadline = time.monotonic() + PATIENCE
        while not all(life.child.is_ready() for life in lives):
            for life in lives:
                if life.deaths >= DEATHS_ALLOWED or time.monotonic() > deadline:
                    raise Trouble(f"“{life.child.name}” does not start; its own words stand above.")
            self._look_after_all()

    def run(self, *children: Child) -> None:
        """Children that have an end: to the end of each, one after the other."""
        for child in children:
            self._hold(child)
            process = self._launch(child)
            passing = Life(child, process, time.monotonic())
            try:
                while process.poll() is None:
                    self._look_after_all()
            finally:
                _end([passing])
            if process.returncode:
                raise Trouble(f"“{child.name}” failed; its own words stand above.")

    def watch(self) -> None:
        while True:
            self._look_after_all()

    def stop(self) -> None:
        for floor in sorted({life.child.floor for life in self.lives}, reverse=True):
            _end([life for life in self.lives if life.child.floor == floor])
        self.holds.close()

    def _hold(self, child: Child) -> None:
        if child.floor > 0:
            lifeline.wait_for_end(child.leash)  # of a former supervisor that was killed
        self.holds.enter_context(lifeline.held(child.leash))

    def _launch(self, child: Child) -> subprocess.Popen[bytes]:
        process = child.leash.launch(stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert process.stdin
        assert process.stdout
        with contextlib.suppress(OSError), process.stdin:
            process.stdin.write((child.says or "").encode())
        self.console.follow(child.name, process.stdout)
        return process

    def _look_after_all(self) -> None:
        if self.is_told:
            raise Told(0)
        for life in self.lives:
            self._look_after(life, time.monotonic())
        time.sleep(LOOK_EVERY)

    def _look_after(self, life: Life, now: float) -> None:
        if life.again_at is None and life.process.poll() is not None:
            self._plan_restart(life, now)
        elif life.again_at is not None and now >= life.again_at:
            self._restart(life, now)

    def _plan_restart(self, life: Life, now: float) -> None:
        if now - life.started >= WELL_AFTER:
            life.delay = FIRST_DELAY
        self.console.say(
            f"“{life.child.name}” ended with code {life.process.returncode}; it starts again in {life.delay:g} s."
        )
        life.deaths += 1
        life.again_at = now + life.delay
        life.delay = min(life.delay * 2, LONGEST_DELAY)

    def _restart(self, life: Life, now: float) -> None:
        life.child.prepare()
        life.process, life.started, life.again_at = self._launch(life.child), now, None


def _end(lives: Sequence[Life]) -> None:
    for life in lives:
        life.process.terminate()
    for life in lives:
        try:
            life.process.wait(life.child.leash.patience + 2 * STRAGGLERS)
        except subprocess.TimeoutExpired:
            life.process.kill()
            life.process.wait()
