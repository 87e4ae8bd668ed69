"""A shop for tests: what people put into carts, look at and watch, and what becomes of price and stock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import select

from app.automations.automation import Automation
from app.automations.behaviours import scanning
from app.automations.scan import BehaviourClaim, Scan
from app.automations.trigger_wait import TriggerWait
from app.catalogue import carts, orders, products, weeks
from app.catalogue.item import Item
from app.catalogue.view import ProductView
from app.catalogue.watch import Watch
from app.customers.customer import Customer
from app.customers.who import Who
from app.db import db
from tests.automations.making import MAIL, NOW, make_active
from tests.catalogue.buying import bring, cart, order, product
from tests.factories import make_customer

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SHIRT, MUG, BAG = Item("shirt", 2, 1900), Item("mug", 1, 900), Item("bag", 1, 4500)
NAMES = ("Maya", "Noor", "Otto", "Pia", "Quinn", "Rosa")


def people(count: int = 4) -> list[Customer]:
    return [make_customer(name, email=f"{name.lower()}@posteo.example") for name in NAMES[:count]]


def answers(behaviour: str, **said: Any) -> Automation:
    """Active, for everybody who does it."""
    more = {name: said.pop(name) for name in ("name", "segment_id", "template_id", "topic") if name in said}
    trigger = {"behaviour": behaviour, **said}
    return make_active(trigger=trigger, **{"segment_id": None, "topic": behaviour, **more})


def sells(product_id: str, at: datetime = NOW - 30 * DAY, **said: Any) -> None:
    """Or changes: what is not said stays."""
    bring(products, product(product_id, **said), now=at)


def fills_cart(customer: Customer, *items: Item, at: datetime = NOW - 30 * HOUR, **said: Any) -> None:
    bring(carts, cart(Who(customer_id=customer.id), *items, at=at, **said), now=max(at, NOW))


def buys(customer: Customer, *items: Item, at: datetime = NOW - HOUR, status: str = "paid") -> None:
    said = {"total": 4700, "currency": "EUR", "status": status, "items": list(items), "occurred_at": at}
    bring(orders, order(f"O-{uuid4()}", Who(customer_id=customer.id), **said), now=max(at, NOW))


def looks_at(customer: Customer, product_id: str, *moments: datetime) -> None:
    for at in moments:
        weeks.ensure(at, at)
        db.session.add(ProductView(viewed_at=at, id=uuid4(), customer_id=customer.id, product_id=product_id))
    db.session.commit()


def watches(customer: Customer, product_id: str, at: datetime = NOW - 10 * DAY, **said: Any) -> Watch:
    watch = Watch(customer_id=customer.id, product_id=product_id, created_date=at, updated_date=at, **said)
    db.session.add(watch)
    db.session.commit()
    return watch


def looks(automation: Automation, now: datetime = NOW) -> int:
    """One look of that moment, as the worker has it; how many it called."""
    scanning.plan(automation, now)
    db.session.flush()
    asked = select(Scan.id).where(Scan.automation_id == automation.id, Scan.planned_for == now)
    key = db.session.scalars(asked).one()
    scanning.scan(key, now)
    db.session.commit()
    return db.session.get_one(Scan, key).found or 0


def waiting() -> list[TriggerWait]:
    every = select(TriggerWait).order_by(TriggerWait.customer_id, TriggerWait.id)
    return list(db.session.scalars(every.execution_options(populate_existing=True)))


def called() -> list[int]:
    return [one.customer_id for one in waiting()]


def products_of(wait: TriggerWait) -> list[str]:
    return [one["product_id"] for one in (wait.facts or {})["products"]]


def claims() -> list[BehaviourClaim]:
    every = select(BehaviourClaim).order_by(BehaviourClaim.customer_id, BehaviourClaim.about)
    return list(db.session.scalars(every.execution_options(populate_existing=True)))


def ids(*some: Customer) -> list[int]:
    return [one.id for one in some]


def mail_with(said: str) -> str:
    return MAIL.replace("</mj-text>", f" {said}</mj-text>")


def moments(last: datetime, times: int, apart: timedelta = HOUR) -> Sequence[datetime]:
    return [last - number * apart for number in range(times)]
