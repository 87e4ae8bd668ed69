"""One run of a function, in a process that ends with it: within its limits, reading only, and heard by nobody else."""

from __future__ import annotations

import contextlib
import ctypes
import math
import os
import resource
import signal
import sys
import traceback
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Executable
from sqlalchemy.exc import DBAPIError

from app.db import apart, db
from app.segments.functions import frames, registry
from app.segments.functions.registry import Function
from app.settings import team

MEMORY = 2**30
PR_SET_PDEATHSIG = 1
TOO_MUCH = "It needed more than 1 GB of memory and was stopped."
TOO_MANY = f"It found more than {frames.MOST:,} people, which is the most that a function may."
CANCELLED, READ_ONLY = "57014", "25006"  # what PostgreSQL calls these
CHANGED = "It tried to change something. A function may only read."


class NoIds(Exception):
    """The sentence says what came instead."""


def run(request: Mapping[str, Any], pipe: int) -> None:
    """Never returns: what a function leaves behind to be done at the end is not done."""
    with open(pipe, "wb", buffering=0) as out:
        try:
            _limit(request["seconds"])
            _answer(request, out)
        except BaseException as error:
            _take_the_limit_off()
            frames.failed(_writer(out), _sentence(error, request))
    os._exit(0)


def follow_into_death(parent: int) -> None:
    """On Linux the kernel sees to it; elsewhere the timers do."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL))
    if os.getppid() != parent:
        os._exit(1)


def _limit(seconds: float) -> None:
    limits = {resource.RLIMIT_CORE: 0, resource.RLIMIT_CPU: math.ceil(seconds) + 1, resource.RLIMIT_AS: MEMORY}
    for what, most in limits.items():
        with contextlib.suppress(ValueError, OSError):  # not every system knows them all
            resource.setrlimit(what, (most, resource.getrlimit(what)[1]))
    signal.alarm(math.ceil(seconds) + 2)  # should whoever counts the seconds be gone


def _take_the_limit_off() -> None:
    """To say that there was no memory takes some."""
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (resource.getrlimit(resource.RLIMIT_AS)[1],) * 2)


def _answer(request: Mapping[str, Any], out: Any) -> None:
    options = f"-c default_transaction_read_only=on -c statement_timeout={math.ceil(request['seconds'] * 1000)}"
    function = registry.named(request["name"])
    if function is None:
        raise NoIds(f"The function “{request['name']}” is not there any more.")
    with apart(os.environ["DATABASE_URL"], "function", options).app_context():
        said = registry.read(function.name, request["arguments"])
        given = {"now": datetime.fromisoformat(request["now"]), "zone": team.zone()}
        answer = function.run(**said, **{name: given[name] for name in function.given})
        frames.say(_writer(out), _ids(answer))


def _ids(answer: Any) -> Iterable[Any]:
    if isinstance(answer, Executable):
        return _selected(answer)
    if isinstance(answer, str | bytes | Mapping) or not isinstance(answer, Iterable):
        raise NoIds(f"It answered {type(answer).__name__}, not a list of ids.")
    return answer


def _selected(statement: Executable) -> Iterator[Any]:
    rows = db.session.execute(statement)  # no cursor on the server: for one it never plans in parallel
    if len(rows.keys()) != 1:
        raise NoIds("It selects more than one column; it must select the ids alone.")
    for chunk in rows.scalars().partitions(frames.CHUNK):
        yield from chunk


def _writer(out: Any) -> Any:
    def write(piece: bytes) -> None:
        left = memoryview(piece)
        while left:
            left = left[out.write(left) :]

    return write


def too_long(seconds: float) -> str:
    return f"It took longer than {seconds:g} second{'' if seconds == 1 else 's'} and was stopped."


def _sentence(error: BaseException, request: Mapping[str, Any]) -> str:
    """The kind and the place of an error, never its message: that may quote a customer."""
    state = getattr(error.orig, "sqlstate", None) if isinstance(error, DBAPIError) else None
    if isinstance(error, NoIds):
        return str(error)
    if isinstance(error, frames.TooMany):
        return TOO_MANY
    if isinstance(error, MemoryError) or (isinstance(error, DBAPIError) and "out of memory" in str(error.orig)):
        return TOO_MUCH
    if state in {CANCELLED, READ_ONLY}:
        return too_long(request["seconds"]) if state == CANCELLED else CHANGED
    return f"It failed with {type(error).__name__}{_place(error, registry.named(request['name']))}."


def _place(error: BaseException, function: Function | None) -> str:
    if function is None:
        return ""
    lines = [one.lineno for one in traceback.extract_tb(error.__traceback__) if one.filename == str(function.file)]
    return f" in line {lines[-1]} of {function.file.name}" if lines else ""
