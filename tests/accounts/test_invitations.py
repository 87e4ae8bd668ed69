"""Links: seven days or two hours, once, only the newest, and nothing of them in the database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from app.accounts import invitations, passwords, users
from app.accounts.invitation import Invitation
from app.audit import Actor, Entry
from app.db import db
from tests.conftest import PASSWORD

NOW = datetime(2026, 10, 22, 8, 4, tzinfo=UTC)
ADA = Actor("user", 1, "Ada")
NEW = "a brand new password"
HERE = "192.0.2.7"


@pytest.fixture
def ines(app):
    return users.invite("Ines", "ines@campus.example", "marketer", ADA)


def waiting(at: datetime = NOW) -> list[tuple[str, str]]:
    return [(one.user.name, one.purpose) for one in invitations.waiting(at)]


def test_an_invitation_is_good_for_seven_days_and_a_reset_for_two_hours(ines, viewer):
    for user, lasts in ((ines, timedelta(days=7)), (viewer, timedelta(hours=2))):
        _row, token = invitations.issue(user, ADA, NOW)
        assert invitations.find(token, NOW + lasts - timedelta(seconds=1)).user == user
        assert invitations.find(token, NOW + lasts) is None


def test_accepting_sets_name_and_password_once(ines):
    row, token = invitations.issue(ines, ADA, NOW)
    user = invitations.accept(row, "Ines Ortega", NEW, NOW)
    assert user is ines
    assert (user.name, user.session_epoch) == ("Ines Ortega", 2)
    assert passwords.matches(user.password_hash, NEW)
    assert invitations.find(token, NOW) is None
    assert invitations.accept(row, "Mallory", "another password", NOW) is None
    assert user.name == "Ines Ortega"


def test_a_newer_link_voids_the_older(ines):
    _row, old = invitations.issue(ines, ADA, NOW)
    _row, new = invitations.issue(ines, ADA, NOW)
    assert invitations.find(old, NOW) is None
    assert invitations.find(new, NOW).user == ines


@pytest.mark.parametrize("token", ["", "x", "None", "\0", "💥", "x" * 10_000, "\ud800"])
def test_a_forged_token_finds_nothing(ines, viewer, token):
    invitations.issue(ines, ADA, NOW)
    invitations.ask(viewer.email, HERE, NOW)
    assert invitations.find(token, NOW) is None


def test_the_token_is_not_in_the_database(ines):
    _row, token = invitations.issue(ines, ADA, NOW)
    held = db.session.scalars(select(func.to_jsonb(Invitation.__table__.table_valued()).cast(db.Text)))
    trail = db.session.scalars(select(func.to_jsonb(Entry.__table__.table_valued()).cast(db.Text)))
    assert token not in " ".join([*held, *trail])


def test_who_forgot_leaves_a_request_until_an_admin_makes_the_link(viewer):
    invitations.ask("VIC@campus.example", HERE, NOW)
    assert waiting() == [("Vic", "reset")]
    invitations.issue(viewer, ADA, NOW)
    assert waiting() == []


def test_asking_again_leaves_one_request_and_it_is_gone_after_a_week(viewer):
    for _ in range(3):
        invitations.ask(viewer.email, HERE, NOW)
    assert waiting() == [("Vic", "reset")]
    assert waiting(NOW + timedelta(days=7)) == []


def test_a_stranger_who_asks_does_not_void_a_link_that_was_handed_over(viewer):
    _row, token = invitations.issue(viewer, ADA, NOW)
    invitations.ask(viewer.email, HERE, NOW)
    assert invitations.find(token, NOW).user == viewer


@pytest.mark.parametrize("email", ["nobody@campus.example", "ines@campus.example", "", "\0"])
def test_asking_for_nobody_or_for_somebody_who_never_came_leaves_no_request(ines, email):
    invitations.ask(email, HERE, NOW)
    assert waiting() == []


def test_asking_too_often_is_answered_by_silence(viewer, editor):
    for n in range(20):
        invitations.ask(f"p{n}@campus.example", HERE, NOW)
    invitations.ask(viewer.email, HERE, NOW)
    assert waiting() == []
    invitations.ask(editor.email, "198.51.100.9", NOW)
    assert waiting() == [("Eda", "reset")]


def test_whoever_was_invited_waits_until_they_come_also_after_the_link_expired(ines):
    row, _token = invitations.issue(ines, ADA, NOW)
    assert waiting(NOW + timedelta(days=30)) == [("Ines", "invitation")]
    invitations.accept(row, "Ines", NEW, NOW)
    assert waiting() == []


def test_a_reset_forgives_the_tries_before_it(viewer):
    from app.accounts import sign_in

    for _ in range(10):
        sign_in.authenticate(viewer.email, "wrong", HERE, NOW)
    row, _token = invitations.issue(viewer, ADA, NOW)
    invitations.accept(row, "Vic", NEW, NOW)
    assert sign_in.authenticate(viewer.email, NEW, HERE, NOW) == viewer
    assert not passwords.matches(viewer.password_hash, PASSWORD)
