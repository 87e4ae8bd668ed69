"""The trail: written with the change or not at all, kept for ever, searched, and shown before → after."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from app.accounts import users
from app.audit import Actor, Entry, record, trail
from app.audit.actor import COMMAND_LINE
from app.db import db
from app.settings import setting
from app.settings.team import Team

URL = "/settings/audit"
MAX = Actor("user", 77, "Max")
KEY = Actor("key", 5, "LMS")
NOON = datetime(2026, 10, 22, 12, tzinfo=UTC)


def said(answer) -> str:
    return html.unescape(answer.get_data(as_text=True))


def tell(by: Actor, verb: str, kind: str, name: str, at: datetime = NOON, before=None, after=None) -> Entry:
    entry = record(by, verb, kind, (1, name), before, after)
    entry.at = at
    db.session.commit()
    return entry


def shown(answer) -> list[str]:
    lines = re.findall(r'<span class="grow"><b>(.*?)</b>(.*?)<span class="sub">(.*?)</span>(.*?)</span>', said(answer))
    return [" ".join("".join(line).split()) for line in lines]


@pytest.fixture
def browser(client_of, admin):
    return client_of(admin)


@pytest.fixture
def history(app):
    tell(MAX, "changed", "sender", "hello@campus.example", NOON - timedelta(days=3))
    tell(KEY, "changed", "topic", "Newsletter", NOON - timedelta(days=2))
    tell(COMMAND_LINE, "created", "user", "ines@campus.example", NOON - timedelta(days=1))
    tell(MAX, "exported", "customers", "Customers", NOON)


@pytest.mark.parametrize("change", ["UPDATE audit SET actor_name = 'Nobody'", "DELETE FROM audit", "TRUNCATE audit"])
def test_nobody_rewrites_the_trail(app, change):
    tell(MAX, "changed", "sender", "hello@campus.example")
    with pytest.raises(DBAPIError):
        db.session.execute(text(change))
    db.session.rollback()
    assert db.session.scalar(select(Entry.actor_name)) == "Max"


def test_a_change_that_is_taken_back_leaves_no_entry(viewer):
    users.rename(viewer, "Victoria", MAX)
    db.session.rollback()
    assert db.session.scalar(select(Entry)) is None


def test_the_newest_stands_first(browser, history):
    assert shown(browser.get(URL)) == [
        "Max exported customers Customers",
        "Command line created user ines@campus.example",
        "LMS changed topic Newsletter",
        "Max changed sender hello@campus.example",
    ]


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        ("q=max", 2),
        ("q=NEWSLETTER", 1),
        ("q=max+export", 1),
        ("q=zzz", 0),
        ("filter=kind:is:user", 1),
        ("filter=who:is:system", 1),
        ("filter=who:is:key", 1),
        ("filter=day:after:2026-10-21", 2),
        ("filter=day:before:2026-10-21", 2),
        ("filter=day:after:2026-10-20&filter=day:before:2026-10-21", 1),
        ("sort=at", 4),
    ],
)
def test_searched_and_filtered_as_page_and_as_fragment(browser, history, asked, count):
    for headers in ({}, {"HX-Request": "true"}):
        assert len(shown(browser.get(f"{URL}?{asked}", headers=headers))) == count


def test_one_person_can_be_asked_for_also_after_they_are_gone(browser, admin, viewer):
    users.rename(viewer, "Victoria", Actor("user", viewer.id, "Vic"))
    db.session.commit()
    asked = f"{URL}?filter=who:is:{viewer.id}"
    assert shown(browser.get(asked)) == ["Vic renamed user vic@campus.example"]
    users.remove(viewer, Actor("user", admin.id, "Ada"))
    db.session.commit()
    assert shown(browser.get(asked)) == ["Vic renamed user vic@campus.example"]
    assert "vic@campus.example (removed)" in said(browser.get(asked))


def test_a_day_begins_at_midnight_of_the_team(browser, history):
    setting.save("team", Team(timezone="Asia/Tokyo"), 0, MAX)
    tell(MAX, "changed", "topic", "Late", datetime(2026, 10, 23, 15, 30, tzinfo=UTC))
    assert shown(browser.get(f"{URL}?filter=day:after:2026-10-24&filter=kind:is:topic")) == ["Max changed topic Late"]


@pytest.mark.parametrize(
    "asked",
    [
        "filter=who:is:999999", "filter=kind:is:secret", "filter=day:after:yesterday", "filter=day:after:2026-13-40",
        "filter=day:is:2026-10-21", "filter=verb:is:x", "sort=who", "cursor=%00", "q=" + "x" * 201,
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_answered_with_a_sentence(browser, history, asked):
    answer = browser.get(f"{URL}?{asked}")
    assert answer.status_code == 422
    assert "That does not work here" in said(answer)


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_days_at_the_end_of_time_are_days(browser, history, day):
    assert browser.get(f"{URL}?filter=day:after:{day}").status_code == 200
    assert browser.get(f"{URL}?filter=day:before:{day}").status_code == 200


def test_pages_follow_each_other_without_gaps(browser):
    for n in range(120):
        record(MAX, "changed", "topic", (n, f"T{n:03}"))
    db.session.commit()  # one transaction, one moment: only the id tells them apart
    seen, url = [], f"{URL}?q=changed"
    while url:
        page = browser.get(url)
        seen += shown(page)
        older = re.search(r'href="([^"]+)" rel="next"', said(page))
        url = older[1] if older else None
    assert seen == [f"Max changed topic T{n:03}" for n in reversed(range(120))]


def test_an_entry_opens_to_what_was_and_what_is(browser):
    tell(
        MAX,
        "changed",
        "sender",
        "hello@x.example",
        before={"name": "Old", "tags": ["a"]},
        after={"name": "<b>New", "on": True},
    )
    entry = db.session.scalar(select(Entry))
    assert [(one.name, one.before, one.after) for one in trail.differences(entry)] == [
        ("name", "Old", "<b>New"),
        ("tags", ["a"], None),
        ("on", None, True),
    ]
    page = browser.get(URL).get_data(as_text=True)
    assert "Old" in page
    assert "&lt;b&gt;New" in page


def test_only_an_admin_reads_it(client_of, marketer):
    assert client_of(marketer).get(URL).status_code == 403
