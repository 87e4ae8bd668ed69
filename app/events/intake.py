"""Facts come in by sets: whose they are, which of them are new, and everything that goes with them in one statement.

A fact whose person is not known, or whose address fits several, waits under what named them (pending).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from psycopg.errors import ForeignKeyViolation
from sqlalchemy import Row
from sqlalchemy.exc import IntegrityError

from app.customers import ambiguity
from app.customers.who import FOUND
from app.db import db, planned_once
from app.events import partitions
from app.events.incoming import Incoming, Origin
from app.events.screening import Fact, screened, unknown_customer
from app.tally import Tally

# What a fact is made of, in the type that it is sent as: a column of the set below.
COLUMNS: dict[str, tuple[str, Callable[[Fact], Any]]] = {
    "index": ("int", lambda fact: fact.said.index),
    "kind": ("text", lambda fact: fact.said.kind),
    "key": ("uuid", lambda fact: fact.key),
    "id": ("bigint", lambda fact: fact.said.who.customer_id),
    "lead": ("text", lambda fact: fact.said.who.lms_lead_id),
    "email": ("text", lambda fact: fact.said.who.email),
    "anonymous": ("text", lambda fact: fact.said.who.anonymous_id),
    "at": ("timestamptz", lambda fact: fact.said.occurred_at),
    "name": ("text", lambda fact: fact.said.name),
    "from_stage": ("text", lambda fact: fact.said.from_stage),
    "to_stage": ("text", lambda fact: fact.said.to_stage),
    "properties": ("jsonb", lambda fact: fact.properties),
    "source_id": ("text", lambda fact: fact.said.source_id),
}
ORIGIN = "received_at, source_id, receipt_id, receipt_index, import_id, import_line"
CAME = """%(now)s, source_id, %(receipt_id)s::bigint, CASE WHEN %(receipt_id)s::bigint IS NOT NULL THEN index END,
             %(import_id)s::bigint, CASE WHEN %(import_id)s::bigint IS NOT NULL THEN index END"""

# Keys in order, so that two who bring the same facts at once wait for each other in one direction only.
STORE = f"""
    WITH named AS MATERIALIZED (
      SELECT * FROM unnest({", ".join(f"CAST(%({name})b AS {kind}[])" for name, (kind, _) in COLUMNS.items())})
        AS fact({", ".join(COLUMNS)})
    ),
    found AS MATERIALIZED ({FOUND}),
    good AS MATERIALIZED (
      SELECT *, row_number() OVER (PARTITION BY key ORDER BY index) AS turn
        FROM found WHERE person IS NOT NULL OR id IS NULL
    ),
    fresh AS (
      INSERT INTO event_keys (key, seen_at)
      SELECT key, %(now)s FROM good WHERE key IS NOT NULL AND turn = 1 ORDER BY key
      ON CONFLICT DO NOTHING
      RETURNING key
    ),
    counted AS MATERIALIZED (
      SELECT nextval('fact_ids') AS fact_id, *
        FROM (SELECT * FROM good WHERE key IS NULL OR (turn = 1 AND key IN (SELECT key FROM fresh)) ORDER BY index) new
    ),
    behaviour AS (
      INSERT INTO events (id, occurred_at, customer_id, name, properties, {ORIGIN})
      SELECT fact_id, at, person, name, properties, {CAME}
        FROM counted WHERE kind = 'event' AND person IS NOT NULL
    ),
    moves AS (
      INSERT INTO funnel_events (id, customer_id, funnel_type, from_stage, to_stage, created_date, {ORIGIN})
      SELECT fact_id, person, name, from_stage, to_stage, at, {CAME}
        FROM counted WHERE kind = 'funnel' AND person IS NOT NULL
    ),
    waiting AS (
      INSERT INTO pending_events (id, kind, lms_lead_id, email_folded, anonymous_id, occurred_at, name,
                                  from_stage, to_stage, properties, {ORIGIN})
      SELECT fact_id, kind, lead, email, anonymous, at, name, from_stage, to_stage, properties, {CAME}
        FROM counted WHERE person IS NULL
    ),
    work AS (
      INSERT INTO event_work (kind, event_id, occurred_at, customer_id, name)
      SELECT kind, fact_id, at, person, name FROM counted WHERE person IS NOT NULL
    )
    SELECT (SELECT count(*) FROM counted)                             AS created,
           (SELECT count(*) FROM good)                                AS good,
           (SELECT array_agg(email) FROM counted WHERE is_ambiguous)  AS ambiguous,
           (SELECT array_agg(index) FROM found WHERE person IS NULL AND id IS NOT NULL) AS unknown
"""


def store(facts: Sequence[Incoming], origin: Origin, now: datetime) -> Tally:
    """As if they came one at a time; the same id counts once. Never commits."""
    tally = Tally(received=len(facts))
    good, rejects = screened(facts, now)
    if good:
        stored = _write_meanwhile(good, origin, now)
        tally.created, tally.unchanged = stored.created, stored.good - stored.created
        unknown = set(stored.unknown or ())
        rejects += [unknown_customer(fact.said) for fact in good if fact.said.index in unknown]
        _note_ambiguous(stored.ambiguous, origin)
    tally.refuse(rejects)
    return tally


def _write_meanwhile(facts: Sequence[Fact], origin: Origin, now: datetime) -> Row[Any]:
    """Somebody who moves through a funnel may be merged between being found and being written: then once more."""
    if not any(fact.said.kind == "funnel" for fact in facts):
        return _write(facts, origin, now)
    try:
        with db.session.begin_nested():
            return _write(facts, origin, now)
    except IntegrityError as error:
        if not isinstance(error.orig, ForeignKeyViolation):
            raise
    return _write(facts, origin, now)


def _write(facts: Sequence[Fact], origin: Origin, now: datetime) -> Row[Any]:
    partitions.ensure_for(fact.said.occurred_at for fact in facts if fact.said.kind == "event")
    columns = {name: _column(facts, value) for name, (_, value) in COLUMNS.items()}
    said = {**columns, "now": now, "receipt_id": origin.receipt_id, "import_id": origin.import_id}
    with planned_once():
        return db.session.connection().exec_driver_sql(STORE, said).one()


def _column(facts: Sequence[Fact], value: Callable[[Fact], Any]) -> list[Any] | None:
    """A column that nobody filled is no column: unnest fills it up with nothing."""
    column = [value(fact) for fact in facts]
    return None if column.count(None) == len(column) else column


def _note_ambiguous(emails: Sequence[str] | None, origin: Origin) -> None:
    if emails:
        ambiguity.note_many(emails, f"import {origin.import_id}" if origin.import_id else "events")
