"""The team: one address one person, one admin always, and what ends a session."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, text

from app.accounts import users
from app.accounts.user import MAY, ROLES, User
from app.audit import Actor, Entry
from app.db import db

NOW = datetime(2026, 10, 22, 8, 4, tzinfo=UTC)
ADA = Actor("user", 1, "Ada")


def roles() -> dict[str, str]:
    db.session.expire_all()
    return {user.name: user.role for user in db.session.scalars(select(User))}


def entries() -> list[Entry]:
    return list(db.session.scalars(select(Entry).order_by(Entry.id)))


def test_a_role_says_what_one_may(make_user):
    people = [make_user(role, role) for role in ROLES]
    assert {user.role: [what for what in MAY if user.may(what)] for user in people} == {
        "viewer": ["read"],
        "editor": ["read", "edit"],
        "marketer": ["read", "edit", "send"],
        "admin": ["read", "edit", "send", "administer"],
    }


@pytest.mark.parametrize(
    ("name", "email", "role", "wrong"),
    [
        ("Ines", "ADA@campus.example", "viewer", {"email"}),
        ("Ines", "ines", "viewer", {"email"}),
        ("Ines", "ines@campus.example", "owner", {"role"}),
        ("", "ines@campus.example", "viewer", {"name"}),
        ("x" * 101, "", "", {"name", "email", "role"}),
        ("Ines", "ines@campus.example", "viewer", set()),
    ],
)
def test_each_fault_is_named(admin, name, email, role, wrong):
    assert set(users.problems(name, email, role)) == wrong


def test_the_same_address_in_another_case_is_the_same_person_also_at_once(app):
    users.invite("Ines", "ines@campus.example", "viewer", ADA)
    outcome = run_until_it_waits(app, lambda: users.invite("Ines", "INES@campus.example", "admin", ADA))
    assert isinstance(outcome(), users.Refused)
    assert roles() == {"Ines": "viewer"}


def test_a_new_role_is_written_down_and_ends_sessions(admin, viewer):
    users.change_role(viewer, "editor", ADA)
    users.change_role(viewer, "editor", ADA)
    db.session.commit()
    assert viewer.session_epoch == 2
    assert [(e.verb, e.subject_name, e.before, e.after) for e in entries()] == [
        ("changed the role of", viewer.email, {"role": "viewer"}, {"role": "editor"})
    ]


def test_the_last_admin_can_neither_go_nor_become_something_else(admin, marketer):
    with pytest.raises(users.Refused, match="There must be an admin"):
        users.change_role(admin, "viewer", ADA)
    with pytest.raises(users.Refused, match="last admin"):
        users.remove(admin, ADA)
    assert roles() == {"Ada": "admin", "Max": "marketer"}


def test_an_admin_who_has_not_come_yet_is_no_second_admin(admin):
    users.invite("Ines", "ines@campus.example", "admin", ADA)
    with pytest.raises(users.Refused):
        users.remove(admin, ADA)


def test_with_two_admins_one_may_go(admin, make_user):
    second = make_user("Bea", "admin")
    users.change_role(second, "viewer", ADA)
    users.remove(second, ADA)
    db.session.commit()
    assert roles() == {"Ada": "admin"}
    assert entries()[-1].before == {"name": "Bea", "role": "viewer"}


@pytest.mark.parametrize("verb", ["demote", "remove"])
def test_two_admins_who_put_each_other_out_at_the_same_moment_leave_one(app, admin, make_user, verb):
    bea, ada_id = make_user("Bea", "admin"), admin.id

    def put_out(user: User) -> None:
        users.change_role(user, "viewer", ADA) if verb == "demote" else users.remove(user, ADA)

    put_out(bea)
    outcome = run_until_it_waits(app, lambda: put_out(db.session.get_one(User, ada_id)))
    assert isinstance(outcome(), users.Refused)
    assert [name for name, role in roles().items() if role == "admin"] == ["Ada"]


def test_being_seen_is_written_every_five_minutes(viewer):
    assert users.seen(viewer, NOW)
    db.session.commit()
    assert not users.seen(viewer, NOW + timedelta(minutes=4))
    assert users.seen(viewer, NOW + timedelta(minutes=5))


def test_what_somebody_did_stays_when_they_are_removed(admin, marketer):
    users.rename(marketer, "Maximilian", Actor("user", marketer.id, "Max"))
    users.remove(marketer, ADA)
    db.session.commit()
    assert [(entry.actor_name, entry.verb) for entry in entries()] == [("Max", "renamed"), ("Ada", "removed")]


def run_until_it_waits(app, act: Callable[[], object]) -> Callable[[], object]:
    """Starts `act` on a second connection while this one holds its locks; the result commits this one and joins."""
    outcomes: list[object] = []

    def other() -> None:
        with app.app_context():
            try:
                outcomes.append(act())
                db.session.commit()
            except users.Refused as refused:
                db.session.rollback()
                outcomes.append(refused)

    thread = threading.Thread(target=other)
    thread.start()
    waiting = select(func.count()).select_from(text("pg_locks")).where(text("NOT granted"))
    deadline = time.monotonic() + 2
    while not db.session.scalar(waiting) and time.monotonic() < deadline:
        time.sleep(0.02)

    def finish() -> object:
        db.session.commit()
        thread.join()
        return outcomes[0]

    return finish
