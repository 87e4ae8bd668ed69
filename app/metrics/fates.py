"""How far the mail of one delivery came: its row and what came back of it are the facts, and nothing is computed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import select

from app.customers.customer import Customer
from app.db import db
from app.deliveries import discounting, local_times, quiet_hours, stopping, throttle, warming
from app.deliveries.batch import Batch
from app.deliveries.delivery import ACCEPTED, WAITING, Delivery
from app.deliveries.run import Run
from app.metrics import refusals
from app.metrics.gates import AHEAD, UNKNOWN, Gate, passed, stopped, waits
from app.tracking.receipts import directory as receipts

HOLDS = {
    quiet_hours.NAME: "Held until their quiet hours are over.",
    local_times.NAME: "It waits for the hour of their own clock.",
    throttle.NAME: "It waits for its turn: only so many go out a minute.",
    warming.NAME: "It waits for a day with room in the warm-up plan.",
    discounting.NAME: "It waits for a discount code: its pool has none left.",
    "pause": "It waits since its run was paused.",
}
NOT_SO_FAR = "Not so far."


def of(delivery: Delivery, run: Run, customer: Customer, now: datetime) -> list[Gate]:
    return [*_before(delivery, run), *_fate(delivery, run, customer, now)]


def _before(delivery: Delivery, run: Run) -> Iterator[Gate]:
    """How they came to stand in the run at all."""
    if happened := (delivery.facts or {}).get("event"):
        yield passed("happened", f"They did “{happened.get('name')}”.", _moment(happened.get("occurred_at")))
    if run.open_until is None:
        yield passed("planned", f"They stand in the run “{run.name}”.", run.started_at)
    if run.segment_name and run.open_until is None:
        yield passed("segment", f"They were in “{run.segment_name}” when it was planned.", run.started_at)
    elif run.segment_name:
        yield passed("segment", f"They were in “{run.segment_name}” when it was due.")


def _fate(delivery: Delivery, run: Run, customer: Customer, now: datetime) -> Iterator[Gate]:
    if delivery.state == "skipped":
        yield _skipped(delivery, run, customer, now)
    elif delivery.state in WAITING:
        yield _waiting(delivery, run, now)
    elif delivery.state == "failed" and delivery.reason in refusals.CLOSED:
        yield refusals.gate(delivery.reason)
    elif delivery.state == "failed":
        yield passed("posted")
        yield stopped("accepted", f"The provider refused it: {delivery.reason}")
    elif delivery.state == "uncertain":
        yield passed("posted")
        yield Gate("accepted", UNKNOWN, delivery.reason or "Nobody knows whether the provider took it.")
    if delivery.state in ACCEPTED:
        yield from _came_back(delivery, run)


def _skipped(delivery: Delivery, run: Run, customer: Customer, now: datetime) -> Gate:
    """Whoever has a part was left out only when the mail was about to go out: nobody kept when that was."""
    at = run.started_at if delivery.part is None and run.open_until is None else None
    closed = refusals.gate(delivery.reason or "", at)
    return refusals.proven(closed, customer, run.topic, now, at)


def _waiting(delivery: Delivery, run: Run, now: datetime) -> Gate:
    if stopping.is_stopped():
        return waits("posted", stopping.SAID)
    if run.state == "paused":
        return waits("posted", f"The run is paused. {run.state_reason}".rstrip())
    named = select(Batch).where(Batch.run_id == run.id, Batch.part == delivery.part)
    batch = db.session.scalars(named).one_or_none()
    return _in_batch(batch, now) if batch else waits("posted", "It waits for its turn.")


def _in_batch(batch: Batch, now: datetime) -> Gate:
    if batch.state == "held":
        return waits("held", "It waits behind the first few of its run.")
    if batch.held_for and batch.not_before > now:
        return waits("held", HOLDS.get(batch.held_for, "A limit holds it."), batch.not_before)
    if batch.failed_at:
        return waits("posted", f"Set aside after several tries: {batch.error}", batch.failed_at)
    if batch.error:
        return waits("posted", f"It is tried again: {batch.error}", batch.not_before)
    return waits("posted", "It is on its way." if batch.state in ("sealed", "posting") else "It waits for its turn.")


def _came_back(delivery: Delivery, run: Run) -> Iterator[Gate]:
    """Opens and clicks of machines are no answer; what nobody has told is not held against the mail."""
    yield passed("accepted", f"As {delivery.provider_id}." if delivery.provider_id else "", delivery.accepted_at)
    yield _delivered(delivery)
    if delivery.complained_at or delivery.state == "complained":
        yield stopped("complained", "They reported it as spam.", delivery.complained_at)
    yield _by_a_person("opened", delivery.opened_at, delivery.machine_opened_at)
    yield _by_a_person("clicked", delivery.clicked_at, delivery.machine_clicked_at)
    if delivery.converted_at:
        yield passed("converted", "The credit is this mail's.", delivery.converted_at)
    elif delivery.reached_at:
        yield Gate("converted", AHEAD, "They did what it is for, but the credit is another's.", delivery.reached_at)
    elif run.goal:
        yield Gate("converted", AHEAD, NOT_SO_FAR)


def _delivered(delivery: Delivery) -> Gate:
    if delivery.bounced_at or delivery.state == "bounced":
        said = db.session.scalar(select(receipts.words_of_bounce(delivery.id)))
        return stopped("delivered", f"It came back: {said or 'nobody said why'}", delivery.bounced_at)
    if delivery.delivered_at or delivery.state in ("delivered", "complained"):
        return passed("delivered", "", delivery.delivered_at)
    return Gate("delivered", UNKNOWN, "The provider has not said so.")


def _by_a_person(name: str, at: datetime | None, by_machine_at: datetime | None) -> Gate:
    if at:
        return passed(name, "By a person.", at)
    if by_machine_at:
        return Gate(name, AHEAD, "Only by a machine so far.", by_machine_at)
    return Gate(name, AHEAD, NOT_SO_FAR)


def _moment(said: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(said)
    except (TypeError, ValueError):
        return None
