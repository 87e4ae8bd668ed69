"""flask users … and flask api-keys …: what a person at a console gets, also when it does not work."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.accounts import api_keys, invitations, passwords, sign_in
from app.accounts.user import User
from app.audit import Entry
from app.db import db
from tests.conftest import PASSWORD

NEW = "a brand new password"


@pytest.fixture
def flask(app):
    """What a console would show: the exit code, the output, the complaint."""

    def run(*words: str, said: str = ""):
        with app.app_context():
            done = app.test_cli_runner().invoke(args=list(words), input=said)
        db.session.expire_all()
        return done.exit_code, done.stdout, done.stderr

    return run


def people() -> list[tuple[str, str, str]]:
    return [(user.name, user.email, user.role) for user in db.session.scalars(select(User).order_by(User.id))]


def test_a_user_is_created_and_may_sign_in_at_once(flask):
    code, _out, _err = flask(
        "users", "create", "ines.ortega@campus.example", "--role", "marketer", "--password-stdin", said=NEW + "\n"
    )
    assert code == 0
    assert people() == [("Ines Ortega", "ines.ortega@campus.example", "marketer")]
    assert passwords.matches(db.session.scalar(select(User.password_hash)), NEW)
    assert db.session.scalar(select(Entry)).actor_name == "Command line"


def test_a_password_is_asked_for_twice(flask):
    assert (
        flask("users", "create", "i@campus.example", "--role", "viewer", "--name", "I", said=f"{NEW}\n{NEW}\n")[0] == 0
    )
    assert flask("users", "create", "j@campus.example", "--role", "viewer", said=f"{NEW}\nother\n")[0] == 1
    assert [name for name, _email, _role in people()] == ["I"]


@pytest.mark.parametrize(
    ("email", "role", "password", "word"),
    [
        ("ines", "viewer", NEW, "no e-mail address"),
        ("ADA@campus.example", "viewer", NEW, "here already"),
        ("ines@campus.example", "owner", NEW, "One of admin"),
        ("ines@campus.example", "viewer", "short", "At least 10"),
    ],
)
def test_what_is_wrong_is_one_sentence_and_exit_1(flask, admin, email, role, password, word):
    code, out, err = flask("users", "create", email, "--role", role, "--password-stdin", said=password)
    assert (code, out) == (1, "")
    assert word in err
    assert len(err.strip().splitlines()) == 1
    assert len(people()) == 1


def test_the_first_admin_is_made_once(flask):
    first = ("users", "ensure-first", "--password-stdin", "--email")
    assert flask(*first, "root@campus.example", said=NEW)[0] == 0
    assert flask(*first, "other@campus.example", said=NEW)[0] == 0
    assert people() == [("Root", "root@campus.example", "admin")]


def test_people_who_cannot_sign_in_do_not_count_as_the_first(flask):
    db.session.add(User(name="Renate", email="renate@campus.example", role="admin"))
    db.session.commit()
    flask("users", "ensure-first", "--password-stdin", "--email", "root@campus.example", said=NEW)
    assert [name for name, _email, _role in people()] == ["Renate", "Root"]


def test_an_admin_who_forgot_gets_a_link_at_the_console(flask, admin):
    from datetime import UTC, datetime

    code, out, _err = flask("users", "link", "ADA@campus.example")
    assert code == 0
    token = out.strip().rpartition("/invitations/")[2]
    assert invitations.find(token, datetime.now(UTC)).user == admin
    assert sign_in.authenticate(admin.email, PASSWORD, "192.0.2.7", datetime.now(UTC)) == admin


def test_a_link_for_nobody_is_refused(flask):
    assert flask("users", "link", "nobody@campus.example") == (
        1,
        "",
        "Error: Nobody here has the address nobody@campus.example.\n",
    )


def test_a_key_stands_alone_on_the_last_line(flask):
    code, out, _err = flask("api-keys", "create", "LMS", "--scope", "ingest", "--scope", "read")
    assert code == 0
    assert api_keys.find(out.splitlines()[-1]).scopes == ["ingest", "read"]


@pytest.mark.parametrize("words", [("LMS",), ("LMS", "--scope", "root"), ("", "--scope", "read")])
def test_a_key_without_a_name_or_a_scope_that_exists_is_refused(flask, words):
    code, out, err = flask("api-keys", "create", *words)
    assert (code, out) == (1, "")
    assert len(err.strip().splitlines()) == 1
