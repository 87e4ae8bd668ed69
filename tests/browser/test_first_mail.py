"""From nothing to mails in the outbox, as a marketer goes: whom, what, when, a look at it, and out it goes."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import text

from app.db import db
from tests.browser.conftest import ROOT, choose
from tests.work.running import Workers

pytestmark = pytest.mark.browser
WEEKLY = "At 09:30, only on Monday"


@pytest.fixture
def at_work(product: str, environment: dict[str, str], migrated) -> Iterator[None]:
    with migrated.app_context():
        db.session.execute(text("TRUNCATE outbox_messages, notices"))  # trials that others sent, or asked for
        db.session.commit()
    workers = Workers(environment, ROOT / "var" / "test" / "first-mail.log")
    yield
    workers.stop()
    with migrated.app_context():
        db.session.execute(text("TRUNCATE runs, deliveries, outbox_messages CASCADE"))
        db.session.execute(text("DELETE FROM automations WHERE name = 'Monday letter'"))
        db.session.execute(text("DELETE FROM message_templates WHERE name = 'Monday letter'"))
        db.session.execute(text("DELETE FROM customer_segments WHERE name = 'Good scores'"))
        db.session.commit()


def test_from_nothing_to_mails_in_the_outbox(visit, at_work):
    visitor = visit()
    visitor.sign_in("max")
    make_segment(visitor.open("/segments/new?type=rules"))
    make_template(visitor.open("/templates/new"))
    make_automation(visitor.open("/automations/new"))
    page = visitor.page
    foretold = waterfall(page)
    page.click("#preflight button:has-text('Activate')")
    expect(page.locator("h1 + .badge")).to_have_text("Active")

    page.click("text=Run now…")
    page.click("button:has-text('Run it now')")
    expect(page.locator("h1 + .badge")).to_have_text("Finished", timeout=90_000)
    planned, accepted = foretold["In the segment"], foretold["Would get it"]
    assert 0 < accepted <= planned
    told = waterfall(page)
    assert (told["Planned"], told["Accepted"], told["Failed"]) == (planned, accepted, 0)
    assert told["Skipped"] == planned - accepted

    page.click(".fall a:has-text('Accepted')")
    expect(page.locator("#count")).to_have_text(str(accepted))
    name = page.inner_text("#results tbody tr:first-child th a")
    page.click("#results tbody tr:first-child th a")
    expect(page.locator("main")).to_contain_text("What became of it")
    expect(page.locator("main")).to_contain_text(name)

    page = visitor.open("/outbox")
    expect(page.locator("#count")).to_have_text(str(accepted))
    expect(page.locator("#results tbody tr")).to_have_count(min(accepted, 50))
    assert visitor.complaints == []


def make_segment(page: Page) -> None:
    page.fill("[name=name]", "Good scores")
    page.click("[data-text]:not([open]) > summary")  # the builder has closed it: it is there
    page.fill("[name=rules]", '{"all": [{"attribute": "score", "op": "at_least", "value": 85}]}')
    expect(page.locator("[data-builder] .cond")).to_have_count(1)
    page.click(".head button.btn-primary")
    expect(page.locator("h1")).to_have_text("Good scores")


def make_template(page: Page) -> None:
    page.fill("[name=name]", "Monday letter")
    page.click("[aria-label='Use it: Newsletter']")
    expect(page.locator("h1")).to_have_text("Monday letter")
    page.wait_for_load_state("networkidle")  # as many compile at a time as the machine can carry
    page.click("text=Publish…")
    page.click("#publication .btn-primary")
    page.get_by_text("Version 1 is live").first.wait_for()


def make_automation(page: Page) -> None:
    page.fill("[name=name]", "Monday letter")
    choose(page, "segment_id", "good sc")
    choose(page, "template_id", "monday")
    page.select_option("#cron_repeat", "week")
    page.check("[name=cron_weekday][value='1']", force=True)
    page.fill("#cron_times", "9:30")
    expect(page.locator("#cron-input")).to_have_value("30 9 * * 1")
    expect(page.locator("#cron-read")).to_contain_text(WEEKLY)
    expect(page.locator("#cron-runs li")).to_have_count(10)
    page.click(".do button.btn-primary")
    expect(page.locator("h1")).to_have_text("Monday letter")


def waterfall(page: Page) -> dict[str, int]:
    """Labels and numbers of the steps that are shown."""
    page.wait_for_selector(".fall")
    steps = page.locator(".fall > li").all()
    return {one.locator("span").first.inner_text(): number(one.locator(".n").inner_text()) for one in steps}


def number(shown: str) -> int:
    return int(re.sub(r"\D", "", shown))
