"""Somebody tries the demo shop: looks, fills a cart, pays; and what its script told has arrived."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from sqlalchemy import text

from app.db import db
from app.events import jobs
from tests.browser.conftest import AXE, shoot
from tests.work.running import until

pytestmark = pytest.mark.browser


def faults(visitor, name: str) -> list[str]:
    page = visitor.page
    shoot(page, name, full_page=True)
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']}).then(r => r.violations)")
    width = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return visitor.complaints + [f"axe {one['id']}" for one in found] + (["sideways"] if width else [])


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (390, "dark")])
def test_from_the_shelf_to_the_order(visit, migrated, width, theme):
    visitor = visit(width, theme)
    page = visitor.open("/demo-shop")
    assert faults(visitor, f"demo-shop-{width}-{theme}") == []
    page.click("text=Desk calendar")
    assert faults(visitor, f"demo-shop-product-{width}-{theme}") == []
    page.fill("[name=quantity]", "2")
    page.click("text=Add to cart")
    expect(page.locator("[data-live=count]")).to_have_text("2")
    page.click("nav[aria-label=Shop] >> text=Cart")
    page.click("[aria-label='One less of Desk calendar']")
    expect(page.locator(".total b")).to_have_text("12.90 EUR")
    assert faults(visitor, f"demo-shop-cart-{width}-{theme}") == []
    page.fill("[name=email]", f"walker-{width}@posteo.example")
    page.click("button:has-text('Pay')")
    expect(page.locator("h1")).to_have_text("Thank you")
    assert faults(visitor, f"demo-shop-thanks-{width}-{theme}") == []
    page.click("nav[aria-label=Shop] >> text=Cart")
    expect(page.locator("main")).to_contain_text("There is nothing in it")
    with migrated.app_context():
        until(lambda: has_told(f"walker-{width}@posteo.example"))


def has_told(email: str) -> bool:
    jobs.drain_views()
    db.session.rollback()
    ordered = text("SELECT count(*) FROM orders WHERE email_folded = :email AND total = 1290")
    viewed = text(
        "SELECT count(*) FROM product_views WHERE name = 'Desk calendar' AND viewed_at > now() - interval '9 m'"
    )
    return bool(db.session.scalar(ordered, {"email": email}) and db.session.scalar(viewed))
