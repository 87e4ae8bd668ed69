"""Runs a function apart from us: in a process of its own, within limits, so that the worst it can do is to fail.

`ids` answers all that it said, or Unavailable with the reason.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from app.db import db
from app.logs import log
from app.segments.functions import child, frames, registry
from app.segments.unavailable import Unavailable

ROOT = Path(__file__).parents[3]
AT_ONCE = 2  # in this process: each may take 1 GB
LOADING = 30.0  # seconds for the nursery to load all there is
GRACE = 3.0  # seconds after its own in which a run must be over, or the nursery is
MOST_BYTES = (frames.MOST + frames.CHUNK) * 9
BUSY = "Too many functions are running at this moment. Try again in a few seconds."
NOT_STARTED = "It could not be started. Try again, and if it stays so, tell whoever runs this server."
KILLED = "It was stopped from outside: perhaps the server had no memory left."
NO_ANSWER = "It ended without an answer."


@dataclass
class Nursery:
    """The process beside us that forks the children, and our end of the socket to it."""

    process: subprocess.Popen[bytes]
    control: socket.socket
    address: str

    def ask(self, request: bytes, fds: list[int]) -> None:
        """Returns when the child is there."""
        socket.send_fds(self.control, [request], fds)
        if self.control.recv(1) != b"+":
            raise OSError("the nursery has ended")

    def end(self) -> None:
        self.control.close()
        self.process.kill()
        self.process.wait()


@dataclass
class Own:
    """What belongs to this process, and to no fork of it."""

    seats: threading.BoundedSemaphore = field(default_factory=lambda: threading.BoundedSemaphore(AT_ONCE))
    door: threading.Lock = field(default_factory=threading.Lock)
    nursery: Nursery | None = None


own = Own()


def ids(name: str, arguments: Mapping[str, Any], *, seconds: float = 5, now: datetime | None = None) -> list[Any]:
    """Whole numbers as they were said, None for NULL, and "" for whatever is no number at all."""
    request = _request(name, arguments, seconds, now or datetime.now(UTC))
    begun, outcome = time.perf_counter(), "failed"
    try:
        with _seat(seconds):
            answer = _answered(request, seconds)
        outcome = "done"
    finally:
        log.info("function", function=name, ms=round((time.perf_counter() - begun) * 1000, 1), outcome=outcome)
    return answer


def stop() -> None:
    """Ends the nursery; the next run begins another one."""
    with own.door:
        _end()


def _request(name: str, arguments: Mapping[str, Any], seconds: float, now: datetime) -> bytes:
    if registry.named(name) is None:
        raise Unavailable(f"The function “{name}” is not there any more.")
    for argument, sentence in registry.problems(name, arguments).items():
        raise Unavailable(f"{argument}: {sentence}")
    request = {"name": name, "arguments": dict(arguments), "seconds": seconds, "now": now.isoformat()}
    return json.dumps(request).encode() + b"\n"


@contextlib.contextmanager
def _seat(seconds: float) -> Iterator[None]:
    seats = own.seats
    if not seats.acquire(timeout=seconds):
        raise Unavailable(BUSY)
    try:
        yield
    finally:
        seats.release()


def _answered(request: bytes, seconds: float) -> list[Any]:
    with contextlib.ExitStack() as ends:
        pairs = (*socket.socketpair(), *socket.socketpair())
        answer, its_answer, end, its_end = (ends.enter_context(one) for one in pairs)
        _begin(request, [its_answer.fileno(), its_end.fileno()])
        its_answer.close()
        its_end.close()
        stream, said = _heard(answer, end, time.monotonic() + seconds + GRACE)
    return _judged(stream, json.loads(said or "{}"), seconds)


def _begin(request: bytes, fds: list[int]) -> None:
    with own.door:
        for _ in range(2):  # it may have been killed since the last run
            try:
                return _nursery().ask(request, fds)
            except OSError:
                _end()
    raise Unavailable(NOT_STARTED)


def _nursery() -> Nursery:
    address = db.engine.url.render_as_string(hide_password=False)
    if own.nursery and (own.nursery.process.poll() is not None or own.nursery.address != address):
        _end()
    own.nursery = own.nursery or _started(address)
    return own.nursery


def _started(address: str) -> Nursery:
    """No word of what runs in it is heard but through the sockets."""
    ours, theirs = socket.socketpair()
    with theirs:
        process = subprocess.Popen(  # noqa: S603 — our own module
            [sys.executable, "-m", "app.segments.functions.nursery", str(theirs.fileno())],
            cwd=ROOT,
            env={**os.environ, "DATABASE_URL": address},
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    ours.settimeout(LOADING)
    return Nursery(process, ours, address)


def _end() -> None:
    if own.nursery:
        own.nursery.end()
    own.nursery = None


def _heard(answer: socket.socket, end: socket.socket, until: float) -> tuple[bytes, bytes]:
    """The answer, and how the child ended: then all that it said is here already."""
    answer.setblocking(False)
    stream = bytearray()
    with selectors.DefaultSelector() as ears:
        ears.register(answer, selectors.EVENT_READ)
        ears.register(end, selectors.EVENT_READ)
        while heard := ears.select(max(0.0, until - time.monotonic())):
            if not _take(answer, stream) and answer in ears.get_map():
                ears.unregister(answer)
            if end in [key.fileobj for key, _ in heard]:
                said = end.recv(4096)
                _take(answer, stream)
                return bytes(stream), said
    stop()
    raise Unavailable(NO_ANSWER)


def _take(answer: socket.socket, stream: bytearray) -> bool:
    """All that is there by now; whether more may come."""
    with contextlib.suppress(BlockingIOError):
        while piece := answer.recv(2**20):
            if len(stream) < MOST_BYTES:
                stream += piece
        return False
    return True


def _judged(stream: bytes, said: Mapping[str, Any], seconds: float) -> list[Any]:
    heard, code = frames.heard(stream), said.get("code")
    if said.get("is_late") or code in {-signal.SIGXCPU, -signal.SIGALRM}:
        raise Unavailable(child.too_long(seconds))
    if heard.failure is not None:
        raise Unavailable(heard.failure)
    if code == -signal.SIGKILL:
        raise Unavailable(KILLED)
    if code != 0 or not heard.is_whole:
        raise Unavailable(NO_ANSWER)
    return heard.ids


def _forget() -> None:
    """In a fork: the nursery is our parent's, and so are its locks."""
    if own.nursery:
        own.nursery.control.close()
    own.seats, own.door, own.nursery = threading.BoundedSemaphore(AT_ONCE), threading.Lock(), None


os.register_at_fork(after_in_child=_forget)
