"""How far a load is, in one row of the settings: it outlives a kill and tells the next run what to clean up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

NAME = "demo"


@dataclass(frozen=True)
class Progress:
    state: str  # loading, loaded
    run: str
    restore: list[str]

    @property
    def is_half(self) -> bool:
        return self.state == "loading"


def read(connection: psycopg.Connection) -> Progress | None:
    row = connection.execute("SELECT value FROM settings WHERE name = %s", [NAME]).fetchone()
    return Progress(row[0]["state"], row[0]["run"], row[0]["restore"]) if row else None


def write(connection: psycopg.Connection, progress: Progress) -> None:
    connection.execute(
        "INSERT INTO settings (name, value) VALUES (%s, %s)"
        " ON CONFLICT (name) DO UPDATE"
        " SET value = excluded.value, version = settings.version + 1, updated_date = now()",
        [NAME, Jsonb(vars(progress))],
    )


def forget(connection: psycopg.Connection) -> None:
    connection.execute("DELETE FROM settings WHERE name = %s", [NAME])


def is_mine(connection: psycopg.Connection, run: str) -> bool:
    """Holds the row until the transaction ends: whoever takes the load over waits for it, and then it is false."""
    mine: Any = "SELECT FROM settings WHERE name = %s AND value ->> 'run' = %s FOR SHARE"
    return connection.execute(mine, [NAME, run]).fetchone() is not None
