"""Passwords: argon2, and what makes one good enough."""

from __future__ import annotations

import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

LEAST, MOST = 10, 1000
COMMONEST = frozenset({
    "1234567890", "12345678910", "0123456789", "0987654321", "1q2w3e4r5t", "qwertyuiop", "qwerty1234", "qwerty12345",
    "asdfghjkl1", "password12", "password123", "password1234", "passwort123", "passw0rd123", "iloveyou12", "welcome123",
    "letmein123", "changeme123", "administrator", "admin12345", "sunshine123", "princess123", "football123",
})  # fmt: skip
HASHER = PasswordHasher()


def hashed(password: str) -> str:
    return HASHER.hash(_normal(password))


def matches(password_hash: str | None, password: str) -> bool:
    """Takes the same time for people who do not exist."""
    try:
        HASHER.verify(password_hash or _decoy(), _normal(password))
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


def is_outdated(password_hash: str) -> bool:
    return HASHER.check_needs_rehash(password_hash)


def problem(password: str, email: str) -> str:
    """What is wrong with it, in one sentence; empty when it is good enough."""
    if len(password) < LEAST:
        return f"At least {LEAST} characters. A few words in a row are easy to keep in mind."
    if len(password) > MOST:
        return f"At most {MOST:,} characters."
    folded = password.casefold().strip()
    if folded in {email.casefold(), email.partition("@")[0].casefold()}:
        return "Your own address is the first thing that others try. Take something else."
    if folded in COMMONEST or len(set(folded)) < 4:
        return "This is among the passwords that are tried first. Take something else."
    return ""


def _decoy() -> str:
    """Costs as much to check as a real one and fits no password."""
    salt, hash_ = ("A" * -(-length * 4 // 3) for length in (HASHER.salt_len, HASHER.hash_len))
    cost = f"m={HASHER.memory_cost},t={HASHER.time_cost},p={HASHER.parallelism}"
    return f"$argon2id$v=19${cost}${salt}${hash_}"


def _normal(password: str) -> str:
    """The same letters, however a keyboard composes them."""
    return unicodedata.normalize("NFKC", password)
