"""Plain functions that make rows; each shows only the facts that matter to its test."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from app.customers.attributes import AttributeType
from app.customers.customer import Customer
from app.db import db
from app.events import partitions
from app.events.event import Event
from app.events.funnel_event import FunnelEvent

NOW = datetime(2026, 10, 22, 8, 4, tzinfo=UTC)


def make_customer(first_name: str = "Maya", last_name: str = "Lindqvist", **facts: Any) -> Customer:
    facts.setdefault("created_date", NOW)
    customer = Customer(first_name=first_name, last_name=last_name, **facts)
    db.session.add(customer)
    db.session.commit()
    return customer


def make_customers(count: int, **facts: Any) -> list[Customer]:
    """Numbered, each signed up a minute after the one before."""
    people = [
        Customer(
            **{
                "first_name": f"P{n:04}",
                "last_name": "Row",
                "email": f"p{n}@posteo.example",
                "lms_lead_id": f"L-{n}",
                "created_date": NOW + timedelta(minutes=n),
                **facts,
            }
        )
        for n in range(count)
    ]
    db.session.add_all(people)
    db.session.commit()
    return people


def make_attribute(name: str, field_type: str) -> None:
    db.session.add(AttributeType(name=name, field_type=field_type, is_declared=True))
    db.session.commit()


def make_event(customer: Customer, name: str = "login", at: datetime = NOW, **properties: Any) -> Event:
    partitions.ensure(at, at)
    event = Event(customer_id=customer.id, name=name, occurred_at=at, properties=properties)
    db.session.add(event)
    db.session.commit()
    return event


def make_move(customer: Customer, to_stage: str, from_stage: str | None = None, at: datetime = NOW) -> FunnelEvent:
    move = FunnelEvent(
        customer_id=customer.id, funnel_type="sales", from_stage=from_stage, to_stage=to_stage, created_date=at
    )
    db.session.add(move)
    db.session.commit()
    return move
