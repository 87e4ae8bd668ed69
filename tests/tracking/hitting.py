"""Mails that went out, and what comes back of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select, text, update

from app.content.template import Link
from app.customers.customer import Customer
from app.db import db
from app.deliveries.delivery import Delivery
from app.tracking import jobs, stream
from app.tracking.hit import Hit
from app.tracking.stream import Seen
from tests.deliveries.making import make_run, make_version
from tests.factories import make_customers

CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36"
LINKS = 6
OUT = datetime.now(UTC).replace(microsecond=0) - timedelta(days=3)


def make_mails(count: int = 1) -> list[Delivery]:
    """Accepted three days ago, with six links each."""
    make_customers(count)
    version = make_version()
    db.session.add_all(
        Link(version_id=version.id, place=n, href=f"https://shop.example/{n}", label=f"Course {n}")
        for n in range(LINKS)
    )
    make_run(version)
    db.session.execute(update(Delivery).values(state="accepted", accepted_at=OUT))
    db.session.commit()
    return list(db.session.scalars(select(Delivery).order_by(Delivery.id)))


def seen(mail: Delivery, kind: str = "open", after: float = 3600, agent: str = CHROME, **facts: Any) -> Seen:
    """So many seconds after it went out."""
    at = (OUT + timedelta(seconds=after)).timestamp()
    return Seen(uuid4(), kind, at, mail.id, agent=agent, **facts)


def click(mail: Delivery, place: int = 0, after: float = 3600, **facts: Any) -> Seen:
    return seen(mail, "click", after, place=place, **facts)


def come_back(*hits: Seen) -> int:
    """As far as the database."""
    for hit in hits:
        stream.note(hit)
    assert stream.flush()
    return jobs.drain()


def reasons() -> dict[UUID, str]:
    db.session.rollback()
    return {row.id: row.reason for row in db.session.execute(select(Hit.id, Hit.reason))}


def times(mail: Delivery) -> tuple[float | None, ...]:
    """Opened and clicked by people, opened and clicked by machines: in seconds after it went out."""
    db.session.rollback()
    db.session.refresh(mail)
    found = mail.opened_at, mail.clicked_at, mail.machine_opened_at, mail.machine_clicked_at
    return tuple(at and (at - OUT).total_seconds() for at in found)


def erased(customer_id: int) -> None:
    db.session.execute(update(Customer).where(Customer.id == customer_id).values(erased_at=text("now()")))
    db.session.commit()
