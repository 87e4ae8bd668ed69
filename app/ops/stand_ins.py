"""Whom a preview is drawn as: somebody chosen, the next one, one who lacks a field, one of a segment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from app.content.knowledge import Person, people
from app.customers.customer import Customer
from app.db import db
from app.listing import patterns, words
from app.segments import audience, keeping, portions
from app.segments.unavailable import Unavailable

MOST = 8
COLUMNS = ("first_name", "last_name", "email", "mobile", "timezone", "lms_lead_id")
ATTRIBUTE = "customer.attributes."
AMONG = 5_000  # people of a segment among whom previous and next walk


@dataclass(frozen=True)
class Among:
    """Which customers previous and next walk through. Nothing said: all."""

    lacks: str = ""
    segment_id: int | None = None


def found(q: str) -> Sequence[Customer]:
    """By name, address or lead id; nothing typed: those who came last."""
    everyone = select(Customer).where(Customer.erased_at.is_(None))
    if q.strip() and not patterns(q):
        return []
    named = everyone.where(words(Customer.search_text)(q)) if q.strip() else everyone
    return db.session.scalars(named.order_by(Customer.id.desc()).limit(MOST)).all()


def person(customer_id: int | None) -> Person | None:
    return next(iter(people([customer_id])), None) if customer_id and customer_id < 2**63 else None


def first(among: Among, now: datetime) -> Person | None:
    """Raises Unavailable, like all that asks a segment."""
    return _one(_some(among, now).order_by(Customer.id.desc()))


def after(customer_id: int, among: Among, now: datetime) -> Person | None:
    """The one who came before in time: the list begins with the latest, and comes round."""
    older = _one(_some(among, now).where(Customer.id < customer_id).order_by(Customer.id.desc()))
    return older or first(among, now)


def before(customer_id: int, among: Among, now: datetime) -> Person | None:
    newer = _one(_some(among, now).where(Customer.id > customer_id).order_by(Customer.id))
    return newer or _one(_some(among, now).order_by(Customer.id))


def may_lack(path: str) -> bool:
    return path.startswith(ATTRIBUTE) or path.removeprefix("customer.") in COLUMNS


def _one(wanted: Select[int]) -> Person | None:
    return person(db.session.scalar(wanted.limit(1)))


def _some(among: Among, now: datetime) -> Select[int]:
    wanted = select(Customer.id).where(Customer.erased_at.is_(None))
    if among.lacks and may_lack(among.lacks):
        wanted = wanted.where(_lacks(among.lacks))
    if among.segment_id:
        wanted = wanted.where(Customer.id.in_(_of_segment(among.segment_id, now)))
    return wanted


def _lacks(path: str) -> ColumnElement[bool]:
    if not path.startswith(ATTRIBUTE):
        return func.coalesce(getattr(Customer, path.removeprefix("customer.")), "") == ""
    name = path.removeprefix(ATTRIBUTE).partition(".")[0]
    said = Customer.attributes[name].astext
    return or_(said.is_(None), and_(said == ""))


def _of_segment(segment_id: int, now: datetime) -> list[int]:
    segment = keeping.find(segment_id)
    if segment is None:
        raise Unavailable("This segment is gone.")
    return portions.ids(audience.of(segment, now), 0, AMONG)
