"""Every call and every mail that was taken, in a file of SQLite: killed and started again, it still knows them."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SCHEMA = """
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = OFF;
    CREATE TABLE IF NOT EXISTS calls (
      id INTEGER PRIMARY KEY, at REAL, key TEXT, body TEXT, status INTEGER, fault TEXT, accepted INTEGER
    );
    CREATE TABLE IF NOT EXISTS answers (key TEXT PRIMARY KEY, at REAL, body TEXT, answer BLOB, accepted INTEGER);
    CREATE TABLE IF NOT EXISTS mails (
      id TEXT PRIMARY KEY, at REAL, key TEXT, place INTEGER, sender TEXT, recipient TEXT, subject TEXT, tags TEXT
    );
    CREATE TABLE IF NOT EXISTS bodies (id TEXT PRIMARY KEY, body BLOB);
"""
# Under different keys nobody at Resend would notice; here the tags tell which mail it is.
COUNTS = """
    SELECT (SELECT count(*) FROM calls) AS calls,
           (SELECT count(DISTINCT key) FROM mails) AS keys,
           (SELECT count(*) FROM mails) AS mails,
           (SELECT count(*) - count(DISTINCT recipient || tags) FROM mails) AS repeated
"""


@dataclass(frozen=True)
class Kept:
    """What was answered under a key, and to which body."""

    body: str
    answer: bytes


@dataclass(frozen=True)
class Taken:
    id: str
    place: int
    sender: str
    recipient: str
    subject: str
    tags: str  # JSON


class Ledger:
    def __init__(self, path: Path | str) -> None:
        self._lock = threading.Lock()
        self._file = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._file.row_factory = sqlite3.Row
        self._file.executescript(SCHEMA)

    def close(self) -> None:
        with self._lock:
            self._file.close()

    def kept(self, key: str, since: float) -> Kept | None:
        """A key is forgotten once it is older than `since`."""
        rows = self._read("SELECT body, answer FROM answers WHERE key = ? AND at >= ?", key, since)
        return Kept(rows[0]["body"], rows[0]["answer"]) if rows else None

    def take(
        self,
        key: str,
        at: float,
        body: str,
        answer: bytes,
        mails: Sequence[Taken],
        bodies: Sequence[tuple[str, bytes]] = (),
    ) -> None:
        """The mails and the answer that names them: both, or none of it."""
        rows = [(m.id, at, key, m.place, m.sender, m.recipient, m.subject, m.tags) for m in mails]
        with self._lock, self._file:
            self._file.execute("BEGIN")
            self._file.executemany("INSERT INTO mails VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
            self._file.executemany("INSERT INTO bodies VALUES (?, ?)", bodies)
            if key:
                kept = (key, at, body, answer, len(mails))
                self._file.execute("INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?)", kept)

    def write(self, at: float, key: str, body: str, status: int, fault: str, accepted: int) -> None:
        with self._lock:
            row = (at, key, body, status, fault, accepted)
            sql = "INSERT INTO calls (at, key, body, status, fault, accepted) VALUES (?, ?, ?, ?, ?, ?)"
            self._file.execute(sql, row)

    def calls(self) -> list[dict[str, Any]]:
        return self._read("SELECT * FROM calls ORDER BY id")

    def mails(self) -> list[dict[str, Any]]:
        return self._read("SELECT * FROM mails ORDER BY rowid")

    def mail(self, mail_id: str) -> dict[str, Any] | None:
        return next(iter(self._read("SELECT * FROM mails WHERE id = ?", mail_id)), None)

    def body(self, mail_id: str) -> bytes:
        """As it was written; nothing, where it was not kept."""
        return next((bytes(row["body"]) for row in self._read("SELECT body FROM bodies WHERE id = ?", mail_id)), b"")

    def counts(self) -> dict[str, int]:
        return self._read(COUNTS)[0]

    def clear(self) -> None:
        with self._lock:
            self._file.executescript("DELETE FROM calls; DELETE FROM answers; DELETE FROM mails; DELETE FROM bodies;")

    def _read(self, sql: str, *values: object) -> list[dict[str, Any]]:
        with self._lock:
            return [dict(row) for row in self._file.execute(sql, values)]
