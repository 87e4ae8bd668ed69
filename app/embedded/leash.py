"""Runs one command for as long as somebody holds its lifeline, then stops it with all it started.

Two lock files carry the agreement, so that no kill -9 can leave a stale one behind:
NAME.life   shared by everybody who wants the command to live; the leash takes it once the last one is gone;
NAME.leash  held by the one leash there is, with its process id inside; a second one waits as the heir.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    import psutil

LOOK_EVERY = 0.2
STRAGGLERS = 3.0  # seconds for what the command left behind, after SIGTERM
PR_SET_PDEATHSIG = 1
MARK = "CAMPUS_LEASHED_BY"
VARIABLE = "CAMPUS_LEASH"  # how a leash is told; a command line would bear the command's name


@dataclass(frozen=True)
class Leash:
    name: str
    folder: Path
    command: Sequence[str]
    cwd: Path | None = None
    env: Mapping[str, str] | None = None
    stop: signal.Signals = signal.SIGTERM
    patience: float = 10.0  # seconds between the stop signal and SIGKILL
    owner: tuple[int, int] | None = None  # user and group to become first
    mark: str = ""  # a text that only this command has in its command line, to know an orphan by
    stale: Sequence[Path] = ()  # files that would keep the command from starting after a kill -9
    memory: int | None = None  # bytes for each of the command's processes

    @property
    def lifeline(self) -> Path:
        return self.folder / f"{self.name}.life"

    @property
    def lock(self) -> Path:
        return self.folder / f"{self.name}.leash"

    def launch(self, stdin: int | None, stdout: int | IO[bytes]) -> subprocess.Popen[bytes]:
        """In a session of its own: the terminal's Ctrl-C is not meant for it."""
        given = json.dumps(asdict(self) | {"env": None}, default=str)
        return subprocess.Popen(
            [sys.executable, "-I", str(Path(__file__)), self.name],
            env={**(os.environ if self.env is None else self.env), VARIABLE: given},
            stdin=stdin,
            stdout=stdout,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    @classmethod
    def given(cls) -> Leash:
        said = json.loads(os.environ.pop(VARIABLE))
        paths = {"folder": Path(said["folder"]), "cwd": said["cwd"] and Path(said["cwd"])}
        owner = said["owner"] and (said["owner"][0], said["owner"][1])
        stale = [Path(path) for path in said["stale"]]
        return cls(**said | paths | {"owner": owner, "stale": stale, "stop": signal.Signals(said["stop"])})


def main(leash: Leash) -> int:
    lock = _open(leash.lock)
    fcntl.flock(lock, fcntl.LOCK_EX)
    _write_pid(lock)
    lifeline = _open(leash.lifeline)
    if is_free(lifeline):
        return 0
    _end_orphans(leash)
    for path in leash.stale:
        path.unlink(missing_ok=True)
    return _run(leash, lifeline)


def _run(leash: Leash, lifeline: int) -> int:
    told = _listen()
    child = _start(leash)
    while child.poll() is None and not told and not is_free(lifeline):
        time.sleep(LOOK_EVERY)
    _stop(child, leash)
    _end(_session(child.pid), signal.SIGTERM, STRAGGLERS)
    return child.returncode if child.returncode >= 0 else 128 - child.returncode


def _listen() -> list[int]:
    """Stays empty until somebody asks us to stop."""
    told: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda number, _frame: told.append(number))
    return told


def is_free(lifeline: int) -> bool:
    """Once true it stays true: the lock is ours until we end, and a newcomer waits for that."""
    try:
        fcntl.flock(lifeline, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _start(leash: Leash) -> subprocess.Popen[bytes]:
    uid, gid = leash.owner or (None, None)
    groups = None if gid is None else [gid]
    return subprocess.Popen(
        leash.command,
        cwd=leash.cwd,
        env=os.environ | {MARK: str(leash.lock)},
        start_new_session=True,
        user=uid,
        group=gid,
        extra_groups=groups,
        preexec_fn=lambda: _before(leash),  # noqa: PLW1509 — no threads here
    )


def _before(leash: Leash) -> None:
    """In the child. Linux tells it when the leash itself is killed; elsewhere the next leash ends the orphan."""
    if leash.memory:
        resource.setrlimit(resource.RLIMIT_DATA, (leash.memory, leash.memory))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(leash.stop))


def _stop(child: subprocess.Popen[bytes], leash: Leash) -> None:
    if child.poll() is not None:
        return
    child.send_signal(leash.stop)
    try:
        child.wait(leash.patience)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _end_orphans(leash: Leash) -> None:
    """We hold the lock, so whoever else bears our mark has lost its leash. Nobody without it is touched."""
    _end(lambda: _orphans(leash), leash.stop, leash.patience)


def _end(find: Callable[[], list[int]], first: signal.Signals, patience: float) -> None:
    deadline = time.monotonic() + patience
    _send(find(), first)
    while (left := find()) and time.monotonic() < deadline:
        time.sleep(0.05)
    _send(left, signal.SIGKILL)


def _send(pids: Sequence[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def _session(sid: int) -> Callable[[], list[int]]:
    def find() -> list[int]:
        return [pid for pid in _living() if _sid(pid) == sid]

    return find


def _sid(pid: int) -> int:
    try:
        return os.getsid(pid)
    except OSError:
        return -1


def _living() -> list[int]:
    import psutil

    found = psutil.process_iter(["pid", "status"])
    return [each.pid for each in found if each.info["status"] != psutil.STATUS_ZOMBIE]


def _orphans(leash: Leash) -> list[int]:
    import psutil

    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.pid != os.getpid() and _bears_mark(process, leash):
                found.append(process.pid)
    return found


def _bears_mark(process: psutil.Process, leash: Leash) -> bool:
    """In its environment; PostgreSQL and Redis overwrite theirs, but name their own folder or socket."""
    if process.status() == "zombie":
        return False
    words = process.cmdline() or [""]
    is_server = bool(leash.mark) and Path(leash.command[0]).name in words[0] and leash.mark in " ".join(words)
    return is_server or process.environ().get(MARK) == str(leash.lock)


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)


def _write_pid(lock: int) -> None:
    os.ftruncate(lock, 0)
    os.pwrite(lock, str(os.getpid()).encode(), 0)


if __name__ == "__main__":
    sys.exit(main(Leash.given()))
