"""What the receiver of webhooks did not take is said again, later and later, as Resend does it."""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections.abc import Callable

PAUSES = (5, 300, 1800, 7200, 18_000, 36_000, 36_000)  # seconds after each failure; then never again
Try = Callable[[], bool]  # whether it was taken


class Retries:
    """`scale`: of the pauses, so that a test need not wait for a day."""

    def __init__(self, is_over: threading.Event) -> None:
        self._is_over, self._changed = is_over, threading.Condition()
        self._due: list[tuple[float, int, int, float, Try]] = []
        self._count = itertools.count()
        self._is_running = False

    @property
    def waiting(self) -> list[float]:
        """In how many seconds each of them is due."""
        with self._changed:
            return [max(0.0, due - time.monotonic()) for due, *_ in sorted(self._due)]

    def clear(self) -> None:
        with self._changed:
            self._due.clear()

    def add(self, again: Try, scale: float, failures: int = 1) -> None:
        if failures > len(PAUSES):
            return
        with self._changed:
            due = time.monotonic() + PAUSES[failures - 1] * scale
            heapq.heappush(self._due, (due, next(self._count), failures, scale, again))
            self._changed.notify()
            if not self._is_running:
                self._is_running = True
                threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while not self._is_over.is_set():
            found = self._next()
            if found is not None:
                failures, scale, again = found
                if not again():
                    self.add(again, scale, failures + 1)

    def _next(self) -> tuple[int, float, Try] | None:
        with self._changed:
            wait = self._due[0][0] - time.monotonic() if self._due else 1.0
            if wait > 0:
                self._changed.wait(min(wait, 1.0))
                return None
            return heapq.heappop(self._due)[2:]
