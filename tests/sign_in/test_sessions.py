"""A session: what ends it, what it survives, and what nobody can put into it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app import create_app
from app.accounts import users
from app.audit.actor import COMMAND_LINE
from app.db import db
from tests.conftest import PASSWORD

NEWER = "a newer secret key that signs"


def is_in(client) -> bool:
    return client.get("/account").status_code == 200


@pytest.mark.parametrize(
    "change",
    [
        lambda user: users.change_role(user, "editor", COMMAND_LINE),
        lambda user: users.change_password(user, "a brand new password", COMMAND_LINE),
        lambda user: users.sign_out_everywhere(user, COMMAND_LINE),
        lambda user: users.remove(user, COMMAND_LINE),
    ],
    ids=["role", "password", "everywhere", "removal"],
)
def test_it_ends_with_a_new_role_a_new_password_and_a_removal(client_of, viewer, editor, change):
    browser, colleague = client_of(viewer), client_of(editor)
    change(viewer)
    db.session.commit()
    assert not is_in(browser)
    assert is_in(colleague)


def test_it_survives_a_new_name_and_an_unchanged_role(client_of, viewer):
    browser = client_of(viewer)
    users.rename(viewer, "Victoria", COMMAND_LINE)
    users.change_role(viewer, "viewer", COMMAND_LINE)
    db.session.commit()
    assert is_in(browser)


@pytest.mark.parametrize(("rotated", "stays"), [(True, True), (False, False)], ids=["rotated", "replaced"])
def test_it_survives_a_key_that_is_rotated_but_not_one_that_is_replaced(client_of, viewer, config, rotated, stays):
    cookie = client_of(viewer).get_cookie("campus").value
    keys = (NEWER, *config.secret_keys) if rotated else (NEWER,)
    later = create_app(replace(config, secret_keys=keys), "tests")
    browser = later.test_client()
    browser.set_cookie("campus", cookie)
    with later.app_context():
        assert is_in(browser) == stays
        db.engine.dispose()


def test_nothing_that_a_stranger_planted_survives_the_door(stranger, viewer):
    with stranger.session_transaction() as session:
        session["planted"] = "by somebody else"
        before = session["csrf_token"]
    stranger.post("/sign-in", data={"email": viewer.email, "password": PASSWORD})
    stranger.get("/account")
    with stranger.session_transaction() as session:
        assert "planted" not in session
        assert session["csrf_token"] != before


@pytest.mark.parametrize(
    "cookie", ["", "x", "a.b.c", "eyJfdXNlcl9pZCI6IjEifQ.aaaaaa.bbbbbbbbbbbbbbbbbbbbbbbbbbb", "x" * 3900]
)
def test_a_forged_cookie_is_a_stranger(app, admin, cookie):
    browser = app.test_client()
    browser.set_cookie("campus", cookie)
    assert not is_in(browser)


def test_presence_is_noted_while_somebody_works(client_of, viewer):
    browser = client_of(viewer)
    viewer.last_seen_at = datetime.now(UTC) - timedelta(days=1)
    db.session.commit()
    is_in(browser)
    db.session.expire_all()
    assert viewer.last_seen_at > datetime.now(UTC) - timedelta(minutes=1)
