"""The pages ask the engine itself: a real cart, real prices, and the mail with them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from app.automations.behaviours.settings import SPECS
from app.blueprints.automations import sent_behaviour
from tests.automations.behaviours.shop import BAG, HOUR, MUG, SHIRT, answers, fills_cart, looks, people, sells
from tests.automations.making import HERE, HTMX, make_automation, page_of
from tests.content.test_starters import lay


@pytest.fixture
def browser(client_of, marketer):
    return client_of(marketer)


def test_a_cart_that_was_left_alone_is_seen_with_its_mail(browser, app):
    lay()
    maya, noor = people(2)
    now = datetime.now(UTC)
    for product_id in ("shirt", "mug", "bag"):
        sells(product_id, name=product_id.capitalize())
    fills_cart(maya, SHIRT, MUG, at=now - 30 * HOUR, checkout_url="https://shop.example/checkout")
    fills_cart(noor, BAG, at=now - 2 * HOUR)
    template_id = int(sent_behaviour.proposed(SPECS["abandoned_cart"])["template_id"])
    automation = make_automation(trigger={"behaviour": "abandoned_cart"}, segment_id=None, template_id=template_id)
    page = page_of(browser.get(f"{HERE}/{automation.id}/called", headers=HTMX))
    for said in ("Now: 1 person", "2 × Shirt, Mug", "47.00"):
        assert said in page
    mail = page_of(browser.get(f"{HERE}/{automation.id}/called/{maya.id}", headers=HTMX))
    assert "Shirt" in page_of(browser.get(mail.split('src="')[1].split('"')[0]))
    assert "It is about, now" in page_of(browser.get(f"{HERE}/{automation.id}/preflight", headers=HTMX))


def test_whoever_was_called_is_not_shown_again(browser, app):
    lay()
    (maya,) = people(1)
    sells("shirt")
    fills_cart(maya, SHIRT, at=datetime.now(UTC) - 30 * HOUR)
    automation = answers("abandoned_cart")
    assert "Now: 1 person" in page_of(browser.get(f"{HERE}/{automation.id}/called", headers=HTMX))
    assert looks(automation, datetime.now(UTC)) == 1
    assert "Now: nobody" in page_of(browser.get(f"{HERE}/{automation.id}/called", headers=HTMX))
