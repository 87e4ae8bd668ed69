"""A marketer lets a mail answer what people do: it is written, put to work, waited for, sent, or not, and told."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select, text

from app.accounts import api_keys
from app.audit.actor import COMMAND_LINE
from app.automations import jobs as answering
from app.customers.customer import Customer
from app.db import db
from app.deliveries import jobs as sending
from tests.browser.conftest import AXE, SCREENS, choose, shoot

pytestmark = pytest.mark.browser
NAME = "Reminds of a checkout"
CLEAN = (
    "TRUNCATE runs, deliveries, outbox_messages, trigger_waits, trigger_last CASCADE",
    "DELETE FROM automations WHERE name = 'Reminds of a checkout'",
    "DELETE FROM api_keys WHERE name = 'Shop'",
)


@pytest.fixture
def shop(product: str, migrated) -> Iterator[Any]:
    """Another system with its key: what it tells is answered by the functions that the workers run."""
    with migrated.app_context():
        _, key = api_keys.create("Shop", ("ingest",), COMMAND_LINE)
        db.session.commit()

    def tell(customer_id: int, name: str, **properties: Any) -> None:
        said = {"events": [{"customer_id": customer_id, "name": name, "properties": properties}]}
        head = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        request = urllib.request.Request(f"{product}/api/v1/events", json.dumps(said).encode(), head)
        with urllib.request.urlopen(request, timeout=20) as answer:
            assert json.load(answer)["stored"] == 1

    yield tell
    with migrated.app_context():
        for statement in CLEAN:
            db.session.execute(text(statement))
        db.session.commit()


@pytest.fixture
def two(product: str, migrated) -> list[tuple[int, str, str]]:
    """Two who may be written to."""
    wanted = select(Customer).where(Customer.email.like("%@%"), Customer.erased_at.is_(None)).order_by(Customer.id)
    with migrated.app_context():
        return [(one.id, one.name, one.email) for one in db.session.scalars(wanted.offset(120).limit(2))]


def work(migrated, hours: float = 0) -> None:
    """What the workers do; and as if so many hours had gone by for those who wait."""
    with migrated.app_context():
        if hours:
            by = {"by": timedelta(hours=hours)}
            db.session.execute(
                text("UPDATE trigger_waits SET not_before = not_before - :by, due_at = due_at - :by"), by
            )
            db.session.commit()
        for job in (answering.take_effect, answering.settle_waits, sending.send):
            job()
        db.session.remove()


def write(page: Page) -> None:
    page.fill("[name=name]", NAME)
    choose(page, "template_id", "newsl")
    page.check("[name=when][value=event]", force=True)
    page.fill("#event_name", "checkout_started")
    expect(page.locator("#rehearsal")).to_contain_text("it would have fired")
    rows = page.locator(".condition:visible")
    expect(rows).to_have_count(1)
    rows.nth(0).locator(".of-property").fill("total")
    expect(rows).to_have_count(2)
    page.select_option("[name=where_0_op]", "at_least")
    page.fill("[name=where_0_value]", "4000")
    page.fill("#wait_count", "2")
    page.fill("#unless_event", "order_completed")
    expect(page.locator("#rehearsal")).to_contain_text("the other thing happened meanwhile")


def test_a_checkout_is_answered_two_hours_later_unless_it_was_paid(visit, shop, two, migrated):
    (paid, payer, _), (left, leaver, address) = two
    visitor = visit()
    visitor.sign_in("max")
    page = visitor.open("/automations/new")
    write(page)
    shoot(page, "triggers-form", full_page=True)
    page.click(".do button.btn-primary")
    expect(page.locator("h1")).to_have_text(NAME)
    expect(page.locator("#preflight")).to_contain_text("Would have been answered")
    page.click("#preflight button:has-text('Activate')")
    expect(page.locator("h1 + .badge")).to_have_text("Active")

    for one in (paid, left):
        shop(one, "checkout_started", total=6490)
    shop(left, "checkout_started", total=6490)
    work(migrated)
    page = visitor.open(f"/customers/{paid}/mails")
    expect(page.locator("main")).to_contain_text(f"{NAME}, in 1 h, unless order_completed happens first")
    shoot(page, "triggers-waiting", full_page=True)
    shop(paid, "order_completed", total=6490)
    work(migrated, hours=2)

    page = visitor.open("/automations")
    page.click(f"text={NAME}")
    expect(page.locator("#waits + span")).to_have_text("nobody waits now")
    card = page.locator("section:has(#waits)")
    expect(card.locator(f"li:has-text('{payer}')")).to_contain_text("Something else happened meanwhile")
    expect(card.locator(f"li:has-text('{leaver}')")).to_contain_text("It was sent.")
    expect(page.locator("section:has(#runs)")).to_contain_text("It stays open until midnight: 1 so far")
    shoot(page, "triggers-answered", full_page=True)
    page = visitor.open(f"/customers/{paid}/mails")
    expect(page.locator("main")).to_contain_text("Something else happened meanwhile, and then it is not sent.")
    shoot(page, "triggers-told", full_page=True)
    page = visitor.open(f"/outbox?q={address}")
    expect(page.locator("#results tbody tr")).to_have_count(1)
    expect(page.locator("#results")).to_contain_text(address)
    assert visitor.complaints == []


@pytest.mark.parametrize(("width", "theme"), SCREENS)
def test_each_kind_shows_its_own_fields_and_is_sound(visit, product, width, theme):
    visitor = visit(width, theme)
    visitor.sign_in("max")
    page = visitor.open("/automations/new")
    for kind, own in (("event", "#event_name"), ("enters_segment", "#wait_count"), ("after", "#after_count")):
        page.check(f"[name=when][value={kind}]", force=True)
        expect(page.locator(own)).to_be_visible()
        expect(page.locator("#cron-input")).to_be_hidden()
        page.evaluate(AXE.read_text())
        assert page.evaluate("axe.run(document).then(r => r.violations.map(v => v.id))") == []
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
        shoot(page, f"triggers-{kind}-{width}-{theme}", full_page=True)
    assert visitor.complaints == []


def test_without_script_it_is_the_same_form(visit, product, migrated):
    visitor = visit(390, "dark", javascript=False)
    visitor.sign_in("max")
    page = visitor.open("/automations/new")
    page.fill("[name=name]", NAME)
    page.check("[name=when][value=event]", force=True)
    page.check("[name=happening][value=funnel]", force=True)
    assert (page.is_visible("#event_name"), page.is_visible("#to_stage")) == (False, True)
    page.fill("#to_stage", "enrolled")
    page.fill("#wait_count", "soon")
    page.click(".do button.btn-primary")
    expect(page.locator("#wait-hint")).to_contain_text("It must be a duration")
    assert page.input_value("#to_stage") == "enrolled"
    page.fill("#wait_count", "30")
    page.select_option("[name=wait_unit]", "m")
    page.click(".do button.btn-primary")
    expect(page.locator("#main")).to_contain_text("When somebody moves in a funnel to enrolled, 30 minutes later")
    with migrated.app_context():
        db.session.execute(text("DELETE FROM automations WHERE name = :name"), {"name": NAME})
        db.session.commit()
