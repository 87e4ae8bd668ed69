"""One fact, of whichever kind: a behaviour event, a funnel move, or one of them that waits for its customer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.customers.who import Who

BEHAVIOUR, FUNNEL, WAITING = "behaviour", "funnel", "waiting"
KINDS = (BEHAVIOUR, FUNNEL, WAITING)


@dataclass(frozen=True)
class Fact:
    kind: str
    id: int
    at: datetime
    name: str  # of the event, or the funnel's type
    is_move: bool
    from_stage: str | None
    to_stage: str | None
    customer_id: int | None
    lms_lead_id: str | None  # the next three only while it waits
    email_folded: str | None
    anonymous_id: str | None
    properties: Mapping[str, Any]
    received_at: datetime
    source_id: str | None
    receipt_id: int | None
    receipt_index: int | None
    import_id: int | None
    import_line: int | None

    @property
    def is_waiting(self) -> bool:
        return self.kind == WAITING

    @property
    def who(self) -> Who:
        """For whom it waits."""
        return Who(lms_lead_id=self.lms_lead_id, email=self.email_folded, anonymous_id=self.anonymous_id)


@dataclass(frozen=True)
class Shelf:
    """A table that holds facts, and how its columns make one."""

    table: str
    at: str
    columns: str


CAME = "received_at, source_id, receipt_id, receipt_index, import_id, import_line"
NOBODY = "NULL::text AS lms_lead_id, NULL::text AS email_folded, NULL::text AS anonymous_id"
EVENTS = Shelf(
    "events",
    "occurred_at",
    f"""'behaviour' AS kind, id, occurred_at AS at, name, false AS is_move, NULL::text AS from_stage,
        NULL::text AS to_stage, customer_id, {NOBODY}, properties, {CAME}""",
)
MOVES = Shelf(
    "funnel_events",
    "created_date",
    f"""'funnel' AS kind, id, created_date AS at, funnel_type AS name, true AS is_move, from_stage,
        to_stage, customer_id, {NOBODY}, '{{}}'::jsonb AS properties, {CAME}""",
)
PENDING = Shelf(
    "pending_events",
    "occurred_at",
    f"""'waiting' AS kind, id, occurred_at AS at, name, kind = 'funnel' AS is_move, from_stage,
        to_stage, NULL::bigint AS customer_id, lms_lead_id, email_folded, anonymous_id, properties, {CAME}""",
)
SHELVES = (EVENTS, MOVES, PENDING)
