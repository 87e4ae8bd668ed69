"""The rows of the year as lines of COPY."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.demo.rhythm import Calendar
from app.demo.year.returning import Returned
from app.tracking.robots import HUMAN

NULL = "\\N"
MAIL_COLUMNS = (
    "id, run_id, customer_id, occasion, state, reason, variant, email, facts, provider_id, accepted_at, delivered_at,"
    " bounced_at, complained_at, unsubscribed_at, opened_at, clicked_at, machine_opened_at, machine_clicked_at"
)
HIT_COLUMNS = "id, kind, at, delivery_id, run_id, customer_id, place, is_human, reason, method, agent"
EVENT_COLUMNS = "id, customer_id, occurred_at, received_at, name, properties"
IS_HUMAN = {True: "t", False: "f"}


@dataclass(slots=True)
class Mail:
    """Moments in seconds since 1970."""

    id: int
    run_id: int
    customer_id: int
    email: str | None
    state: str
    reason: str | None = None
    occasion: str = ""
    variant: int | None = None
    facts: Mapping[str, Any] | None = None
    accepted: int | None = None
    delivered: int | None = None
    bounced: int | None = None
    complained: int | None = None
    unsubscribed: int | None = None


def mail(one: Mail, returned: Returned | None, calendar: Calendar) -> str:
    first = returned.first if returned and returned.hits else _nothing
    moments = (
        one.accepted, one.delivered, one.bounced, one.complained, one.unsubscribed,
        first("open", "view", "click", is_human=True), first("click", is_human=True),
        first("open", "view", is_human=False), first("click", is_human=False),
    )  # fmt: skip
    provider_id = f"demo-{one.id}" if one.accepted is not None else NULL
    facts = json.dumps(one.facts, ensure_ascii=False) if one.facts else NULL
    variant = NULL if one.variant is None else one.variant
    said = f"{one.id}\t{one.run_id}\t{one.customer_id}\t{one.occasion}\t{one.state}\t{one.reason or NULL}\t{variant}"
    times = "\t".join(NULL if moment is None else calendar.stamp(moment) for moment in moments)
    return f"{said}\t{one.email or NULL}\t{facts}\t{provider_id}\t{times}\n"


def hits(one: Mail, returned: Returned) -> str:
    own = f"{one.id}\t{one.run_id}\t{one.customer_id}"
    return "".join(
        f"{hit.id}\t{hit.kind}\t{hit.at.isoformat()}\t{own}\t{NULL if hit.place is None else hit.place}"
        f"\t{IS_HUMAN[reason == HUMAN]}\t{reason}\t{hit.method}\t{hit.agent}\n"
        for hit, reason in returned.hits
    )


def event(number: int, customer_id: int, at: int, tail: str, calendar: Calendar) -> str:
    moment = calendar.stamp(at)
    return f"{number}\t{customer_id}\t{moment}\t{moment}\t{tail}\n"


def _nothing(*_kinds: str, is_human: bool) -> None:  # noqa: ARG001 — as Returned.first is called
    return None
