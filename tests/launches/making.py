"""A mail for launches, people with interests, and the clocks that move a launch on."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy import select

from app.audit import Actor
from app.automations import jobs
from app.automations.launch import Launch
from app.automations.launches import launching, shelf, steps
from app.automations.launches.wanted import Wanted
from app.catalogue import products
from app.content import publishing, writing
from app.content.template import MessageTemplate
from app.content.writing import Draft
from app.customers.customer import Customer
from app.db import db
from app.deliveries.run import Run
from app.settings import launches as settings
from tests.deliveries.making import sent
from tests.factories import make_customer

ADA = Actor("user", 1, "Ada")
BODY = {"interest": "festivals", "product_name": "Coachella", "product_link": "https://www.coachella.com/"}
MAIL = (
    "<mjml><mj-body><mj-section><mj-column><mj-text>{{ facts.product_name }} for {{ customer.first_name }}:"
    ' {{ facts.line_up | default("soon") }}, {{ facts.product.price | default(0) }}'
    ' <a href="{{ facts.product_link }}">See it</a></mj-text></mj-column></mj-section></mj-body></mjml>'
)


def make_starter(is_published: bool = True, **said: Any) -> MessageTemplate:
    template = writing.create(
        Draft("Product launch", subject="New: {{ facts.product_name }}", message=MAIL), now(), ADA
    )
    template.starter = said.get("starter", "product-launch")
    if is_published:
        publishing.publish(template, now(), ADA)
    db.session.commit()
    return template


def make_fan(name: str, interest: Any = "festivals", **said: Any) -> Customer:
    email = f"{name.lower()}@campus.example"
    attributes = {"interest": interest} if interest else {}
    return make_customer(name, "Row", email=email, attributes=attributes, **said)


def make_launch(**said: Any) -> Launch:
    launch = launching.launch(Wanted(**{**BODY, **said}), "hand", now(), ADA)
    db.session.commit()
    return launch


def make_product(product_id: str = "P-1", **said: Any) -> None:
    facts = {"name": "Tent", "category": "festivals", "price": 9900, "currency": "EUR",
             "url": "https://shop.example/tent", **said}  # fmt: skip
    products.upsert_many([products.Incoming(0, product_id, facts)], "test", now())
    db.session.commit()


def set_launches(**said: Any) -> None:
    held, version = settings.versioned()
    settings.save(msgspec.structs.replace(held, **said), version, ADA)
    db.session.commit()
    db.session.expire_all()


def now() -> datetime:
    return datetime.now(UTC)


def moved(at: datetime | None = None) -> None:
    for _ in steps.move_on(at or now()):
        db.session.commit()
    db.session.commit()
    db.session.expire_all()


def looked(at: datetime | None = None) -> None:
    for _ in shelf.look(at or now()):
        db.session.commit()
    db.session.commit()
    db.session.expire_all()


def went_out() -> None:
    """Planned, sent, finished, and cleaned."""
    jobs.plan_runs()
    sent()
    moved()


def launches() -> list[Launch]:
    db.session.expire_all()
    return list(db.session.scalars(select(Launch).order_by(Launch.id)))


def run_of(launch: Launch) -> Run:
    return db.session.get_one(Run, launch.run_id, populate_existing=True)
