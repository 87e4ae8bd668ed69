"""Settings → Limits: what limits all mail together, off until an admin sets it."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from app.audit import Entry
from app.db import db
from app.settings import limits
from app.settings.limits import Cap, Limits, QuietHours, WarmUp

HERE = "/settings/limits"
FORM = {
    "version": "0",
    "cap_n": "3",
    "cap_count": "7",
    "cap_unit": "d",
    "quiet_from": "21:00",
    "quiet_to": "08:00",
    "warm_start": "50",
    "warm_growth": "20",
    "warm_ceiling": "10000",
    "warm_begun": "2026-12-01",
}


@pytest.fixture
def browser(client_of, admin):
    client = client_of(admin)
    client.get(HERE)
    return client


def said(answer) -> str:
    return answer.get_data(as_text=True)


def test_it_is_the_admins_page(client_of, admin, marketer, stranger):
    assert client_of(admin).get(HERE).status_code == 200
    assert client_of(marketer).get(HERE).status_code == 403
    assert client_of(marketer).post(HERE, data=FORM).status_code == 403
    assert stranger.get(HERE).status_code == 302


def test_all_of_it_is_off_at_first(browser):
    assert limits.current() == Limits()


def test_what_an_admin_sets_is_kept_shown_and_written_down(browser):
    assert browser.post(HERE, data=FORM).status_code == 303
    assert limits.current() == Limits(
        cap=Cap(n=3, per="7d"),
        quiet_hours=QuietHours(start="21:00", end="08:00"),
        warm_up=WarmUp(start=50, growth=20, ceiling=10_000, begun=date(2026, 12, 1)),
    )
    page = said(browser.get(HERE))
    for value in ("3", "7", "21:00", "08:00", "50", "20", "10000", "2026-12-01"):
        assert f'value="{value}"' in page
    entry = db.session.scalars(select(Entry).where(Entry.subject_type == "settings")).one()
    assert entry.after["quiet_hours"] == {"from": "21:00", "to": "08:00"}


def test_emptied_it_is_off_again(browser):
    browser.post(HERE, data=FORM)
    empty = dict.fromkeys(("cap_n", "quiet_from", "quiet_to", "warm_start"), "")
    assert browser.post(HERE, data={**FORM, **empty, "version": "1"}).status_code == 303
    assert limits.current() == Limits()


def test_a_plan_without_a_first_day_begins_today(browser):
    browser.post(HERE, data={**FORM, "warm_begun": ""})
    plan = limits.current().warm_up
    assert plan is not None
    assert plan.begun == datetime.now(UTC).date()
    assert "Today 0 of 50 mails are out." in said(browser.get(HERE))


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ({"cap_n": "0"}, "from 1 to 1,000"),
        ({"cap_n": "three"}, "from 1 to 1,000"),
        ({"cap_count": "x"}, "It must be a duration"),
        ({"cap_unit": "w"}, "It must be a duration"),
        ({"quiet_from": "9 in the evening"}, "It is a time of day"),
        ({"quiet_to": ""}, "It is a time of day"),
        ({"warm_start": "0"}, "from 1 to 10,000,000"),
        ({"warm_growth": ""}, "It is a number of per cent"),
        ({"warm_growth": "nan"}, "It is a number of per cent"),
        ({"warm_growth": "-1"}, "It is a number of per cent"),
        ({"warm_ceiling": "49"}, "less than the first day"),
        ({"warm_begun": "tomorrow"}, "It is a day"),
    ],
)
def test_nonsense_is_refused_beside_its_field_with_what_was_typed(browser, typed, message):
    answer = browser.post(HERE, data={**FORM, **typed})
    assert answer.status_code == 422
    assert message in said(answer)
    assert 'value="10000"' in said(answer) or "warm_ceiling" in typed
    assert limits.current() == Limits()


def test_two_at_once_do_not_overwrite_each_other(browser):
    browser.post(HERE, data=FORM)
    answer = browser.post(HERE, data={**FORM, "cap_n": "5"})
    assert answer.status_code == 422
    assert "Somebody else saved these settings" in said(answer)
    found = limits.current().cap
    assert found is not None
    assert found.n == 3
