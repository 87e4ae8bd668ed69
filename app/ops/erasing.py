"""Somebody wants to be forgotten: hidden at once, then room after room; each says what it forgot.

Where it stands is in the row: the rooms that are left, what the others did, and by what the person was known, until
the last room is done.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from redis import RedisError
from sqlalchemy import select, text

from app.audit import Actor, record
from app.audit import erasing as audit
from app.automations import erasing as automations
from app.catalogue import erasing as catalogue
from app.catalogue import visit_stream
from app.claims import NotYet
from app.clock import clock
from app.consent import erasing as consent
from app.customers import erasing as customers
from app.customers.erasing import Person
from app.db import db
from app.deliveries import erasing as deliveries
from app.events import erasing as events
from app.hooks import erasing as hooks
from app.imports import erasing as imports
from app.ops.erasures import Erasure
from app.receipts import erasing as receipts
from app.segments import erasing as segments
from app.tracking import belonging as conversions
from app.tracking import erasing as tracking
from app.tracking.receipts import erasing as delivery_receipts

Room = Callable[[Person, Erasure, datetime], Iterator[dict[str, int]]]
LEFT, WHO, FILES = "left", "who", "files"
INNER = (LEFT, WHO, FILES)
SETTLING = timedelta(seconds=2)
# Whoever began to write before the person was hidden may still bring something of theirs.
STILL_WRITING = text(
    """
    SELECT EXISTS (SELECT FROM pg_stat_activity
                    WHERE datname = current_database() AND pid <> pg_backend_pid()
                      AND backend_type = 'client backend' AND backend_xid IS NOT NULL AND xact_start < :since)
    """
)


def begin(customer_id: int, by: Actor) -> Erasure | None:
    """None: there is no such person. Asked twice it is one erasure. Never commits."""
    customer = customers.hold(customer_id)
    if customer is None:
        return find(customer_id)
    now = clock()
    person = customers.person(customer, consent.addresses(customer_id))
    files = sorted(imports.origins(person.ids))
    steps: dict[str, Any] = {LEFT: list(ROOMS), WHO: asdict(person), FILES: files}
    steps["consent"] = {"addresses kept as a hash": consent.remember(person, now)}
    steps["customers"] = customers.empty(customer, now)
    erasure = Erasure(customer_id=customer_id, by_name=by.name, created_date=now, steps=steps)
    db.session.add(erasure)
    record(by, "erased", "customer", (customer_id, f"Customer {customer_id}"))
    db.session.flush()
    db.session.expire(customer)
    return erasure


def find(customer_id: int) -> Erasure | None:
    wanted = select(Erasure).where(Erasure.customer_id == customer_id)
    return db.session.scalar(wanted) if customer_id < 2**63 else None


def go_on(erasure_id: int, now: datetime) -> Iterator[None]:
    """From the room where it stands."""
    erasure = db.session.get_one(Erasure, erasure_id, populate_existing=True)
    if erasure.finished_at is None:
        _settle(erasure.created_date + SETTLING)
    while name := next(iter(erasure.steps.get(LEFT, ())), None):
        for done in ROOMS[name](Person(**erasure.steps[WHO]), erasure, now):
            _count(erasure, name, done)
            yield
        erasure.steps = erasure.steps | {LEFT: erasure.steps[LEFT][1:]}
        yield
    erasure.steps = report(erasure)
    erasure.finished_at = erasure.finished_at or clock()


def _settle(since: datetime) -> None:
    """Raises NotYet while something from before may still come in: a visit waits in Redis for its worker."""
    if db.session.scalar(STILL_WRITING, {"since": since}):
        raise NotYet("Somebody who began before is still writing.", timedelta(seconds=1))
    with contextlib.suppress(RedisError):
        oldest = visit_stream.oldest_at()
        if oldest and oldest < since:
            raise NotYet("Visits of the shop from before are still coming in.", timedelta(seconds=1))


def report(erasure: Erasure) -> dict[str, dict[str, int]]:
    """What each room forgot so far."""
    return {name: done for name, done in erasure.steps.items() if name not in INNER}


def state(erasure: Erasure) -> str:
    if erasure.finished_at:
        return "finished"
    return "failed" if erasure.failed_at else "running"


def _count(erasure: Erasure, name: str, done: dict[str, int]) -> None:
    so_far = erasure.steps.get(name, {})
    sums = {word: so_far.get(word, 0) + count for word, count in done.items()}
    erasure.steps = erasure.steps | {name: so_far | sums}


def _receipts(person: Person, _erasure: Erasure, _now: datetime) -> Iterator[dict[str, int]]:
    pointed = events.origins(person)[0] | consent.origins(person)[0] | delivery_receipts.origins(person)
    return receipts.erase(person.ids, person.leads, person.emails, pointed)


def _imports(person: Person, erasure: Erasure, _now: datetime) -> Iterator[dict[str, int]]:
    pointed = {*erasure.steps[FILES]} | events.origins(person)[1] | consent.origins(person)[1]
    return imports.erase(person, pointed)


# Calls and files first: events and proofs say which of them to look at.
ROOMS: dict[str, Room] = {
    "receipts": _receipts,
    "imports": _imports,
    "events": lambda person, erasure, _now: events.erase(person, erasure.created_date),
    "catalogue": lambda person, _erasure, _now: catalogue.erase(person),
    "segments": lambda person, _erasure, _now: segments.erase(person),
    "automations": lambda person, _erasure, _now: automations.erase(person),
    "deliveries": lambda person, _erasure, _now: deliveries.erase(person),
    "tracking": lambda person, _erasure, _now: tracking.erase(person),
    "conversions": lambda person, _erasure, _now: conversions.erase(person),
    "receipts of mails": lambda person, _erasure, _now: delivery_receipts.erase(person),
    "webhooks": lambda person, _erasure, _now: hooks.erase(person.ids),
    "audit": lambda person, _erasure, _now: audit.erase(person.ids, person.emails, [*person.leads, *person.words]),
    "consent": lambda person, erasure, _now: consent.erase(person, erasure.created_date),
    "customers": lambda person, _erasure, now: customers.erase(person, now),
}
