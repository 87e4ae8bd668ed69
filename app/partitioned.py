"""Tables in partitions by time: made ahead by a recurring job, and on demand by whoever brings other moments.

There is no partition by default, which would keep others from being attached while it is read.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import text

from app.db import db

FRESH = 60.0  # seconds for which a process trusts what it has seen; a partition that is written to is never dropped

PRESENT = text("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = CAST(:table AS regclass)")
LOCK = text("SELECT pg_advisory_xact_lock(hashtext(:table || ' partitions'))")


@dataclass(frozen=True)
class Partitioned:
    """`name`: of a partition, by its first moment; `first_of`: the first moment of that which holds another one."""

    table: str
    name: str
    first_of: Callable[[datetime], datetime]
    next_of: Callable[[datetime], datetime]
    # By database: until when, and which.
    _seen: dict[str, tuple[float, frozenset[str]]] = field(default_factory=dict)

    def ensure(self, first: datetime, last: datetime) -> list[str]:
        """Makes what is missing between two moments and names it."""
        present = self.present()
        missing = [one for one in self._between(first, last) if self.named(one) not in present]
        for one in missing:
            self._make(one)
        return [self.named(one) for one in missing]

    def ensure_for(self, moments: Iterable[datetime]) -> None:
        """Only what occurs. Asks the database once a minute, and whenever something was not there yet."""
        wanted = {self.first_of(moment) for moment in moments}
        if not {self.named(one) for one in wanted} <= self._known():
            made = [name for one in sorted(wanted) for name in self.ensure(one, one)]
            if not made:
                self.forget()  # they have come since we looked

    def forget(self) -> None:
        """What this process has seen."""
        self._seen.clear()

    def present(self) -> set[str]:
        """Asked of the table, not by to_regclass(): that may remember from before the lock that there is none."""
        return set(db.session.scalars(PRESENT, {"table": self.table}))

    def named(self, first: datetime) -> str:
        return first.strftime(self.name)

    def _known(self) -> frozenset[str]:
        """Read beside the session: what this transaction made goes again if it is rolled back."""
        database = str(db.engine.url)
        until, names = self._seen.get(database, (0.0, frozenset()))
        if time.monotonic() > until:
            with db.engine.connect() as connection:
                names = frozenset(connection.execute(PRESENT, {"table": self.table}).scalars())
            self._seen[database] = time.monotonic() + FRESH, names
        return names

    def _make(self, first: datetime) -> None:
        # Two sessions may want the same: the lock lets the second one see the first one's table.
        db.session.execute(LOCK, {"table": self.table})
        name = self.named(first)
        if name not in self.present():
            # Attached, not created in place: that would keep every other writer away until the commit.
            like = f"(LIKE {self.table} INCLUDING DEFAULTS INCLUDING CONSTRAINTS)"
            bounds = f"FROM ('{first:%Y-%m-%d}+00') TO ('{self.next_of(first):%Y-%m-%d}+00')"
            db.session.execute(text(f"CREATE TABLE {name} {like}"))
            db.session.execute(text(f"ALTER TABLE {self.table} ATTACH PARTITION {name} FOR VALUES {bounds}"))

    def _between(self, first: datetime, last: datetime) -> Iterator[datetime]:
        one = self.first_of(first)
        while one <= last:
            yield one
            one = self.next_of(one)
