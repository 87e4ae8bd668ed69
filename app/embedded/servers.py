"""The servers of one home: found running, or started for the moment and stopped with their last user."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from app.embedded import keys, lifeline
from app.embedded.leash import Leash
from app.embedded.place import Place, settled
from app.embedded.postgres import Postgres
from app.embedded.redis import Redis
from app.embedded.trouble import Trouble

PATIENCE = 600.0  # seconds; after a crash PostgreSQL may have gigabytes of log to replay


@dataclass(frozen=True)
class Servers:
    home: Path
    database_url: str
    redis_url: str
    superuser_url: str | None  # None when DATABASE_URL names somebody else's server
    wall_url: str | None = None  # the login of SQL segments


class Server(Protocol):
    def leash(self) -> Leash: ...
    def prepare(self) -> None: ...
    def is_ready(self) -> bool: ...
    def settle(self) -> None: ...


@contextlib.contextmanager
def running(home: Path, *, durable: bool = True) -> Iterator[Servers]:
    with contextlib.ExitStack() as holds:
        with settled(home) as place:
            for server in wanted(place, durable):
                holds.enter_context(lifeline.held(server.leash()))
                if not server.is_ready():
                    start(server)
                server.settle()
        yield describe(place)


def wanted(place: Place, durable: bool = True) -> list[Server]:
    """Those that the environment does not name already."""
    servers: list[Server] = []
    if not os.environ.get("DATABASE_URL"):
        servers.append(Postgres(place, durable))
    if not os.environ.get("REDIS_URL"):
        servers.append(Redis(place, durable))
    return servers


def describe(place: Place) -> Servers:
    own = os.environ.get("DATABASE_URL")
    return Servers(
        home=place.home,
        database_url=own or Postgres(place).url(),
        redis_url=os.environ.get("REDIS_URL") or Redis(place).url(),
        superuser_url=None if own else Postgres(place).url("postgres"),
        wall_url=os.environ.get("SQL_WALL_DATABASE_URL") if own else Postgres(place).wall_url(),
    )


def environment(servers: Servers) -> dict[str, str]:
    """What the application reads; what the person set has won already."""
    wall = {"SQL_WALL_DATABASE_URL": servers.wall_url} if servers.wall_url else {}
    return wall | {
        "DATABASE_URL": servers.database_url,
        "REDIS_URL": servers.redis_url,
        "SECRET_KEY": os.environ.get("SECRET_KEY") or keys.secret_key(servers.home),
        "TRACK_JWT_SECRET": os.environ.get("TRACK_JWT_SECRET") or keys.track_jwt_secret(servers.home),
        "FUNNEL_WEBHOOK_SECRET": os.environ.get("FUNNEL_WEBHOOK_SECRET") or keys.funnel_webhook_secret(servers.home),
    }


def start(server: Server) -> None:
    server.prepare()
    leash = server.leash()
    log = leash.folder / f"{leash.name}.log"
    with log.open("wb") as output:
        process = leash.launch(stdin=subprocess.DEVNULL, stdout=output)
    await_(server.is_ready, lambda: process.poll() is None, f"{leash.name} did not start: {{}}", log)


def await_(is_ready: Callable[[], bool], is_alive: Callable[[], bool], complaint: str, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while not is_ready():
        if not is_alive() or time.monotonic() > deadline:
            raise Trouble(complaint.format(_last_line(log)))
        time.sleep(0.05)


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it gave no reason."
