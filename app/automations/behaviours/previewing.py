"""Whom a look at this moment would call: the question of the look itself, and nothing is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text

from app.automations.behaviours import looking, settings
from app.automations.behaviours.frame import Frame
from app.catalogue import still
from app.customers import directory as customers
from app.customers.customer import Customer
from app.db import db
from app.segments import audience, keeping
from app.segments.audience import Audience
from app.segments.unavailable import Unavailable

FIRST = """
    WITH {found}, called AS (
      SELECT f.customer_id, max(f.at) AS at, {facts} AS facts
        FROM found f JOIN customers c ON c.id = f.customer_id AND c.erased_at IS NULL
       GROUP BY f.customer_id
    )
    SELECT called.*, count(*) OVER () AS people FROM called ORDER BY at DESC, customer_id LIMIT :most
"""


@dataclass(frozen=True)
class PreviewRow:
    """`about`: the products, by name; `facts`: what a template may say of them."""

    customer_id: int
    name: str
    email: str | None
    about: str
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class Preview:
    """`people`: how many in all; `rows`: of whom it happened last."""

    people: int
    rows: Sequence[PreviewRow]


def of(
    trigger: Mapping[str, Any], segment_id: int | None, now: datetime, most: int = 10, automation_id: int = 0
) -> Preview:
    """Without whom this automation has called before. Raises settings.Wrong, or Unavailable where it takes too long."""
    behaviour = settings.read(trigger)
    whom = _audience(segment_id, now) if segment_id is not None else None
    found = looking.new(Frame(behaviour, now, automation_id, whom.sql if whom else "", whom.said if whom else {}))
    with audience.hurried():
        statement = text(FIRST.format(found=found.sql, facts=looking.FACTS))
        rows = db.session.execute(statement, {**found.said, "most": most}).all()
    people = customers.named(row.customer_id for row in rows)
    mails = [still.Mail(row.customer_id, row.customer_id, row.facts) for row in rows]
    drawn = still.facts(behaviour.kind, mails)
    return Preview(
        rows[0].people if rows else 0,
        [_row(people[row.customer_id], drawn[row.customer_id].facts) for row in rows if row.customer_id in people],
    )


def _row(customer: Customer, facts: Mapping[str, Any]) -> PreviewRow:
    products = facts["products"] if "products" in facts else facts["cart"].get("items", ())
    names = ", ".join(one.get("name", one["product_id"]) for one in products)
    return PreviewRow(customer.id, customer.name, customer.email, names, facts)


def _audience(segment_id: int, now: datetime) -> Audience:
    segment = keeping.find(segment_id)
    if segment is None:
        raise Unavailable("There is no such segment.")
    return audience.of(segment, now)
