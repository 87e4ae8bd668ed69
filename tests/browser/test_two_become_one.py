"""A family with one address: what waits for a decision, seen on every screen, then decided as a person would."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from flask import Flask

from app.customers.customer import Customer
from app.customers.who import Who
from app.db import db
from app.events import intake
from app.events.incoming import Incoming, Origin
from tests.browser.conftest import SCREENS
from tests.browser.test_every_page import look

pytestmark = pytest.mark.browser


def make_family(app: Flask, address: str) -> tuple[int, int]:
    now = datetime.now(UTC)
    with app.app_context():
        people = [
            Customer(
                first_name="Ingrid",
                last_name="Solberg",
                email=address,
                lms_lead_id=f"L-{address.removesuffix('@posteo.example')}",
                mobile="+47 22 12 34 56",
                timezone="Europe/Oslo",
                attributes={"score": 41, "city": "Oslo"},
            ),
            Customer(
                first_name="Ingrid M.",
                last_name="Solberg",
                email=address,
                attributes={"score": 58, "city": "Oslo", "interests": ["jazz", "ceramics"], "newsletter": True},
            ),
        ]
        db.session.add_all(people)
        db.session.flush()
        named = Who(email=address)
        facts = [Incoming(n, "event", named, "login", now, f"{address}-{n}") for n in range(3)]
        intake.store(facts, Origin(), now)
        db.session.commit()
        ids = people[0].id, people[1].id
        db.session.remove()
    return ids


@pytest.mark.parametrize(("width", "theme"), SCREENS)
def test_who_is_meant_is_decided(visit, migrated, width, theme):
    visitor, screen = visit(width, theme), f"{width}-{theme}"
    address = f"solberg-{screen}@posteo.example"
    first, second = make_family(migrated, address)
    visitor.sign_in()
    faults = look(visitor, "ambiguous", "/customers/ambiguous", screen)
    faults += look(visitor, "customers-ambiguous", "/customers", screen)
    visitor.page.click("text=ambiguous address")
    visitor.page.click(f"text={address}")
    visitor.page.wait_for_selector(f"h1:has-text('{address}')")
    there = visitor.page.url.removeprefix(visitor.address)
    faults += look(visitor, "ambiguous-address", there, screen)
    faults += look(visitor, "ambiguous-assignment", f"{there}/assignment?customer_id={second}", screen)
    visitor.open(there)
    visitor.page.click("text=Merge…")
    visitor.page.wait_for_selector("h1:has-text('Merge two customers')")
    faults += look(visitor, "merge-of-two", visitor.page.url.removeprefix(visitor.address), screen)
    visitor.page.check("[name='take:first_name'][value=other]")
    visitor.page.click("text=Merge them")
    visitor.page.wait_for_url(f"{visitor.address}/customers/{first}")
    assert "Ingrid M. Solberg" in visitor.page.inner_text("h1")
    assert faults == []
