"""Mails with a fate, written as rows: what became of them is what the figures are about."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import text

from app.automations.automation import Automation
from app.db import db
from app.deliveries.delivery import Delivery
from app.deliveries.run import Run
from app.metrics import rolling
from app.metrics.ranges import Range
from app.metrics.scope import Scope
from app.settings import team
from app.settings.team import Team
from app.tracking.conversion import Attribution, Conversion
from app.tracking.hit import Hit
from tests.automations.making import ADA
from tests.deliveries.making import make_version, planned

NOW = datetime(2026, 10, 22, 10, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
MONTH = Range(date(2026, 10, 1), date(2026, 10, 31), ZoneInfo("UTC"))
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def make_automation(name: str = "Invitation") -> Automation:
    """It never acts."""
    automation = Automation(name=name, trigger={"cron": "0 10 * * *"})
    db.session.add(automation)
    db.session.commit()
    return automation


def make_run(key: str = "a run", at: datetime = NOW, automation_id: int | None = None, name: str = "Open day") -> Run:
    run = planned(make_version(), key)
    run.planned_for, run.automation_id, run.name = at, automation_id, name
    db.session.commit()
    return run


def make_mail(run: Run, customer_id: int, at: datetime | None = NOW, **facts: Any) -> Delivery:
    """Accepted, unless something else is said."""
    facts = {"state": "accepted", "email": f"p{customer_id}@posteo.example", **facts}
    mail = Delivery(run_id=run.id, customer_id=customer_id, accepted_at=at, **facts)
    db.session.add(mail)
    db.session.commit()
    return mail


def make_credit(mail: Delivery, amount: int = 5000, rule: str = "last_click", **facts: Any) -> Conversion:
    """An order that this mail has the credit for."""
    facts = {"currency": "EUR", "key": f"order-{mail.id}-{amount}", **facts}
    order = Conversion(kind="order", customer_id=mail.customer_id, at=NOW + DAY, amount=amount, **facts)
    db.session.add(order)
    db.session.flush()
    credit(mail, order, rule)
    return order


def credit(mail: Delivery, order: Conversion, rule: str = "last_click") -> None:
    touch = {"touch": "click", "touched_at": NOW}
    db.session.add(Attribution(conversion_id=order.id, rule=rule, delivery_id=mail.id, run_id=mail.run_id, **touch))
    db.session.commit()


def make_hit(mail: Delivery, kind: str = "click", place: int = 1, is_human: bool = True) -> None:
    facts = {"kind": kind, "at": NOW, "place": place if kind == "click" else None, "is_human": is_human, "reason": ""}
    db.session.add(Hit(id=uuid4(), delivery_id=mail.id, run_id=mail.run_id, customer_id=mail.customer_id, **facts))
    db.session.commit()


def move_to(zone: str) -> None:
    """The team's days begin elsewhere, and everything is counted by them."""
    found, version = team.read()
    if found.timezone != zone:
        team.save(Team(timezone=zone), version, ADA)
    roll_up()


def roll_up() -> None:
    for _ in rolling.roll_up(NOW):
        db.session.commit()
    db.session.commit()


def of(range_: Range = MONTH, **said: Any) -> Scope:
    return Scope(range_, **said)


def change(mail: Delivery, **values: Any) -> None:
    sets = ", ".join(f"{name} = :{name}" for name in values)
    db.session.execute(text(f"UPDATE deliveries SET {sets} WHERE id = :id"), {**values, "id": mail.id})
    db.session.commit()
