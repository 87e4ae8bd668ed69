"""Undo, value by value: back to what was, where nobody has written since; and the people whom it created leave,
unless something refers to them by now. In slices of people, each with the mark of how far it came."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import text

from app.consent import statements
from app.customers.incoming import COLUMNS
from app.db import db
from app.events import keys
from app.imports import people_of_lists, products
from app.imports.upload import Import

SLICE = 5_000
# Whatever may hold a customer's id. What stands above this room offers nothing yet that could.
REFERRING = (
    "events",
    "funnel_events",
    "orders",
    "carts",
    "customer_aliases",
    "consents",
    "pauses",
    "customer_segment_customer_list",
)


def _back(name: str) -> str:
    kind = "::timestamptz" if name == "created_date" else ""
    return f"{name} = CASE WHEN b.columns ? '{name}' THEN (b.columns ->> '{name}'){kind} ELSE c.{name} END"


VALUES = f"""
    WITH people AS MATERIALIZED (
      SELECT DISTINCT customer_id FROM attribute_changes
       WHERE import_id = :id AND customer_id > :after ORDER BY customer_id LIMIT {SLICE}
    ),
    locked AS MATERIALIZED (
      SELECT c.* FROM customers c WHERE c.id IN (SELECT customer_id FROM people) ORDER BY c.id FOR NO KEY UPDATE
    ),
    mine AS MATERIALIZED (
      SELECT m.customer_id, m.name, m.is_column, m.old, m.new,
             NOT EXISTS (SELECT FROM attribute_changes later
                          WHERE later.customer_id = m.customer_id AND later.name = m.name
                            AND later.is_column = m.is_column AND later.id > m.id)
             AND CASE WHEN m.is_column THEN to_jsonb(c) -> m.name ELSE coalesce(c.attributes -> m.name, 'null') END
                 IS NOT DISTINCT FROM coalesce(m.new, 'null') AS is_still
        FROM attribute_changes m
        JOIN locked c ON c.id = m.customer_id
       WHERE m.import_id = :id AND m.customer_id IN (SELECT customer_id FROM people)
    ),
    back AS MATERIALIZED (
      SELECT customer_id,
             coalesce(jsonb_object_agg(name, old) FILTER (WHERE is_column), '{{}}')         AS columns,
             coalesce(jsonb_object_agg(name, old) FILTER (WHERE NOT is_column), '{{}}')     AS attributes
        FROM mine WHERE is_still GROUP BY customer_id
    ),
    changed AS (
      UPDATE customers c
         SET {", ".join(_back(name) for name in COLUMNS)},
             attributes = jsonb_strip_nulls(c.attributes || b.attributes), updated_date = :now
        FROM back b WHERE c.id = b.customer_id
    ),
    history AS (
      INSERT INTO attribute_changes (customer_id, name, is_column, old, new, source, at)
      SELECT customer_id, name, is_column, new, old, :source, :now FROM mine WHERE is_still
    )
    SELECT (SELECT max(customer_id) FROM people)            AS through,
           (SELECT count(*) FROM mine WHERE is_still)       AS values,
           (SELECT count(*) FROM mine WHERE NOT is_still)   AS kept_values
"""
PEOPLE = f"""
    WITH people AS MATERIALIZED (
      SELECT id FROM customers WHERE import_id = :id AND id > :after ORDER BY id LIMIT {SLICE} FOR UPDATE
    ),
    removed AS (
      DELETE FROM customers c
       WHERE c.id IN (SELECT id FROM people)
         AND NOT EXISTS (SELECT FROM attribute_changes WHERE customer_id = c.id AND import_id IS DISTINCT FROM :id)
         {" ".join(f"AND NOT EXISTS (SELECT FROM {table} WHERE customer_id = c.id)" for table in REFERRING)}
      RETURNING id
    )
    SELECT (SELECT max(id) FROM people) AS through, (SELECT count(*) FROM people) AS people,
           (SELECT count(*) FROM removed) AS removed
"""
STATEMENTS = """
    DELETE FROM consents WHERE id IN (SELECT id FROM consents WHERE import_id = :id LIMIT :limit) RETURNING customer_id
"""
MOVES = """
    DELETE FROM {table} WHERE id IN (SELECT id FROM {table} WHERE import_id = :id ORDER BY id LIMIT :limit)
    RETURNING id, source_id
"""


def undo(upload: Import, now: datetime) -> Iterator[None]:
    if upload.kind == "customers":
        yield from _values(upload, now)
        yield from _statements(upload)
        yield from _people(upload)
    elif upload.kind == people_of_lists.KIND:
        for gone in people_of_lists.undo(upload, now):
            _count(upload, {"removed": gone})
            yield
    elif upload.kind == products.KIND:
        for counted, marks in products.undo(upload, now):
            _count(upload, counted, **marks)
            yield
    else:
        yield from _moves(upload)
    upload.state, upload.undone_at = "undone", now
    yield


def _values(upload: Import, now: datetime) -> Iterator[None]:
    said = {"id": upload.id, "now": now, "source": f"undo of {upload.said}"}
    while not upload.undo.get("values_done"):
        after = upload.undo.get("values_through", 0)
        found = db.session.execute(text(VALUES), said | {"after": after}).one()
        counted = {"values": found.values, "kept_values": found.kept_values}
        _count(upload, counted, values_through=found.through, values_done=found.through is None)
        yield


def _statements(upload: Import) -> Iterator[None]:
    """What the file said of consent was never said; where people stand follows from what others said."""
    while gone := _slice_of_statements(upload):
        _count(upload, {"statements": gone})
        yield


def _slice_of_statements(upload: Import) -> int:
    db.session.execute(text("SELECT set_config('campus.passage', 'undo', true)"))
    people = db.session.scalars(text(STATEMENTS), {"id": upload.id, "limit": SLICE}).all()
    statements.reckon(sorted(set(people)))
    return len(people)


def _people(upload: Import) -> Iterator[None]:
    while not upload.undo.get("people_done"):
        after = upload.undo.get("people_through", 0)
        found = db.session.execute(text(PEOPLE), {"id": upload.id, "after": after}).one()
        counted = {"removed": found.removed, "kept_customers": found.people - found.removed}
        _count(upload, counted, people_through=found.through, people_done=found.through is None)
        yield


def _moves(upload: Import) -> Iterator[None]:
    """Moves are facts: they leave by the passage of the import that brought them, with their keys and their work."""
    for table in ("funnel_events", "pending_events"):
        while gone := _slice_of_moves(upload, table):
            _count(upload, {"removed": gone})
            yield


def _slice_of_moves(upload: Import, table: str) -> int:
    db.session.execute(text("SELECT set_config('campus.passage', 'undo', true)"))
    said = {"id": upload.id, "limit": SLICE}
    rows = db.session.execute(text(MOVES.format(table=table)), said).all()
    seen = [keys.key("funnel", row.source_id) for row in rows]
    db.session.execute(text("DELETE FROM event_keys WHERE key = ANY (CAST(:keys AS uuid[]))"), {"keys": seen})
    db.session.execute(
        text("DELETE FROM event_work WHERE kind = 'funnel' AND event_id = ANY (:ids)"),
        {"ids": [row.id for row in rows]},
    )
    return len(rows)


def _count(upload: Import, counted: dict[str, int], **marks: Any) -> None:
    sums = {name: upload.undo.get(name, 0) + count for name, count in counted.items()}
    upload.undo = upload.undo | sums | marks
