"""What this process has in hand until Redis has it: a thread hands it over, fifty times a second at the most.

No request waits for Redis. While that is away things are kept, as many as there is room for; then the oldest go.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

from prometheus_client import Counter

from app.logs import log

PAUSE = 0.02  # seconds: what comes in between goes to Redis in one call
AWAY = 1.0  # seconds between two tries while Redis is away
ROOM = 50_000  # 11 MB
AT_ONCE = 1_000

HandOver = Callable[[list[bytes]], object]


class Buffer:
    """`counted`: what was noted and what was dropped; `called`: what it holds, in the log."""

    def __init__(self, hand_over: HandOver, called: str, counted: Counter, room: int = ROOM) -> None:
        self.hand_over = hand_over
        self.called = called
        self.counted = counted
        self.room = room
        self.dropped = 0
        self._held: deque[bytes] = deque()
        self._lock = threading.Lock()
        self._one_at_a_time = threading.Lock()
        self._has_some = threading.Event()
        self._thread: threading.Thread | None = None

    def __len__(self) -> int:
        return len(self._held)

    def add(self, thing: bytes) -> None:
        with self._lock:
            self._held.append(thing)
            self._make_room()
            self._start()
        if not self._has_some.is_set():
            self._has_some.set()

    def flush(self) -> bool:
        """False: Redis did not take everything; what it did not take stays here."""
        with self._one_at_a_time:
            while some := self._taken_out():
                try:
                    self.hand_over(some)
                except Exception as error:
                    self._put_back(some, error)
                    return False
                self.counted.labels("noted").inc(len(some))
        return True

    def _start(self) -> None:
        """With the first thing, which is after the web server has forked its workers."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=self.called, daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while True:
            self._has_some.wait()
            time.sleep(PAUSE)
            self._has_some.clear()
            if not self.flush():
                time.sleep(AWAY)
                self._has_some.set()

    def _taken_out(self) -> list[bytes]:
        with self._lock:
            return [self._held.popleft() for _ in range(min(len(self._held), AT_ONCE))]

    def _put_back(self, some: list[bytes], error: Exception) -> None:
        with self._lock:
            self._held.extendleft(reversed(some))
            self._make_room(type(error).__name__)

    def _make_room(self, why: str = "") -> None:
        dropped = len(self._held) - self.room
        if dropped <= 0:
            return
        for _ in range(dropped):
            self._held.popleft()
        if not self.dropped:
            log.warning(f"{self.called} dropped", why=why or "more came than Redis took")
        self.dropped += dropped
        self.counted.labels("dropped").inc(dropped)
