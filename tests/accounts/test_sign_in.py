"""The throttle: so many tries, then a pause; the same for everybody, also for those who do not exist."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from argon2 import PasswordHasher
from sqlalchemy import func, select, text

from app.accounts import passwords, sign_in, throttle, users
from app.accounts.sign_in import Refusal
from app.accounts.sign_in_failure import SignInFailure
from app.accounts.user import User
from app.audit.actor import COMMAND_LINE
from app.db import db
from tests.conftest import PASSWORD

NOW = datetime(2026, 10, 22, 8, 4, tzinfo=UTC)
HERE = "192.0.2.7"


def attempt(email: str, password: str = "wrong", at: datetime = NOW, address: str = HERE) -> User | Refusal:
    found = sign_in.authenticate(email, password, address, at)
    db.session.commit()
    return found


def test_the_right_password_lets_the_person_in_whatever_the_case_of_the_address(admin):
    assert attempt("  ADA@Campus.Example ", PASSWORD) == admin
    assert admin.last_seen_at == NOW


@pytest.mark.parametrize(
    "email", ["ada@campus.example", "nobody@campus.example", "", "\0", "ada@campus.example\0", "💥"]
)
def test_a_wrong_password_and_an_unknown_person_get_the_same_answer(admin, email):
    assert [attempt(email) for _ in range(12)] == [
        *(Refusal(left, 0) for left in range(9, -1, -1)),
        Refusal(0, 15),
        Refusal(0, 15),
    ]


def test_an_invitation_that_nobody_has_accepted_lets_nobody_in(app):
    users.invite("Ines", "ines@campus.example", "admin", COMMAND_LINE)
    for password in ("", "None", "wrong"):
        assert isinstance(attempt("ines@campus.example", password), Refusal)


def test_during_a_pause_even_the_right_password_waits(admin):
    for _ in range(10):
        attempt(admin.email)
    assert attempt(admin.email, PASSWORD, NOW + timedelta(minutes=3, seconds=1)) == Refusal(0, 12)
    assert attempt(admin.email, PASSWORD, NOW + timedelta(minutes=14, seconds=59)) == Refusal(0, 1)
    assert attempt(admin.email, PASSWORD, NOW + timedelta(minutes=15)) == admin


def test_a_pause_does_not_grow_by_knocking(admin):
    for minute in range(14):
        for _ in range(10):
            attempt(admin.email, at=NOW + timedelta(minutes=minute))
    assert attempt(admin.email, at=NOW + timedelta(minutes=15)) == Refusal(9, 0)


def test_failures_that_lie_far_apart_make_no_pause(admin):
    refusals = [attempt(admin.email, at=NOW + timedelta(minutes=5 * n)) for n in range(20)]
    assert {refusal.pause_minutes for refusal in refusals} == {0}


def test_a_success_clears_the_account(admin):
    for _ in range(9):
        attempt(admin.email)
    assert attempt(admin.email, PASSWORD) == admin
    assert attempt(admin.email) == Refusal(9, 0)


def test_an_address_has_fifty_tries_over_all_accounts(admin):
    for n in range(50):
        attempt(f"p{n}@campus.example")
    assert attempt(admin.email, PASSWORD) == Refusal(0, 15)
    assert attempt(admin.email, PASSWORD, address="198.51.100.9") == admin


def test_somebody_with_a_whole_ipv6_network_counts_as_one(admin):
    for n in range(50):
        attempt(f"p{n}@campus.example", address=f"2001:db8:0:1::{n:x}")
    assert attempt(admin.email, PASSWORD, address="2001:db8:0:1:ffff::1") == Refusal(0, 15)
    assert attempt(admin.email, PASSWORD, address="2001:db8:0:2::1") == admin


def test_an_ipv4_address_is_the_same_however_it_is_written(app):
    assert throttle.place("::ffff:192.0.2.7") == throttle.place("192.0.2.7")
    assert throttle.place("192.0.2.7") != throttle.place("192.0.2.8")


@pytest.mark.parametrize("email", ["ada@campus.example", "nobody@campus.example"])
def test_twenty_at_the_same_moment_have_ten_tries_between_them(app, admin, email):
    refusals: list[User | Refusal] = []
    ready = threading.Barrier(20)

    def knock() -> None:
        with app.app_context():
            ready.wait()
            refusals.append(attempt(email))

    threads = [threading.Thread(target=knock) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tries = sorted(refusal.left for refusal in refusals if not refusal.pause_minutes)
    assert tries == list(range(10))
    assert len(refusals) == 20


def test_neither_the_person_nor_the_address_can_be_read_from_the_table(admin):
    attempt(admin.email)
    rows = db.session.scalars(select(func.to_jsonb(text("f")).cast(db.Text)).select_from(text("sign_in_failures f")))
    kept = " ".join(rows)
    assert len(kept.split("subject")) == 3
    assert "ada@" not in kept.lower()
    assert HERE not in kept


def test_old_failures_are_forgotten_and_fresh_ones_kept(admin):
    attempt(admin.email, at=NOW - timedelta(hours=1))
    attempt(admin.email, at=NOW)
    sign_in.forget_old_failures(NOW)
    assert db.session.scalar(select(func.count()).select_from(SignInFailure)) == 2
    assert attempt(admin.email) == Refusal(8, 0)


def test_a_hash_of_older_parameters_is_renewed_at_the_next_success(admin, monkeypatch):
    monkeypatch.setattr(passwords, "HASHER", PasswordHasher())
    admin.password_hash = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)
    db.session.commit()
    assert attempt(admin.email, PASSWORD) == admin
    assert not passwords.is_outdated(admin.password_hash)
    assert passwords.matches(admin.password_hash, PASSWORD)
