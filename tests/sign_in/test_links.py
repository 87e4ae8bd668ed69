"""A link in somebody's hands: it opens once, and a wrong one says nothing but that."""

from __future__ import annotations

import html
from datetime import UTC, datetime, timedelta

import pytest

from app.accounts import invitations, users
from app.audit.actor import COMMAND_LINE
from app.db import db
from tests.conftest import PASSWORD

NEW = "a brand new password"


def said(answer) -> str:
    return html.unescape(answer.get_data(as_text=True))


def link_for(user, at: datetime | None = None) -> str:
    _row, token = invitations.issue(user, COMMAND_LINE, at or datetime.now(UTC))
    db.session.commit()
    return f"/invitations/{token}"


def ines():
    return users.invite("Ines", "ines@campus.example", "marketer", COMMAND_LINE)


def test_an_invitation_welcomes_sets_a_password_and_lets_in(app, stranger):
    link = link_for(ines())
    assert "ines@campus.example" in said(stranger.get(link))
    answer = stranger.post(link, data={"name": "Ines Ortega", "password": NEW})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert "Welcome, Ines Ortega." in said(stranger.get("/"))
    assert stranger.post(link, data={"name": "Mallory", "password": NEW}).status_code == 404


def test_looking_at_a_link_does_not_use_it(app, stranger):
    link = link_for(ines())
    for _ in range(3):
        assert stranger.get(link).status_code == 200
        assert stranger.head(link).status_code == 200


@pytest.mark.parametrize(
    ("data", "field"),
    [({"name": "", "password": NEW}, "name"), ({"name": "Ines", "password": "short"}, "password"), ({}, "password")],
)
def test_what_is_wrong_is_said_and_the_link_stays_good(app, stranger, data, field):
    link = link_for(ines())
    answer = stranger.post(link, data=data)
    assert answer.status_code == 422
    assert f'id="{field}-bad"' in said(answer)
    assert stranger.post(link, data={"name": "Ines", "password": NEW}).status_code == 303


def test_a_reset_ends_the_sessions_of_whoever_had_the_old_password(client_of, stranger, viewer):
    thief = client_of(viewer)
    stranger.get(link_for(viewer))
    assert stranger.post(link_for(viewer), data={"name": "Vic", "password": NEW}).status_code == 303
    assert thief.get("/account").status_code == 302
    assert stranger.get("/account").status_code == 200
    assert thief.post("/sign-in", data={"email": viewer.email, "password": PASSWORD}).status_code in {400, 422}


@pytest.mark.parametrize(
    "link", ["/invitations/x", "/invitations/%00", "/invitations/" + "x" * 5000, "/invitations/%F0%9F%92%A5"]
)
def test_a_forged_link_opens_nothing_and_says_what_to_do(stranger, link):
    for answer in (stranger.get(link), stranger.post(link, data={"name": "M", "password": NEW})):
        assert answer.status_code == 404
        assert "This link opens nothing" in said(answer)


def test_a_used_an_expired_and_a_replaced_link_look_the_same(app, stranger):
    user = ines()
    expired = link_for(user, datetime.now(UTC) - timedelta(days=8))
    replaced = link_for(user)
    used = link_for(user)
    stranger.get(used)
    stranger.post(used, data={"name": "Ines", "password": NEW})
    pages = {stranger.get(link).status_code for link in (expired, replaced, used)}
    assert pages == {404}
