"""What makes a password good enough, and what is kept of it."""

from __future__ import annotations

import time

import pytest
from argon2 import PasswordHasher

from app.accounts import passwords

EMAIL = "ines.ortega@campus.example"


@pytest.fixture(autouse=True)
def _the_real_thing(monkeypatch):
    monkeypatch.setattr(passwords, "HASHER", PasswordHasher())


@pytest.mark.parametrize(
    "password",
    [
        "",
        "short",
        "nine char",
        EMAIL,
        EMAIL.upper(),
        "ines.ortega",
        "password123",
        "QWERTYUIOP",
        "aaaaaaaaaaaa",
        "x" * 1001,
    ],
)
def test_a_password_that_others_try_first_is_refused_with_a_sentence(password):
    assert passwords.problem(password, EMAIL).endswith((".", "mind."))


@pytest.mark.parametrize("password", ["correct horse battery", "ten  chars", "şifre çok güzel", "🐎🔋📎🎓 and more"])
def test_a_few_words_are_good_enough(password):
    assert passwords.problem(password, EMAIL) == ""
    assert passwords.matches(passwords.hashed(password), password)


def test_a_password_is_kept_as_a_hash_that_differs_each_time():
    one, other = passwords.hashed("correct horse battery"), passwords.hashed("correct horse battery")
    assert one.startswith("$argon2id$")
    assert one != other
    assert not passwords.matches(one, "correct horse batterx")
    assert not passwords.matches(one, " correct horse battery")


def test_a_letter_composed_by_another_keyboard_is_the_same_letter():
    assert passwords.matches(passwords.hashed("Schöne Grüße"), "Scho\u0308ne Gru\u0308ße")


@pytest.mark.parametrize("kept", [None, "", "not a hash", "$argon2id$v=19$m=65536,t=3,p=4$AAAA"])
def test_without_a_hash_nothing_matches(kept):
    assert not passwords.matches(kept, "")
    assert not passwords.matches(kept, "correct horse battery")


def test_nobody_takes_as_long_to_check_as_somebody():
    kept = passwords.hashed("correct horse battery")
    somebody = min(took(kept) for _ in range(4))
    nobody = min(took(None) for _ in range(4))
    assert 0.5 < nobody / somebody < 2


def test_a_hash_of_weaker_parameters_is_outdated():
    assert passwords.is_outdated(PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash("x"))
    assert not passwords.is_outdated(passwords.hashed("x"))


def took(kept: str | None) -> float:
    begun = time.perf_counter()
    passwords.matches(kept, "wrong horse battery")
    return time.perf_counter() - begun
