"""A marketer joins a segment, a template and a time, looks at who would get it, and puts it to work."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from sqlalchemy import text

from app.db import db
from tests.browser.conftest import AXE, SCREENS, choose, search

pytestmark = pytest.mark.browser


def test_an_automation_is_made_looked_at_and_put_to_work(visit):
    visitor = visit()
    visitor.sign_in("max")
    page = visitor.open("/automations/new")
    page.fill("[name=name]", "Every quarter of an hour")
    choose(page, "segment_id", "press")
    choose(page, "template_id", "newsl")
    page.fill("[name=cron]", "*/15 * * * *")
    page.wait_for_selector("#cron-read :text('Every 15 minutes')")
    page.click(".do button.btn-primary")
    page.wait_for_selector("h1:has-text('Every quarter')")
    page.wait_for_selector(".fall :text('Would get it')")
    page.click("#preflight button:has-text('Activate')")
    page.wait_for_selector(".head .badge:has-text('Active')")
    assert "Next:" in page.inner_text(".head")
    page.click("button:has-text('Deactivate')")
    page.wait_for_selector(".head .badge:has-text('Not active')")
    assert visitor.complaints == []


def test_the_chosen_kind_of_when_shows_and_what_was_typed_stays_without_script(visit):
    visitor = visit(390, "dark", javascript=False)
    visitor.sign_in("max")
    page = visitor.open("/automations/new")
    page.fill("[name=name]", "Open day")
    page.check("[name=when][value=at]", force=True)
    assert not page.is_visible("[name=cron]")
    page.click(".do button.btn-primary")
    page.wait_for_selector("[role=alert]")
    assert "Choose a day and a time" in page.inner_text("#main")
    page.fill("[name=day]", "2027-03-01")
    page.fill("[name=time]", "09:00")
    page.click(".do button.btn-primary")
    page.wait_for_selector("h1:has-text('Open day')")
    assert "Once, on 1 Mar 2027 at 09:00" in page.inner_text("#main")


@pytest.fixture
def many_segments(product, migrated):
    """Three hundred more, each with its size; one is archived."""
    with migrated.app_context():
        db.session.execute(text(MANY))
        db.session.commit()
    yield
    with migrated.app_context():
        db.session.execute(text("DELETE FROM customer_segments WHERE name LIKE 'Cohort %'"))
        db.session.commit()


MANY = """
    INSERT INTO customer_segments (name, type, rules, size, archived_at)
    SELECT 'Cohort ' || n, 'rules', '{"all": []}', n * 7, CASE WHEN n = 300 THEN now() END
      FROM generate_series(1, 300) n
"""


@pytest.mark.parametrize(("width", "theme"), SCREENS)
def test_one_of_hundreds_is_found_by_typing(visit, many_segments, width, theme):
    visitor = visit(width, theme)
    visitor.sign_in("max")
    page = visitor.open("/automations/new")
    search(page, "segment_id")
    options = page.locator(".ts-dropdown .option:visible")
    assert options.count() > 300
    page.keyboard.type("cohort 213")
    expect(options).to_have_count(1)
    expect(options).to_contain_text("1,491 customers")
    page.evaluate(AXE.read_text())
    assert page.evaluate("axe.run(document).then(r => r.violations.map(v => v.id))") == []
    assert not page.is_visible("[data-unsaved-said]"), "what is searched for is no change"
    page.keyboard.press("Enter")
    expect(page.locator("#segment_id option:checked")).to_have_text("Cohort 213 (1,491 customers)")
    assert page.is_visible("[data-unsaved-said]")
    search(page, "segment_id")
    page.keyboard.type("cohort 300")
    expect(page.locator(".ts-dropdown .no-results")).to_have_text("Nothing here is called “cohort 300”.")
    page.keyboard.press("Escape")
    expect(page.locator(".no-results")).to_be_hidden()
    choose(page, "timezone", "tokyo")
    expect(page.locator("#cron-read")).to_contain_text("Asia/Tokyo")
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
    assert visitor.complaints == []


def test_without_script_the_menus_are_plain_ones(visit):
    visitor = visit(javascript=False)
    visitor.sign_in("max")
    page = visitor.open("/automations/new")
    page.fill("[name=name]", "By hand")
    page.select_option("#template_id", label="Newsletter (version 1)")
    page.select_option("#timezone", "Asia/Tokyo")
    page.click(".do button.btn-primary")
    page.wait_for_selector("h1:has-text('By hand')")
    assert "Newsletter" in page.inner_text("#main")
