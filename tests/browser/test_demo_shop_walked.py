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
    page = visitor.open("/demo-shop/account")
    assert faults(visitor, f"demo-shop-account-{width}-{theme}") == []
    page.click(f".people button >> nth={0 if width > 600 else 1}")
    expect(page.locator("h1")).to_contain_text("Hello")
    count = page.locator("[data-live=count]")
    before = int(count.inner_text())  # some of them have left a cart
    page = visitor.open("/demo-shop")
    assert faults(visitor, f"demo-shop-{width}-{theme}") == []
    page.click("text=Desk calendar")
    assert faults(visitor, f"demo-shop-product-{width}-{theme}") == []
    page.fill("[name=quantity]", "2")
    page.click("text=Add to cart")
    expect(count).to_have_text(f"{before + 2}")
    page.click("nav[aria-label=Shop] >> text=Cart")
    page.click("[aria-label='One less of Desk calendar']")
    expect(count).to_have_text(f"{before + 1}")
    assert faults(visitor, f"demo-shop-cart-{width}-{theme}") == []
    page.click("button:has-text('Pay')")
    expect(page.locator("h1")).to_have_text("Thank you")
    assert faults(visitor, f"demo-shop-thanks-{width}-{theme}") == []
    page.click("nav[aria-label=Shop] >> text=Cart")
    expect(page.locator("main")).to_contain_text("There is nothing in it")
    with migrated.app_context():
        until(has_told)


def has_told() -> bool:
    jobs.drain_views()
    db.session.rollback()
    lately = "now() - interval '2 minutes'"
    ordered = (
        f"SELECT count(*) FROM orders WHERE customer_id IS NOT NULL AND order_id LIKE 'D-%' AND occurred_at > {lately}"
    )
    viewed = f"SELECT count(*) FROM product_views WHERE name = 'Desk calendar' AND viewed_at > {lately}"
    return all(db.session.scalar(text(asked)) for asked in (ordered, viewed))
