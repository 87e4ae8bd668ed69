"""The audit trail as a list: by which words it is searched, by what it is filtered, and what an entry changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, func, select, text

from app.audit.entry import Entry
from app.db import db
from app.listing import Field, Listing, words
from app.listing_values import start_of_day

# Jumps from one kind to the next along the index, however many entries lie between them.
KINDS = text(
    """
    WITH RECURSIVE kinds (kind) AS (
        (SELECT subject_type FROM audit ORDER BY subject_type LIMIT 1)
      UNION ALL
        SELECT (SELECT subject_type FROM audit WHERE subject_type > kind ORDER BY subject_type LIMIT 1)
          FROM kinds
         WHERE kind IS NOT NULL
    )
    SELECT kind FROM kinds WHERE kind IS NOT NULL
    """
)
MACHINES = (("system", "the system or the command line"), ("key", "an API key"))


@dataclass(frozen=True)
class Difference:
    name: str
    before: Any
    after: Any


def listing(zone: ZoneInfo, people: Iterable[tuple[int, str]]) -> Listing:
    """`people` are those who can be asked for by name; whoever has gone since is among them still."""
    who = tuple((str(user_id), name) for user_id, name in [*people, *gone()])
    kinds = tuple((kind, kind) for kind in db.session.scalars(KINDS))
    days = {"after": "on or after", "before": "before"}
    fields = (
        Field("who", "Who", "choice", {"is": "is"}, _who, (*who, *MACHINES)),
        Field("kind", "Kind", "choice", {"is": "is"}, lambda _op, value: Entry.subject_type == value, kinds),
        Field("day", "Day", "date", days, _day(zone)),
    )
    sorts = {"at": (Entry.at, Entry.id)}
    return Listing(sorts, "-at", words(Entry.search_text), {field.name: field for field in fields})


def entries() -> Select[Entry]:
    return select(Entry)


def about(subject_type: str, subject_id: int, most: int) -> list[Entry]:
    mine = select(Entry).where(Entry.subject_type == subject_type, Entry.subject_id == str(subject_id))
    return list(db.session.scalars(mine.order_by(Entry.at.desc(), Entry.id.desc()).limit(most)))


def latest(verb: str, subject_type: str, subject_id: int) -> datetime | None:
    """When somebody did this to it last."""
    mine = Entry.subject_type == subject_type, Entry.subject_id == str(subject_id), Entry.verb == verb
    return db.session.scalar(select(func.max(Entry.at)).where(*mine))


def gone() -> list[tuple[int, str]]:
    """Users who were removed; what they did stays."""
    removed = select(Entry).where(Entry.subject_type == "user", Entry.verb == "removed").order_by(Entry.subject_name)
    return [(int(entry.subject_id or 0), f"{entry.subject_name} (removed)") for entry in db.session.scalars(removed)]


def differences(entry: Entry) -> list[Difference]:
    before, after = entry.before or {}, entry.after or {}
    names = dict.fromkeys([*before, *after])
    return [Difference(name, before.get(name), after.get(name)) for name in names]


def _who(_op: str, value: str) -> ColumnElement[bool]:
    if value.isdecimal():
        return (Entry.actor_kind == "user") & (Entry.actor_id == int(value))
    return Entry.actor_kind == value


def _day(zone: ZoneInfo) -> Callable[[str, str], ColumnElement[bool]]:
    def where(op: str, value: str) -> ColumnElement[bool]:
        day = start_of_day(value, zone)
        return Entry.at >= day if op == "after" else Entry.at < day

    return where
