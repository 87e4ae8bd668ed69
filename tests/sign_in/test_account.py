"""One's own account: name, password, and what becomes of the sessions elsewhere."""

from __future__ import annotations

import html

import pytest
from sqlalchemy import select

from app.accounts import passwords
from app.accounts.user import User
from app.audit import Entry
from app.db import db
from tests.conftest import PASSWORD

NEW = "a brand new password"


@pytest.fixture
def browser(client_of, viewer):
    return client_of(viewer)


def said(answer) -> str:
    return html.unescape(answer.get_data(as_text=True))


def vic() -> User:
    db.session.expire_all()
    return db.session.scalar(select(User).where(User.email == "vic@campus.example"))


def entries() -> list[Entry]:
    return list(db.session.scalars(select(Entry).order_by(Entry.id)))


def test_a_name_is_changed_and_written_down(browser):
    assert browser.post("/account", data={"name": " Victoria "}).status_code == 303
    assert vic().name == "Victoria"
    assert "Your name is saved." in said(browser.get("/account"))
    assert (entries()[0].actor_name, entries()[0].verb, entries()[0].after) == ("Vic", "renamed", {"name": "Victoria"})


@pytest.mark.parametrize("name", ["", " ", "x" * 101, "a\nb"])
def test_a_name_that_is_none_is_refused_with_what_was_typed(browser, name):
    answer = browser.post("/account", data={"name": name})
    assert answer.status_code == 422
    assert 'id="name-bad"' in said(answer)
    assert vic().name == "Vic"


def test_a_new_password_ends_the_other_sessions_and_keeps_this_one(browser, client_of, viewer):
    elsewhere = client_of(viewer)
    answer = browser.post("/account/password", data={"old": PASSWORD, "new": NEW})
    assert answer.status_code == 303
    assert browser.get("/account").status_code == 200
    assert elsewhere.get("/account").status_code == 302
    assert passwords.matches(vic().password_hash, NEW)


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [("wrong", NEW, "old"), ("", NEW, "old"), (PASSWORD, "short", "new"), (PASSWORD, "vic@campus.example", "new")],
)
def test_a_password_is_not_changed_without_the_present_one_or_to_a_poor_one(browser, old, new, field):
    answer = browser.post("/account/password", data={"old": old, "new": new})
    assert answer.status_code == 422
    assert f'id="{field}-bad"' in said(answer)
    assert new not in said(answer).replace("vic@campus.example", "")
    assert passwords.matches(vic().password_hash, PASSWORD)


def test_a_lost_laptop_cannot_guess_for_ever(browser):
    for _ in range(10):
        browser.post("/account/password", data={"old": "wrong", "new": NEW})
    answer = browser.post("/account/password", data={"old": PASSWORD, "new": NEW})
    assert "Too many tries" in said(answer)
    assert passwords.matches(vic().password_hash, PASSWORD)


def test_everywhere_else_can_be_signed_out(browser, client_of, viewer):
    elsewhere = client_of(viewer)
    assert browser.post("/account/other-sessions").status_code == 303
    assert browser.get("/account").status_code == 200
    assert elsewhere.get("/account").status_code == 302


def test_no_password_stands_in_the_trail(browser):
    browser.post("/account/password", data={"old": PASSWORD, "new": NEW})
    assert [(entry.verb, entry.before, entry.after) for entry in entries()] == [("changed the password of", None, None)]
