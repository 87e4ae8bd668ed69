"""Alerts as people meet them: on the overview and in their list, at both sizes, dismissed by keyboard."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect
from sqlalchemy import text

from app.alerts import keeping
from app.db import db
from app.deliveries import alarms
from tests.automations.making import NOW
from tests.browser.conftest import SCREENS
from tests.browser.test_every_page import look

pytestmark = pytest.mark.browser
LONG = "Interview invitation for everybody who applied for summer courses this year"


@pytest.fixture
def alerted(migrated, product) -> Iterator[None]:
    with migrated.app_context():
        alarms.could_not_run(1, LONG, "Its template is in the archive.")
        alarms.missed(1, "Open day", NOW)
        alarms.closed("outbox", NOW)
        keeping.sound("run-failed:1", "A run of “Press” failed", "Nobody got anything.", "/runs/1")
        keeping.settle("run-failed:1", "The next run was planned.")
        db.session.commit()
    yield
    with migrated.app_context():
        db.session.execute(text("TRUNCATE alerts"))
        db.session.commit()


@pytest.mark.parametrize(("width", "theme"), SCREENS)
def test_alerts_are_sound_on_each_screen(visit, alerted, width, theme):
    visitor = visit(width, theme)
    visitor.sign_in()
    pages = {"overview-alerts": "/", "alerts-standing": "/alerts"}
    assert [fault for name, path in pages.items() for fault in look(visitor, name, path, f"{width}-{theme}")] == []


def test_one_is_dismissed_by_keyboard_where_one_stands(visit, alerted):
    visitor = visit()
    visitor.sign_in("max")
    page = visitor.open("/")
    page.get_by_role("button", name=f"Dismiss: “{LONG}” could not run").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("It is dismissed.")).to_be_visible()
    expect(page.get_by_role("heading", name="Needs a person")).to_be_visible()
    expect(page.get_by_text(LONG)).to_have_count(0)
    page = visitor.open("/alerts?filter=state:is:settled")
    expect(page.get_by_text("Dismissed by Max")).to_be_visible()
    assert visitor.complaints == []
