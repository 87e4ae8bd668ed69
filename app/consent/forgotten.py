"""Addresses without the addresses: keyed hashes, the same for the same text, telling nothing of it.

The key is made once and never changes: with another one, whom nobody may write to would be forgotten.
"""

from __future__ import annotations

import hashlib
import secrets

import msgspec
from sqlalchemy import text

from app.db import db
from app.settings import setting

NAME = "address_key"
MAKE = text(
    "INSERT INTO settings (name, value) VALUES (:name, jsonb_build_object('key', CAST(:key AS text)))"
    " ON CONFLICT (name) DO NOTHING"
)


class AddressKey(msgspec.Struct, frozen=True):
    key: str = ""


def key() -> str:
    """In hexadecimal. Whoever needs it first makes it."""
    if not (held := setting.read(NAME, AddressKey).key):
        db.session.execute(MAKE, {"name": NAME, "key": secrets.token_hex(32)})
        db.session.expire_all()
        held = setting.read(NAME, AddressKey).key
    return held


def hashed(folded: str) -> bytes:
    """As the trigger on customers reckons it, too (migration 0011): by it an address that comes back is known."""
    return hashlib.sha256(bytes.fromhex(key()) + folded.encode()).digest()[:16]
