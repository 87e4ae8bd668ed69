"""Customers are written in sets: found, compared, created or changed, with the history of what changed.

Whatever writes customers takes the locks of its keys first, so that two at once cannot both create one person.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import text

from app.customers import ambiguity
from app.customers.changes import CHANGES, FINAL, LOCKED, OTHERS
from app.customers.identity import AMBIGUOUS, ROW, SAID, people
from app.customers.incoming import COLUMNS, Incoming, Source, Upserted
from app.db import db
from app.settings import subscribing
from app.tally import Reject, Tally

LOCKS = 64

TAKE_LOCKS = text(
    """
    SELECT pg_advisory_xact_lock(hashtext('customers'), lock)
      FROM (SELECT lock FROM unnest(CAST(:locks AS int[])) AS lock ORDER BY lock) in_order
    """
)


NAMES = ", ".join(OTHERS)

# {rows} holds one row per person, in the columns of identity.PEOPLE. NO KEY: whoever writes a fact of theirs looks at
# the key alone, in no order; with a full lock the two would wait in a circle.
WRITE = f"""
    rows AS MATERIALIZED ({{rows}}),
    locked AS MATERIALIZED ({LOCKED} FOR NO KEY UPDATE),
    final AS MATERIALIZED ({FINAL}),
    inserted AS (
      INSERT INTO customers (id, {NAMES}, created_date, updated_date, attributes, source, import_id, asks_first)
      SELECT person, {NAMES}, created_date, :now, attributes, :source, :import_id, :asks_first
        FROM final WHERE is_new ORDER BY person
      ON CONFLICT (lms_lead_id) DO NOTHING
      RETURNING id
    ),
    changed AS (
      UPDATE customers c
         SET {", ".join(f"{name} = f.{name}" for name in COLUMNS)}, attributes = f.attributes, updated_date = :now
        FROM final f WHERE c.id = f.person AND NOT f.is_new
      RETURNING c.id
    ),
    history AS (
      INSERT INTO attribute_changes (customer_id, name, is_column, old, new, source, import_id, at)
      SELECT person, name, is_column, old, new, :source, :import_id, :now FROM ({CHANGES}) changes
      RETURNING 1
    )
"""
# Who can be named by more than before: what waits for them may join them.
APPEARED = """
    SELECT f.person FROM final f LEFT JOIN locked c ON c.id = f.person
     WHERE f.is_new OR c.lms_lead_id IS DISTINCT FROM f.lms_lead_id
        OR lower(coalesce(c.email, '')) <> lower(coalesce(f.email, ''))
"""


def writing(rows: str) -> str:
    return WRITE.replace("{rows}", rows)


UPSERT = text(
    f"""
    WITH incoming AS (SELECT * FROM jsonb_to_recordset(CAST(:items AS jsonb)) AS item({ROW})),
    people AS MATERIALIZED ({people("incoming")}),
    {writing("SELECT * FROM people WHERE writes")}
    SELECT p.line, p.person, p.outcome, p.problem, appeared.person IS NOT NULL AS has_appeared
      FROM people p
      LEFT JOIN ({APPEARED}) appeared ON appeared.person = p.person AND p.is_last
     ORDER BY p.line
    """
)


@dataclass(frozen=True)
class _Row:
    line: int
    person: int | None
    outcome: str | None
    problem: str | None
    has_appeared: bool


def upsert_many(items: Sequence[Incoming], source: Source, now: datetime) -> tuple[Tally, Upserted]:
    """As if they came one at a time. Never commits."""
    if not items:
        return Tally(), Upserted([], [])
    lock(_keys(items))
    said = {"items": msgspec.json.encode([_row(place, item) for place, item in enumerate(items)]).decode()}
    found = db.session.execute(UPSERT, said | told(source.said, source.import_id, now))
    rows = [_Row(*row) for row in found]
    _note_ambiguous(items, rows, source)
    appeared = [row.person for row in rows if row.has_appeared and row.person]
    found_ids = [None if row.problem else row.person for row in rows]
    return _tally(items, rows), Upserted(found_ids, appeared, [row.outcome for row in rows])


def told(source: str, import_id: int | None, now: datetime) -> dict[str, Any]:
    """What a statement that is WRITTEN hears beside its rows."""
    return {"now": now, "source": source, "import_id": import_id, "asks_first": subscribing.read().asks_first}


def lock(keys: Iterable[str] | None = None) -> None:
    """Of these keys, or of all: two writers of one key follow each other. In order, so that none waits in a circle."""
    locks = range(LOCKS) if keys is None else sorted({zlib.crc32(key.encode()) % LOCKS for key in keys})
    db.session.execute(TAKE_LOCKS, {"locks": list(locks)})


def _keys(items: Sequence[Incoming]) -> Iterable[str]:
    for item in items:
        if item.customer_id:
            yield str(item.customer_id)  # a merge takes every lock: nobody is written who is about to go
        if lead := item.columns.get("lms_lead_id"):
            yield lead
        if email := item.columns.get("email"):
            yield email.lower()


def _row(place: int, item: Incoming) -> dict[str, Any]:
    return {
        "line": place,
        "customer_id": item.customer_id,
        **{name: value for name, value in item.columns.items() if value is not None},
        "attributes": item.attributes,
        "cleared": [name for name, value in item.columns.items() if value is None],
    }


def _tally(items: Sequence[Incoming], rows: Sequence[_Row]) -> Tally:
    tally = Tally(received=len(items))
    for row in rows:
        if row.outcome:
            setattr(tally, row.outcome, getattr(tally, row.outcome) + 1)
    tally.refuse([_refused(items[row.line], row.problem) for row in rows if row.problem])
    return tally


def _refused(item: Incoming, problem: str) -> Reject:
    field, message = SAID[problem]
    return Reject(item.index, problem, field, message)


def _note_ambiguous(items: Sequence[Incoming], rows: Sequence[_Row], source: Source) -> None:
    named = [str(items[row.line].columns["email"]).lower() for row in rows if row.problem == AMBIGUOUS]
    if named:
        ambiguity.note_many(named, source.said)
