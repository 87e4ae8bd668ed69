"""What would become of somebody at this moment, where no row tells what became of them: the questions of planning.

They are asked by the same statements, of this person and of those who share the address.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import select, text

from app.automations import definition, triggers
from app.automations.automation import Automation
from app.consent.permission import UnknownTopic
from app.customers.customer import Customer
from app.db import db
from app.deliveries import capping, filling, holdout, limits, quiet_hours
from app.deliveries.filling import Whom
from app.metrics import refusals
from app.metrics.gates import PASSED, UNKNOWN, Gate, passed, stopped, waits
from app.problem import Refused
from app.segments import audience, keeping, members, why
from app.segments.segment import Segment
from app.segments.unavailable import Unavailable
from app.segments.why import Reason
from app.settings import limits as of_team

THESE = "SELECT id AS customer_id FROM unnest(CAST(:these AS bigint[])) AS given(id)"
REFUSAL = "SELECT refusal FROM settled WHERE customer_id = :asked"


def of(automation: Automation, customer: Customer, now: datetime) -> list[Gate]:
    return [*_segment(automation, customer, now), *_permission(automation, customer, now)]


def membership(segment: Segment, customer: Customer, now: datetime) -> tuple[bool | None, Reason | None, str]:
    """Whether they are in it now, by which conditions, and what there is to say where nobody can tell."""
    try:
        if segment.type == "rules":
            reason = why.of(segment, customer.id, now)
            return reason.holds, reason, ""
        return why.is_in(audience.of(segment, now), customer.id), None, ""
    except Unavailable as unavailable:
        return None, None, unavailable.said
    except Refused as refused:
        return None, None, str(refused)


def _segment(automation: Automation, customer: Customer, now: datetime) -> Iterator[Gate]:
    segment = keeping.find(automation.segment_id) if automation.segment_id else None
    if segment is None:
        return
    is_in, reason, trouble = membership(segment, customer, now)
    if is_in is None:
        yield Gate("segment", UNKNOWN, f"“{segment.name}” cannot be computed: {trouble}")
    elif is_in:
        yield Gate("segment", PASSED, f"They are in “{segment.name}”.", None, reason)
    else:
        yield stopped("segment", f"They are not in “{segment.name}”.", None, reason)


def _permission(automation: Automation, customer: Customer, now: datetime) -> Iterator[Gate]:
    found = limits.of(automation.purpose, automation.limits, of_team.current())
    refusal = _refusal(automation, customer, now)
    if refusal:
        yield refusals.proven(refusals.gate(refusal), customer, automation.topic, now, None)
    else:
        yield from (passed(name) for name in ("address", "suppressed", "consent"))
    zone = quiet_hours.zone_in(customer.timezone, definition.zone_of(automation))
    if until := quiet_hours.end_of(found.quiet, now, zone):
        yield waits("held", "It is quiet for them at this moment.", until)
    if capping.is_reached(found.caps, customer.id, now):
        said = " and ".join(cap.said for cap in found.caps)
        yield stopped("capped", f"Enough mail already: at most {said}.")


def _refusal(automation: Automation, customer: Customer, now: datetime) -> str | None:
    """By the statement that plans a run."""
    is_once = filling.is_once(automation.purpose) and triggers.is_by_clock(automation.trigger)
    these = _sharing(automation, customer, now) if is_once else [customer.id]
    try:
        held = holdout.of(automation.id, automation.limits, now)
        whom = Whom(THESE, {"these": these})
        sql, said = filling.judged(whom, automation.purpose, automation.topic, now, is_once=is_once, held=held)
    except UnknownTopic:
        return "unsubscribed"
    refusal: str | None = db.session.scalar(text(sql + REFUSAL), {**said, "asked": customer.id})
    return refusal


def _sharing(automation: Automation, customer: Customer, now: datetime) -> Sequence[int]:
    """Of those with the same address whoever is in the segment, and the customer."""
    alike = select(Customer.id).where(Customer.email_folded == customer.email_folded, Customer.erased_at.is_(None))
    ids = list(db.session.scalars(alike)) if customer.email_folded else []
    segment = keeping.find(automation.segment_id) if automation.segment_id else None
    if len(ids) < 2 or segment is None:
        return [customer.id]
    try:
        return sorted({customer.id, *members.within(audience.of(segment, now), ids)})
    except Unavailable:
        return [customer.id]
