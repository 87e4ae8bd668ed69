"""Databases of a known size, side by side in one cluster. They are kept between runs and made anew only when one is
missing, was left half made, or when the generator or the schema has changed since."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from psycopg import sql

from app.embedded import wall
from app.embedded.place import settled
from app.embedded.postgres import Postgres

ROOT = Path(__file__).parent.parent
HOME = ROOT / "var" / "bench"
EMAIL, PASSWORD = "bench@campus.example", "measured-not-guessed"
NOW = "2026-11-01"


class Unable(Exception):
    """A sentence that says what is missing."""


@dataclass(frozen=True)
class Database:
    name: str
    customers: int
    events: int

    @property
    def url(self) -> str:
        return named(os.environ["DATABASE_URL"], self.name)

    @property
    def environment(self) -> dict[str, str]:
        login = os.environ.get("SQL_WALL_DATABASE_URL")
        wall_url = {"SQL_WALL_DATABASE_URL": named(login, self.name)} if login else {}
        return {**os.environ, **wall_url, "DATABASE_URL": self.url, "LOG_FORMAT": "plain"}

    def connect(self) -> psycopg.Connection:
        return psycopg.connect(plain(self.url), autocommit=True)

    def ensure(self) -> None:
        mark = f"{self.customers}/{self.events}/{fingerprint()}"
        if _mark(self.name) == mark:
            return
        print(f"Making {self.name}: {self.customers:,} customers, {self.events:,} events.", flush=True)
        make_empty(self.name)
        self.flask("db", "upgrade")
        self.flask("demo", "--customers", str(self.customers), "--events", str(self.events), "--now", NOW)
        self.flask("users", "create", EMAIL, "--role", "admin", "--password-stdin", said=PASSWORD + "\n")
        with self.connect() as connection:
            comment = sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(self.name), sql.Literal(mark))
            connection.execute(comment)

    def flask(self, *arguments: str, said: str | None = None) -> None:
        command = [sys.executable, "-m", "flask", "--app", "wsgi", *arguments]
        done = subprocess.run(
            command, cwd=ROOT, env=self.environment, input=said, text=True, stderr=subprocess.PIPE, check=False
        )
        if done.returncode:
            raise Unable(
                f"`flask {arguments[0]}` failed: {(done.stderr.strip().splitlines() or ['no reason given'])[-1]}"
            )


def make_empty(name: str) -> None:
    own = os.environ["DATABASE_URL"]
    try:
        with psycopg.connect(plain(_maker(own)), autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(name), sql.Identifier(_login(own)))
            )
        _wall_in(name, own)
    except psycopg.errors.InsufficientPrivilege:
        raise Unable(
            "The login of DATABASE_URL may not make databases: ALTER ROLE … CREATEDB, or use bin/bench."
        ) from None


def _wall_in(name: str, own: str) -> None:
    """For SQL segments, where the servers are ours."""
    if (maker := _maker(own)) != own:
        with psycopg.connect(plain(named(maker, name)), autocommit=True) as connection:
            wall.settle_database(connection)


def fingerprint() -> str:
    """Of all that decides which rows there are and how they are indexed."""
    files = [*(ROOT / "app" / "demo").glob("*.*"), *(ROOT / "migrations" / "versions").glob("*.py")]
    whole = hashlib.sha256()
    for path in sorted(files):
        whole.update(path.name.encode() + path.read_bytes())
    return whole.hexdigest()[:16]


def named(url: str, name: str) -> str:
    head, mark, query = url.partition("?")
    return f"{head.rpartition('/')[0]}/{name}{mark}{query}"


def plain(url: str) -> str:
    return url.replace("postgresql+psycopg://", "postgresql://", 1)


def day() -> datetime:
    return datetime.fromisoformat(NOW).replace(tzinfo=UTC)


def _mark(name: str) -> str | None:
    with psycopg.connect(plain(os.environ["DATABASE_URL"]), autocommit=True) as connection:
        row = connection.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [name]
        ).fetchone()
    return row[0] if row else None


def _maker(own: str) -> str:
    """Who may make databases: the superuser of our own servers, or the given login of somebody else's."""
    if (HOME / "embedded.json").exists():
        with settled(HOME) as place:
            if Postgres(place).url() == own:
                return Postgres(place).url("postgres")
    return own


def _login(url: str) -> str:
    with psycopg.connect(plain(url)) as connection:
        return connection.info.user
