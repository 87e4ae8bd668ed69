"""What people outside see: without an account, without script if they like, in their own light."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest
from flask import Flask

from app.consent import links, preferences, signups
from app.customers.customer import Customer
from app.db import db
from app.settings import topics
from tests.browser.conftest import AXE, SCREENS, shoot
from tests.browser.test_every_page import look

pytestmark = pytest.mark.browser

NUMBERS = count()


@pytest.fixture
def room(product: str, migrated: Flask) -> Iterator[None]:
    """The database of the running product."""
    with migrated.app_context():
        yield
        db.session.rollback()
        db.session.remove()


@pytest.fixture
def reader(room: None) -> Customer:
    # Each has an address of their own: what one says of an address binds whoever has it.
    customer = Customer(first_name="Maya", email=f"maya.{next(NUMBERS)}t@posteo.example", timezone="Europe/Berlin")
    db.session.add(customer)
    db.session.commit()
    return customer


def unsubscribe(customer: Customer) -> str:
    return f"/unsubscribe?token={links.unsubscribe(customer.id, topics.id_of('promotional'))}"


def page_of(customer: Customer) -> str:
    return f"/preferences?token={links.preferences(customer.id)}"


def confirmation(email: str) -> str:
    signups.ask(email, "Ida", signups.offered()[:2], "Campus", "00")
    db.session.commit()
    signup = db.session.scalars(signups.everyone().order_by(signups.Signup.id.desc())).first()
    assert signup
    return f"/sign-up/confirm?token={links.confirm(signup.id)}"


def gets(customer: Customer) -> set[str]:
    db.session.rollback()
    return {slug for slug, is_on in preferences.as_said(customer.id).items() if is_on}


def faults_here(visitor, name: str, screen: str) -> list[str]:
    """As `look`, for a page that is the answer to a form."""
    page = visitor.page
    shoot(page, f"{name}-{screen}", full_page=True)
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run()")["violations"]
    wide = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    return [f"{name}: {one['id']} {one['nodes'][0]['html'][:200]}" for one in found] + [f"{name}: wide"] * wide


@pytest.mark.parametrize(("width", "theme"), SCREENS)
def test_the_pages_are_sound(visit, reader, width, theme):
    visitor, screen = visit(width, theme), f"{width}-{theme}"
    faults = look(visitor, "unsubscribe", unsubscribe(reader), screen)
    visitor.page.click("summary")
    visitor.page.click("text=Too many mails")
    faults += faults_here(visitor, "unsubscribe-why", screen)
    visitor.page.click("text=Unsubscribe from Offers")
    visitor.page.wait_for_selector("text=You will no longer get Offers.")
    faults += faults_here(visitor, "unsubscribed", screen)
    faults += look(visitor, "preferences", page_of(reader), screen)
    visitor.page.uncheck("text=Cart reminders")
    visitor.page.click("text=Pause for 30 days")
    visitor.page.wait_for_selector("text=Paused: no marketing mail")
    visitor.page.uncheck("text=All marketing mail")
    visitor.page.click("button[value=save]")
    visitor.page.wait_for_selector("text=You will no longer get All marketing mail.")
    faults += faults_here(visitor, "preferences-saved", screen)
    faults += look(visitor, "sign-up-form", "/sign-up", screen)
    visitor.page.click("main button")
    visitor.page.wait_for_selector("text=Tick at least one")
    faults += faults_here(visitor, "sign-up-faults", screen)
    faults += look(visitor, "sign-up-confirm", confirmation(f"ida{width}{theme}@posteo.example"), screen)
    assert [fault for fault in faults if "422" not in fault] == []
    assert [said for said in visitor.complaints if "422" not in said] == []
    assert visitor.context.cookies() == []


@pytest.mark.parametrize(("width", "theme"), SCREENS)
def test_open_sign_ups_show_their_links(visit, room, width, theme):
    confirmation(f"a.rather.long.address.{width}.{theme}@a-rather-long-name.example")
    visitor = visit(width, theme)
    visitor.sign_in()
    assert look(visitor, "settings-sign-ups-open", "/settings/sign-ups", f"{width}-{theme}") == []
    visitor.page.click("#results button:has-text('Copy') >> nth=0")
    visitor.page.wait_for_selector("#results button:has-text('Copied')")


def test_everything_works_without_script(visit, reader):
    visitor = visit(javascript=False)
    page = visitor.open(unsubscribe(reader))
    page.click("text=Unsubscribe from Offers")
    page.wait_for_selector("text=You will no longer get Offers.")
    assert "promotional" not in gets(reader)
    page.click("text=Undo")
    page.wait_for_selector("text=This is undone.")
    assert "promotional" in gets(reader)
    page.click("text=Choose which mail you get")
    page.uncheck("text=Newsletter")
    page.fill("[name=interest]", "data, art")
    page.press("[name=interest]", "Enter")
    page.wait_for_selector("text=You will no longer get Newsletter.")
    assert "newsletter" not in gets(reader)
    page.click("text=Stop all marketing mail")
    page.wait_for_selector("text=You will no longer get marketing mail.")
    assert gets(reader) == set()


def test_whoever_signs_up_without_script_is_a_customer_after_the_click(visit, room):
    visitor = visit(width=390, javascript=False)
    page = visitor.open("/sign-up")
    page.fill("[name=email]", "nora@posteo.example")
    page.check("text=Newsletter")
    page.click("main button")
    page.wait_for_selector("text=Look into your mailbox")
    page = visitor.open(confirmation("nora@posteo.example"))
    page.click("text=Confirm")
    page.wait_for_selector("text=You are in")
    db.session.rollback()
    (nora,) = db.session.query(Customer).filter_by(email="nora@posteo.example")
    assert gets(nora) >= {"marketing", "newsletter"}
