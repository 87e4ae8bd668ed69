"""What a preview shows: samples before → after, refused rows by their reason, and both whole as CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine, text

from app.customers.export import guarded
from app.db import db
from app.imports import products
from app.imports.matching import shown
from app.imports.staging import people_of
from app.imports.upload import Import

BATCH = 2_000
LINES_NAMED = 3

# One of each part of the file, so that a sample is not only its beginning.
SPREAD = """
    SELECT DISTINCT ON (part) p.*, concat_ws(' ', c.first_name, c.last_name) AS known_name, c.email AS known_email
      FROM (SELECT *, width_bucket(line, 1, (SELECT max(line) + 2 FROM {people}), :limit) AS part
              FROM {people} WHERE outcome = :outcome AND problem IS NULL) p
      LEFT JOIN customers c ON c.id = p.person
     ORDER BY part, line
"""
CHANGED = " SELECT * FROM changes ORDER BY person, is_column DESC, name"
REASONS = """
    SELECT reason, min(line) AS first, count(*) AS rows, (array_agg(line ORDER BY line))[1:3] AS lines
      FROM import_rejects WHERE import_id = :id
     GROUP BY reason ORDER BY rows DESC, first LIMIT :limit
"""


@dataclass(frozen=True)
class Change:
    name: str
    is_column: bool
    old: Any
    new: Any


@dataclass(frozen=True)
class Example:
    line: int
    customer_id: int | None  # None while nobody is created yet
    name: str
    row: dict[str, Any]
    changes: Sequence[Change]


@dataclass(frozen=True)
class Reason:
    said: str
    example: str
    lines: Sequence[int]
    count: int


def samples(upload: Import, outcome: str, limit: int = 6) -> list[Example]:
    if upload.kind == products.KIND:
        return _products(upload, outcome, limit)
    people = people_of(upload)
    found = db.session.execute(text(SPREAD.format(people=people)), {"outcome": outcome, "limit": limit}).all()
    changes = _changes(upload, [row.person for row in found]) if outcome == "updated" else {}
    return [_example(upload, row, changes.get(row.person, [])) for row in found]


def reasons(upload: Import, limit: int = 50) -> list[Reason]:
    found = db.session.execute(text(REASONS), {"id": upload.id, "limit": limit}).all()
    asked = text("SELECT line, left(row, 200) AS row FROM import_rejects WHERE import_id = :id AND line = ANY (:lines)")
    shown = db.session.execute(asked, {"id": upload.id, "lines": [row.first for row in found]})
    examples = {row.line: row.row for row in shown}
    return [Reason(row.reason, examples.get(row.first, ""), row.lines, row.rows) for row in found]


def rejects(upload: Import) -> Iterator[str]:
    """Line, column, reason, the row as it was: on a connection of its own, the stream outlives the request."""
    asked = "SELECT line, column_name, reason, row FROM import_rejects WHERE import_id = :id ORDER BY line"
    return _streamed(db.engine, ("line", "column", "reason", "row"), asked, {"id": upload.id})


def changes_csv(upload: Import) -> Iterator[str]:
    asked = shown(upload) + CHANGED
    names = f"SELECT person, name, old #>> '{{}}', new #>> '{{}}' FROM ({asked}) listed"
    return _streamed(db.engine, ("customer_id", "name", "before", "after"), names, {"now": datetime.now(UTC)})


def _products(upload: Import, outcome: str, limit: int) -> list[Example]:
    found = products.samples(upload, outcome, limit)
    return [
        Example(
            one.line,
            None,
            one.name,
            {name: new for name, _, new in one.changes},
            [Change(name, True, old, new) for name, old, new in one.changes],
        )
        for one in found
    ]


def _changes(upload: Import, people: Sequence[int]) -> dict[int, list[Change]]:
    asked = shown(upload, "AND person = ANY (:people)") + CHANGED
    found: dict[int, list[Change]] = {}
    for row in db.session.execute(text(asked), {"people": list(people), "now": datetime.now(UTC)}):
        found.setdefault(row.person, []).append(Change(row.name, row.is_column, row.old, row.new))
    return found


def _example(upload: Import, row: Any, changes: Sequence[Change]) -> Example:
    said = {name: value for name, value in row._mapping.items() if value not in (None, "", {}, [])}
    if upload.kind != "customers":
        name = row.known_name or row.known_email or row.lms_lead_id or row.email or str(row.customer_id)
    else:
        own = " ".join(part for part in (row.first_name, row.last_name) if part)
        name = row.known_name or own or row.email or row.known_email or row.lms_lead_id or ""
    is_known = upload.kind != "customers" or not row.is_new
    consents = [Change(f"consent_{slug}", False, *values) for slug, values in (said.get("moved") or {}).items()]
    return Example(row.line, row.person if is_known else None, name, said, [*changes, *consents])


def _streamed(engine: Engine, header: Iterable[str], asked: str, said: dict[str, Any]) -> Iterator[str]:
    with engine.connect() as connection:
        yield "\ufeff" + _line(header)
        found = connection.execution_options(yield_per=BATCH).execute(text(asked), said)
        for rows in found.partitions():
            yield "".join(_line(guarded(_cell(value)) for value in row) for row in rows)


def _cell(value: Any) -> str:
    return "" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _line(cells: Iterable[str]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(list(cells))
    return out.getvalue()
