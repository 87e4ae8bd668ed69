"""Mails and hits as they stand in the tables, and what a verdict writes there: in sets.

Rows come and go as JSON: driver and ORM took a quarter of the drain's time to take them apart value by value.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from sqlalchemy import TextClause, text

from app.db import db
from app.tracking.robots import Fact

Row = TypeVar("Row", bound=msgspec.Struct)
ROWS = "SELECT coalesce(json_agg(json_build_array({columns})), '[]')::text FROM ({rows}) rows"
# Nothing more is kept of a customer who was erased.
MAILS = """
    SELECT d.id, d.run_id, d.customer_id, d.accepted_at, d.delivered_at, d.opened_at, d.clicked_at,
           d.machine_opened_at, d.machine_clicked_at, coalesce(v.version_id, r.version_id) AS version_id
      FROM deliveries d
      JOIN runs r ON r.id = d.run_id
      JOIN customers c ON c.id = d.customer_id AND c.erased_at IS NULL
      LEFT JOIN run_variants v ON v.run_id = d.run_id AND v.place = d.variant
     WHERE d.id = ANY (:ids) AND d.accepted_at > :since
     ORDER BY d.id
       FOR NO KEY UPDATE OF d
"""
HITS = "SELECT * FROM delivery_events WHERE delivery_id = ANY (:ids)"
KEEP = text(
    """
    INSERT INTO delivery_events
           (id, kind, at, delivery_id, run_id, customer_id, place, is_human, reason, method, agent)
    SELECT id, kind, at, delivery_id, run_id, customer_id, place, is_human, reason, method, agent
      FROM json_to_recordset(CAST(:rows AS json))
           AS said(id uuid, kind text, at timestamptz, delivery_id bigint, run_id bigint, customer_id bigint,
                   place smallint, is_human boolean, reason text, method text, agent text)
        ON CONFLICT (id) DO NOTHING
    """
)
CHANGE = text(
    """
    UPDATE delivery_events e SET reason = said.reason, is_human = said.is_human
      FROM json_to_recordset(CAST(:rows AS json)) AS said(id uuid, reason text, is_human boolean)
     WHERE e.id = said.id
    """
)
TELL = text(
    """
    UPDATE deliveries d
       SET opened_at = said.opened, clicked_at = said.clicked,
           machine_opened_at = said.machine_opened, machine_clicked_at = said.machine_clicked
      FROM json_to_recordset(CAST(:rows AS json))
           AS said(id bigint, opened timestamptz, clicked timestamptz,
                   machine_opened timestamptz, machine_clicked timestamptz)
     WHERE d.id = said.id
    """
)


class Times(msgspec.Struct, frozen=True):
    """The first time of each thing."""

    id: int
    opened: datetime | None = None
    clicked: datetime | None = None
    machine_opened: datetime | None = None
    machine_clicked: datetime | None = None


class Sent(msgspec.Struct, frozen=True, array_like=True):
    """A mail as it stands in the table."""

    id: int
    run_id: int
    customer_id: int
    accepted_at: datetime
    delivered_at: datetime | None
    version_id: int
    opened_at: datetime | None
    clicked_at: datetime | None
    machine_opened_at: datetime | None
    machine_clicked_at: datetime | None

    @property
    def times(self) -> Times:
        return Times(self.id, self.opened_at, self.clicked_at, self.machine_opened_at, self.machine_clicked_at)


class Known(Fact, frozen=True, array_like=True):
    """Of a mail that we know; `reason` as it stands in the table, None while it does not stand there."""

    delivery_id: int
    reason: str | None = None


class Verdict(msgspec.Struct, frozen=True):
    id: UUID
    reason: str
    is_human: bool


class New(msgspec.Struct, frozen=True):
    """A row of the table."""

    id: UUID
    kind: str
    at: datetime
    delivery_id: int
    run_id: int
    customer_id: int
    place: int | None
    is_human: bool
    reason: str
    method: str
    agent: str


def mails(ids: Collection[int], since: datetime) -> list[Sent]:
    """Held from now on; those that were accepted since then."""
    return _read(Sent, MAILS, ids=list(ids), since=since)


def hits(ids: Collection[int]) -> dict[int, dict[UUID, Known]]:
    """Of each mail."""
    found: dict[int, dict[UUID, Known]] = defaultdict(dict)
    for hit in _read(Known, HITS, ids=list(ids)):
        found[hit.delivery_id][hit.id] = hit
    return found


def keep(new: Sequence[New]) -> None:
    _write(KEEP, new)


def change(verdicts: Sequence[Verdict]) -> None:
    _write(CHANGE, verdicts)


def tell(times: Sequence[Times]) -> None:
    """The mails."""
    _write(TELL, times)


def _read(kind: type[Row], rows: str, **said: Any) -> list[Row]:
    """`rows` has the fields of the kind, in its own order."""
    asked = text(ROWS.format(columns=", ".join(kind.__struct_fields__), rows=rows))
    return msgspec.json.decode(db.session.scalar(asked, said) or "[]", type=list[kind])  # type: ignore[valid-type]


def _write(statement: TextClause, rows: Sequence[msgspec.Struct]) -> None:
    if rows:
        db.session.execute(statement, {"rows": msgspec.json.encode(rows).decode()})
