"""Facts come in by sets: whose they are, which of them are new, and everything that goes with them in one statement.

A fact whose person is not known, or whose address fits several, waits under what named them (pending).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from app.customers import ambiguity, who
from app.db import db
from app.events import partitions
from app.events.incoming import Incoming, Origin
from app.events.screening import Fact, screened, unknown_customer
from app.tally import Tally

# What a fact is made of, in the type that it is sent as: a column of the set below.
COLUMNS: dict[str, tuple[str, Callable[[Fact], Any]]] = {
    "index": ("int", lambda fact: fact.said.index),
    "kind": ("text", lambda fact: fact.said.kind),
    "key": ("uuid", lambda fact: fact.key),
    "customer_id": ("bigint", lambda fact: fact.found.id),
    "lms_lead_id": ("text", lambda fact: fact.said.who.lms_lead_id),
    "email_folded": ("text", lambda fact: fact.said.who.email),
    "anonymous_id": ("text", lambda fact: fact.said.who.anonymous_id),
    "occurred_at": ("timestamptz", lambda fact: fact.said.occurred_at),
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
    WITH fact AS MATERIALIZED (
      SELECT * FROM unnest({", ".join(f"CAST(%({name})b AS {kind}[])" for name, (kind, _) in COLUMNS.items())})
        AS fact({", ".join(COLUMNS)})
    ),
    fresh AS (
      INSERT INTO event_keys (key, seen_at)
      SELECT key, %(now)s FROM fact WHERE key IS NOT NULL ORDER BY key
      ON CONFLICT DO NOTHING
      RETURNING key
    ),
    counted AS MATERIALIZED (
      SELECT nextval('fact_ids') AS id, * FROM fact WHERE key IS NULL OR key IN (SELECT key FROM fresh)
    ),
    behaviour AS (
      INSERT INTO events (id, occurred_at, customer_id, name, properties, {ORIGIN})
      SELECT id, occurred_at, customer_id, name, properties, {CAME}
        FROM counted WHERE kind = 'event' AND customer_id IS NOT NULL
    ),
    moves AS (
      INSERT INTO funnel_events (id, customer_id, funnel_type, from_stage, to_stage, created_date, {ORIGIN})
      SELECT id, customer_id, name, from_stage, to_stage, occurred_at, {CAME}
        FROM counted WHERE kind = 'funnel' AND customer_id IS NOT NULL
    ),
    waiting AS (
      INSERT INTO pending_events (id, kind, lms_lead_id, email_folded, anonymous_id, occurred_at, name,
                                  from_stage, to_stage, properties, {ORIGIN})
      SELECT id, kind, lms_lead_id, email_folded, anonymous_id, occurred_at, name,
             from_stage, to_stage, properties, {CAME}
        FROM counted WHERE customer_id IS NULL
    ),
    work AS (
      INSERT INTO event_work (kind, event_id, occurred_at, customer_id, name)
      SELECT kind, id, occurred_at, customer_id, name FROM counted WHERE customer_id IS NOT NULL
    )
    SELECT count(*) AS counted, array_agg(index) FILTER (WHERE customer_id IS NULL) AS waiting FROM counted
"""


def store(facts: Sequence[Incoming], origin: Origin, now: datetime) -> Tally:
    """As if they came one at a time; the same id counts once. Never commits."""
    good, rejects = screened(facts, now)
    _find(good)
    placed = [fact for fact in good if fact.is_placed]
    tally = Tally(received=len(facts), created=_write(_once(placed), origin, now))
    tally.unchanged = len(placed) - tally.created
    tally.refuse([*rejects, *(unknown_customer(fact.said) for fact in good if not fact.is_placed)])
    return tally


def _find(facts: Sequence[Fact]) -> None:
    people = list({fact.said.who for fact in facts})
    found = dict(zip(people, who.find_many(people), strict=True))
    for fact in facts:
        fact.found = found[fact.said.who]


def _once(facts: Sequence[Fact]) -> list[Fact]:
    """The first of those that carry the same id."""
    firsts: dict[object, Fact] = {}
    for place, fact in enumerate(facts):
        firsts.setdefault(fact.key or place, fact)
    return list(firsts.values())


def _write(facts: Sequence[Fact], origin: Origin, now: datetime) -> int:
    if not facts:
        return 0
    partitions.ensure_for(fact.said.occurred_at for fact in facts if fact.said.kind == "event" and fact.found.id)
    row = db.session.connection().exec_driver_sql(STORE, _said(facts, origin, now)).one()
    _note_ambiguous(facts, set(row.waiting or ()), origin)
    return int(row.counted)


def _said(facts: Sequence[Fact], origin: Origin, now: datetime) -> dict[str, Any]:
    columns = {name: [value(fact) for fact in facts] for name, (_, value) in COLUMNS.items()}
    return columns | {"now": now, "receipt_id": origin.receipt_id, "import_id": origin.import_id}


def _note_ambiguous(facts: Sequence[Fact], waiting: set[int], origin: Origin) -> None:
    ambiguous = [fact.said for fact in facts if fact.found.is_ambiguous and fact.said.index in waiting]
    if ambiguous:
        source = f"import {origin.import_id}" if origin.import_id else "events"
        ambiguity.note_many([str(fact.who.email) for fact in ambiguous], source)
