"""Mails, clicks and orders of a known time, put straight into their rows; and what the mails led to in the end."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import text

from app.catalogue import orders
from app.customers.customer import Customer
from app.customers.who import Who
from app.db import db
from app.deliveries.delivery import Delivery
from app.deliveries.run import Run
from app.tracking import jobs
from app.tracking.hit import Hit
from tests.catalogue.buying import bring, paid
from tests.deliveries.making import make_version
from tests.factories import NOW

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def make_sent(key: str = "a run", goal: dict[str, Any] | None = None, at: datetime = NOW, **facts: Any) -> Run:
    """A run whose mails are put in by `mail`."""
    version_id = db.session.scalar(text("SELECT min(id) FROM template_versions")) or make_version().id
    run = Run(
        key=key, name=key, planned_for=at, version_id=version_id, state="finished", purpose="promotional",
        timezone="UTC", sender="Campus <mail@campus.example>", by_name="Ada", goal=goal, waiting_since=None,
        started_at=at, finished_at=at, **facts,
    )  # fmt: skip
    db.session.add(run)
    db.session.commit()
    return run


def mail(run: Run, customer: Customer, at: datetime | None = NOW, **facts: Any) -> int:
    """Accepted at that moment; none: held out."""
    state = {"state": "accepted"} if at else {"state": "skipped", "reason": "holdout"}
    one = Delivery(
        **{"run_id": run.id, "customer_id": customer.id, "email": customer.email, "accepted_at": at, **state, **facts}
    )
    db.session.add(one)
    db.session.commit()
    return one.id


def click(delivery_id: int, at: datetime, is_human: bool = True) -> Hit:
    mailed = db.session.get_one(Delivery, delivery_id)
    hit = Hit(
        id=uuid4(), kind="click", at=at, delivery_id=delivery_id, run_id=mailed.run_id,
        customer_id=mailed.customer_id, is_human=is_human, reason="human" if is_human else "too_fast",
    )  # fmt: skip
    db.session.add(hit)
    db.session.commit()
    return hit


def buys(customer: Customer, order_id: str, at: datetime, total: int = 4900, **said: Any) -> None:
    bring(orders, paid(order_id, Who(customer_id=customer.id), total, occurred_at=at, **said), now=at)


def settle() -> None:
    """The worker looks at its table, whatever was put off."""
    db.session.execute(text("UPDATE credit_work SET not_before = now()"))
    db.session.commit()
    jobs.give_credit()
    db.session.expire_all()


def credit(rule: str = "last_click") -> dict[str, int]:
    """Which mail has it, by what happened."""
    asked = "SELECT key, delivery_id FROM attributions JOIN conversions ON id = conversion_id WHERE rule = :rule"
    return {row.key: row.delivery_id for row in db.session.execute(text(asked), {"rule": rule})}


def marked(name: str = "converted_at") -> dict[int, datetime]:
    rows = db.session.execute(text(f"SELECT id, {name} FROM deliveries WHERE {name} IS NOT NULL"))
    return {row[0]: row[1] for row in rows}


def counted() -> list[tuple[Any, ...]]:
    """Everything that was worked out, without the numbers of its rows."""
    asked = """
        SELECT c.key, c.kind, c.customer_id, c.at, c.order_id, c.ref_delivery_id, c.amount, c.refunded, c.currency,
               a.rule, a.delivery_id, a.run_id, a.touch, a.touched_at
          FROM conversions c LEFT JOIN attributions a ON a.conversion_id = c.id ORDER BY c.key, a.rule
    """
    marks = "SELECT id, converted_at, reached_at FROM deliveries ORDER BY id"
    return [tuple(row) for statement in (asked, marks) for row in db.session.execute(text(statement))]
