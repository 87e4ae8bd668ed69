"""A marketer begins with what people do in the shop: the kind brings its fields, its mail and its words."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import text

from app.db import db
from tests.browser.conftest import AXE, shoot

pytestmark = pytest.mark.browser


@pytest.fixture
def put_away(migrated) -> Iterator[None]:
    yield
    with migrated.app_context():
        db.session.execute(text("DELETE FROM automations WHERE trigger ? 'behaviour'"))
        db.session.commit()


def is_sound(page: Page) -> bool:
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run(document).then(r => r.violations.map(v => v.id))")
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return (found, wide) == ([], 0)


@pytest.mark.usefixtures("put_away")
def test_choosing_a_kind_brings_what_it_mostly_has_and_keeps_what_was_written(visit):
    visitor = visit(390, "dark")
    visitor.sign_in("max")
    page = visitor.open("/automations/new")
    page.check("[name=when][value=browse]", force=True)
    expect(page.locator("#name")).to_have_value("Browse reminder")
    expect(page.locator("#topic")).to_have_value("browse")
    expect(page.locator("#template_id + .ts-wrapper")).to_contain_text("Browse reminder")
    page.fill("#name", "Mine")
    page.check("[name=when][value=abandoned_cart]", force=True)
    expect(page.locator("#name")).to_have_value("Mine")
    expect(page.locator("#topic")).to_have_value("abandoned_cart")
    expect(page.locator("#browse_views")).to_be_hidden()
    expect(page.locator("#cron-input")).to_be_visible()
    expect(page.locator("#called")).to_contain_text("Now")
    assert is_sound(page)
    shoot(page, "behaviour-form-390-dark", full_page=True)

    page.check("[name=looks][value=at_once]", force=True)
    expect(page.locator("#cron-input")).to_be_hidden()
    page.fill("#abandoned_cart_idle_from_count", "2")
    page.fill("#abandoned_cart_idle_to_count", "1")
    page.click(".do button.btn-primary")
    expect(page.locator("#abandoned_cart_idle_to-hint")).to_contain_text("must be longer")
    page.fill("#abandoned_cart_idle_to_count", "24")
    page.click(".do button.btn-primary")
    said = "When a cart is left alone for 2 to 24 hours, as soon as it happens, at most one mail in 7 days"
    expect(page.locator("#main")).to_contain_text(said)
    expect(page.locator("#main")).to_contain_text("It looks once it is active.")
    expect(page.locator("#preflight h2")).to_have_text("Preflight")
    assert is_sound(page)
    shoot(page, "behaviour-page-390-dark", full_page=True)
    assert [one for one in visitor.complaints if "422" not in one] == []  # the one that was refused above
