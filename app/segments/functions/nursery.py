"""A process that has everything loaded and forks one child for each run: a fresh one would take a second to start.

Web and workers have threads and must not fork themselves. It ends when the socket to them does, and with it its
children. Beside each child stands a keeper, which counts its seconds and ends it with all that it started.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import json
import os
import signal
import socket
import sys
from pathlib import Path
from typing import Any, NoReturn

from sqlalchemy.orm import configure_mappers

from app.db import apart
from app.segments.functions import child, registry

PR_SET_CHILD_SUBREAPER = 36


class Late(Exception):
    pass


def main(control: socket.socket) -> None:
    _load()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is meant for whoever holds the socket
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # keepers need no burial
    me = os.getpid()
    while asked := _asked(control):
        request, (answer, end) = asked
        if os.fork() == 0:
            control.close()
            _keep(request, answer, end, me)
        os.close(answer)
        os.close(end)
        control.sendall(b"+")


def _load() -> None:
    registry.everything()
    configure_mappers()
    apart(os.environ["DATABASE_URL"], "function")  # loads the driver
    gc.collect()
    gc.freeze()


def _asked(control: socket.socket) -> tuple[dict[str, Any], list[int]] | None:
    """One request at a time: the next one comes when this one was answered by “+”."""
    line, fds, _, _ = socket.recv_fds(control, 2**16, 2)
    while line and not line.endswith(b"\n"):
        line += control.recv(2**16)
    return (json.loads(line), list(fds)) if line else None


def _keep(request: dict[str, Any], answer: int, end: int, parent: int) -> NoReturn:
    try:
        child.follow_into_death(parent)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        _inherit_strays()
        me = os.getpid()
        pid = os.fork()
        if pid == 0:
            os.close(end)
            _begin(me)
            child.run(request, answer)
        os.close(answer)
        os.write(end, json.dumps(_ended(pid, request["seconds"])).encode())
    finally:
        os._exit(0)


def _begin(keeper: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.setpgid(0, 0)
    child.follow_into_death(keeper)


def _ended(pid: int, seconds: float) -> dict[str, Any]:
    code = _waited(pid, seconds)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)  # a group keeps its number while somebody is in it
    _end_strays()
    return {"is_late": code is None, "code": code}


def _waited(pid: int, seconds: float) -> int | None:
    """How it ended, None where it did not."""
    signal.signal(signal.SIGALRM, _late)
    try:
        with contextlib.suppress(PermissionError):
            os.setpgid(pid, pid)  # it does so itself; whoever is first
        signal.setitimer(signal.ITIMER_REAL, seconds)
        _, status = os.waitpid(pid, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
        return os.waitstatus_to_exitcode(status)
    except Late:
        return None


def _late(_number: int, _frame: Any) -> NoReturn:
    raise Late


def _inherit_strays() -> None:
    """Whoever leaves the group of its child becomes ours when the child ends, on Linux."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)


def _end_strays() -> None:
    """All that is still there, and what they leave behind in turn."""
    with contextlib.suppress(OSError, ChildProcessError):
        while True:
            for pid in _children():
                os.kill(pid, signal.SIGKILL)
            os.waitpid(-1, 0)


def _children() -> list[int]:
    """Raises where the system cannot tell: then nobody is waited for."""
    me = os.getpid()
    return [int(pid) for pid in Path(f"/proc/{me}/task/{me}/children").read_text().split()]


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])))
    os._exit(0)  # there is nothing to tidy up
