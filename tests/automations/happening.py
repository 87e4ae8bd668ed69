"""Somebody does something, and the work that answers to it is done as if it were that moment."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, text

from app.automations import answering, waits
from app.automations.trigger_wait import TriggerWait
from app.customers.customer import Customer
from app.customers.who import Who
from app.db import db
from app.deliveries.delivery import Delivery
from app.deliveries.run import Run
from app.events.event_work import EventWork
from tests.events.coming_in import event, move, store


def happens(customer: Customer, name: str, at: datetime, now: datetime | None = None, **properties: Any) -> None:
    store(event(Who(customer_id=customer.id), name, at, **properties), now=now or at)
    take(now or at)


def moves(customer: Customer, to_stage: str, at: datetime, from_stage: str | None = None) -> None:
    store(move(Who(customer_id=customer.id), to_stage, from_stage, at), now=at)
    take(at)


def take(now: datetime) -> None:
    keys = list(db.session.scalars(select(EventWork.id)))
    answering.take(keys, now)
    db.session.execute(delete(EventWork))
    db.session.commit()


def settle(now: datetime) -> None:
    """Whatever is due at that moment."""
    due = select(TriggerWait.id).where(TriggerWait.outcome.is_(None), TriggerWait.not_before <= now)
    waits.settle(list(db.session.scalars(due.order_by(TriggerWait.id))), now)
    db.session.commit()


def mails() -> list[Delivery]:
    return list(db.session.scalars(select(Delivery).order_by(Delivery.id).execution_options(populate_existing=True)))


def to() -> list[int]:
    return [one.customer_id for one in mails()]


def outcomes() -> list[str | None]:
    return list(db.session.scalars(select(TriggerWait.outcome).order_by(TriggerWait.id)))


def runs() -> list[Run]:
    return list(db.session.scalars(select(Run).order_by(Run.id).execution_options(populate_existing=True)))


def accept_all(at: datetime) -> None:
    db.session.execute(
        text("UPDATE deliveries SET state = 'accepted', accepted_at = :at WHERE state = 'planned'"), {"at": at}
    )
    db.session.commit()
