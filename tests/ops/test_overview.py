"""The first page: what goes out next and now, and the same figures of mail as the metrics page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.db import db
from app.ops import going_out
from tests.automations.making import make_active, make_automation
from tests.conftest import Client
from tests.factories import make_customer
from tests.metrics.making import change, make_mail, make_run

BERLIN = ZoneInfo("Europe/Berlin")
MORNING = datetime(2026, 10, 22, 8, tzinfo=UTC)


@pytest.fixture
def pages(client_of, viewer) -> Client:
    return client_of(viewer)


def due(name: str, at: datetime, **said):
    automation = make_automation(name, **said)
    automation.is_active, automation.next_at = True, at
    db.session.commit()
    return automation


def test_what_acts_until_tomorrow_night_is_next(app):
    due("Tonight", MORNING + timedelta(hours=10))
    due("Last minute", datetime(2026, 10, 23, 21, 59, tzinfo=UTC))  # 23:59 in Berlin
    due("The day after", datetime(2026, 10, 24, 7, tzinfo=UTC))
    found, count = going_out.next_ones(MORNING, BERLIN)
    assert [one.automation.name for one in found] == ["Tonight", "Last minute"]
    assert count == 2


def test_about_how_many_says_what_the_last_run_planned(app):
    automation = due("Letter", MORNING + timedelta(hours=1))
    for number, planned in enumerate((500, 700)):
        run = make_run(f"run {number}", automation_id=automation.id)
        run.state, run.planned = "finished", planned
    db.session.commit()
    (found,), _ = going_out.next_ones(MORNING, BERLIN)
    assert found.about == 700


def test_a_run_that_waits_all_day_for_things_to_happen_is_no_news(app):
    waiting, going = make_run("waiting"), make_run("going")
    for run in (waiting, going):
        run.state, run.planned = "sending", 2
    waiting.open_until = datetime.now(UTC) + timedelta(hours=3)
    db.session.commit()
    assert [one.run.key for one in going_out.on_their_way()] == ["going"]
    waiting.state = "paused"
    db.session.commit()
    assert [one.run.key for one in going_out.on_their_way()] == ["going", "waiting"]


def test_the_page_shows_them_and_the_mail_of_a_week(app, pages: Client):
    make_active("Evening letter", datetime.now(UTC))
    now = datetime.now(UTC)
    run = make_run("a letter", at=now, name="Open day")
    run.state, run.planned = "sending", 2
    mails = [make_mail(run, make_customer().id, now - timedelta(hours=1)) for _ in range(4)]
    change(mails[0], opened_at=now)
    shown = pages.get("/").text
    assert "Evening letter" in shown
    assert 'aria-labelledby="now"' in shown
    assert "25.0 %" in shown
    assert "25.0 %" in pages.get("/metrics?range=7d").text


def test_nothing_planned_and_nothing_sent_is_said(app, pages: Client):
    shown = pages.get("/").text
    assert "Nothing is planned until tomorrow night" in shown
    assert "No mail was sent in the last two weeks." in shown
