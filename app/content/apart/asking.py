"""Asks the process beside us, which is started once and forks a child for each question."""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from app.content.apart.calling import called

ROOT = Path(__file__).parents[3]
SECONDS = 10.0
LOADING = 30.0
GRACE = 3.0  # seconds after its own in which an answer must be there
AT_ONCE = 2  # each may take as much memory as `child` allows
MOST_BYTES = 50_000_000
BUSY = "Too many templates are being compiled at this moment. Try again in a few seconds."
GONE = "It ended without an answer. Try again, and if it stays so, tell whoever runs this server."


class Stopped(Exception):
    """The sentence says why there is no answer."""


@dataclass
class Own:
    """What belongs to this process, and to no fork of it."""

    seats: threading.BoundedSemaphore = field(default_factory=lambda: threading.BoundedSemaphore(AT_ONCE))
    door: threading.Lock = field(default_factory=threading.Lock)
    idle: list[subprocess.Popen[bytes]] = field(default_factory=list)


own = Own()
_is_here: ContextVar[bool] = ContextVar("is_here", default=False)


def call(function: str, *arguments: Any, seconds: float = SECONDS) -> Any:
    """`app.content.MODULE:FUNCTION`; what goes in and what comes out is JSON. Raises Stopped."""
    if _is_here.get():
        return called(function, arguments)
    request = json.dumps({"function": function, "arguments": arguments, "seconds": seconds}).encode() + b"\n"
    seats = own.seats
    if not seats.acquire(timeout=seconds):
        raise Stopped(BUSY)
    try:
        answer = _asked(request, seconds)
    finally:
        seats.release()
    if "stopped" in answer:
        raise Stopped(answer["stopped"])
    return answer["answer"]


@contextlib.contextmanager
def here() -> Iterator[None]:
    """No process beside us: only for what we wrote ourselves, which is not worth the two seconds until it runs."""
    token = _is_here.set(True)
    try:
        yield
    finally:
        _is_here.reset(token)


def stop() -> None:
    """Ends the processes that wait; the next question begins another one."""
    with own.door:
        waiting, own.idle = own.idle, []
    for process in waiting:
        _end(process)


def _asked(request: bytes, seconds: float) -> dict[str, Any]:
    for is_last in (False, True):  # it may have been killed since the last question
        process, is_fresh = _taken()
        try:
            answer = _exchanged(process, request, seconds + GRACE + (LOADING if is_fresh else 0))
        except (OSError, ValueError):
            _end(process)
            if is_last or is_fresh:
                break
            continue
        with own.door:
            own.idle.append(process)
        return answer
    raise Stopped(GONE)


def _taken() -> tuple[subprocess.Popen[bytes], bool]:
    with own.door:
        while own.idle:
            process = own.idle.pop()
            if process.poll() is None:
                return process, False
            _end(process)
    return _started(), True


def _started() -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "app.content.apart.child"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )


def _exchanged(process: subprocess.Popen[bytes], request: bytes, seconds: float) -> dict[str, Any]:
    assert process.stdin
    assert process.stdout
    process.stdin.write(request)
    process.stdin.flush()
    line = _line(process.stdout, time.monotonic() + seconds)
    answer: dict[str, Any] = json.loads(line)
    return answer


def _line(stream: IO[bytes], until: float) -> bytes:
    number, heard = stream.fileno(), bytearray()
    while not heard.endswith(b"\n"):
        ready, _, _ = select.select([number], [], [], max(0.0, until - time.monotonic()))
        piece = os.read(number, 2**20) if ready else b""
        heard += piece
        if not piece or len(heard) > MOST_BYTES:
            raise OSError("no answer")
    return bytes(heard)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe:
            with contextlib.suppress(OSError):
                pipe.close()


def _forget() -> None:
    """In a fork: the processes beside us are our parent's."""
    global own  # noqa: PLW0603 — a fork begins anew
    own = Own()


os.register_at_fork(after_in_child=_forget)
