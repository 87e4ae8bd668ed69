"""Has everything loaded, reads a question from a line, and lets a fork of itself answer it within limits."""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import math
import os
import resource
import signal
import sys
from typing import Any, NoReturn

from app.content.apart.calling import called

MEMORY = 2**29  # bytes beside what is loaded; a mail of 500 KB takes a tenth
LOADED = ("app.content.rendering", "app.content.mjml", "app.content.publishing")
TOO_MUCH = "It needed more than 512 MB of memory and was stopped."
ENDED = "It ended without an answer."


class Late(Exception):
    pass


def main() -> None:
    _load()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is meant for whoever asks
    answers = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what somebody prints is no answer
    for line in sys.stdin.buffer:
        with open(os.dup(answers), "wb") as out:
            out.write(_answered(line))


def _load() -> None:
    for name in LOADED:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    gc.collect()
    gc.freeze()


def _answered(line: bytes) -> bytes:
    request = json.loads(line)
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(read)
        _answer(request, write)
    os.close(write)
    said = _heard(pid, read, request["seconds"])
    return said if said.endswith(b"\n") else json.dumps({"stopped": said.decode() or ENDED}).encode() + b"\n"


def _heard(pid: int, read: int, seconds: float) -> bytes:
    """A whole line is an answer; anything else is the reason why there is none."""
    signal.signal(signal.SIGALRM, _late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        with open(read, "rb") as stream:
            said = stream.read()
        return said if said.endswith(b"\n") else b""
    except Late:
        return _too_long(seconds).encode()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def _answer(request: dict[str, Any], write: int) -> NoReturn:
    try:
        before = _limit(request["seconds"])
        try:
            said = {"answer": called(request["function"], request["arguments"])}
            line = json.dumps(said).encode()
        except MemoryError:
            line = json.dumps({"stopped": TOO_MUCH}).encode()
        except Exception as error:
            line = json.dumps({"stopped": f"It failed with {type(error).__name__}."}).encode()
        resource.setrlimit(resource.RLIMIT_AS, before)  # to say that there was no memory takes some
        with open(write, "wb") as out:
            out.write(line + b"\n")
    finally:
        os._exit(0)


def _limit(seconds: float) -> tuple[int, int]:
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(math.ceil(seconds) + 2)  # should whoever counts the seconds be gone
    before = resource.getrlimit(resource.RLIMIT_AS)
    limits = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_CPU: math.ceil(seconds) + 1,
        resource.RLIMIT_AS: _taken() + MEMORY,
    }
    for what, most in limits.items():
        with contextlib.suppress(ValueError, OSError):  # not every system knows them all
            resource.setrlimit(what, (most, resource.getrlimit(what)[1]))
    return before


def _taken() -> int:
    """Bytes of address space that what is loaded takes."""
    try:
        with open("/proc/self/statm") as told:
            return int(told.read().split()[0]) * resource.getpagesize()
    except OSError:
        return 2**30


def _late(_number: int, _frame: Any) -> NoReturn:
    raise Late


def _too_long(seconds: float) -> str:
    return f"It took longer than {seconds:g} second{'' if seconds == 1 else 's'} and was stopped."


if __name__ == "__main__":
    main()
