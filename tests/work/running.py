"""Workers as real processes, errands for them, and what came of it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
from redis import Redis
from sqlalchemy import text, update

from app.db import db
from app.ops import presence
from tests.work.errands import Errand

ROOT = Path(__file__).parents[2]
Until = Callable[[], object]


def is_alive(process: psutil.Process | None) -> bool:
    """Dead and not yet buried is dead; and it may end between two questions."""
    try:
        return process is not None and process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def until(is_so: Until, seconds: float = 60) -> None:
    """Polls; the bound is generous on purpose, a slow machine is no failure."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.1)


class Workers:
    """A real `python worker.py` with all its children."""

    def __init__(self, env: dict[str, str], log: Path, *arguments: str) -> None:
        self.log = log
        self.redis = Redis.from_url(env["REDIS_URL"])
        self.process = subprocess.Popen(
            [sys.executable, "worker.py", *arguments],
            cwd=ROOT,
            env={**os.environ, "WORK_MODULES": "tests.work.errands_at_work", **env},
            stderr=log.open("ab"),
        )

    def child(self, name: str) -> psutil.Process | None:
        """Once it is at work: it has said in Redis what it is, as all have the same command line."""
        ours = {child.pid: child for child in psutil.Process(self.process.pid).children()}
        said = presence.everybody(self.redis)
        return next((ours[who.pid] for who in said if who.what == name and who.pid in ours), None)

    def horse(self, name: str = "events") -> psutil.Process | None:
        child = self.child(name)
        return next(iter(child.children()), None) if child else None

    def kill(self, process: psutil.Process | None) -> None:
        assert process
        assert process.is_running()
        process.send_signal(signal.SIGKILL)

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait(30)


class OwnRedis:
    """A server that nobody else minds losing."""

    def __init__(self, program: str, folder: Path) -> None:
        self.program, self.socket = program, folder / "r"
        self.url = f"unix://{self.socket}"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.start()

    @property
    def tcp_url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        options = ["--bind", "127.0.0.1", "--port", str(self.port), "--unixsocket", str(self.socket), "--save", ""]
        self.process = subprocess.Popen([self.program, *options], stdout=subprocess.DEVNULL)
        until(self.socket.exists)

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()
        self.socket.unlink(missing_ok=True)


def ask_for(*wishes: str) -> list[int]:
    rows = [Errand(wish=wish) for wish in wishes]
    db.session.add_all(rows)
    db.session.commit()
    return [row.id for row in rows]


def effects() -> dict[int, int]:
    """How often each errand took effect."""
    db.session.rollback()
    rows = db.session.execute(text("SELECT errand_id, count(*) FROM errand_effects GROUP BY 1"))
    return {row[0]: row[1] for row in rows}


def waiting() -> int:
    db.session.rollback()
    return db.session.scalar(text("SELECT count(*) FROM errands WHERE waiting_since IS NOT NULL")) or 0


def row(key: int) -> Errand:
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(Errand, key)


def change(key: int, **values: object) -> None:
    db.session.rollback()
    db.session.execute(update(Errand).where(Errand.id == key).values(**values))
    db.session.commit()
