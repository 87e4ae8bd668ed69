"""Keys of other systems: `campus_live_<prefix>_<secret>`, shown once; the table holds a hash and the prefix."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import string
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Select, func, or_, select, update
from sqlalchemy.orm import joinedload

from app.accounts.api_key import SCOPES, ApiKey
from app.audit import Actor, record
from app.db import db
from app.listing import Listing, words

BRAND = "campus_live"
LETTERS = string.ascii_letters + string.digits
SCOPES_SAID = {
    "ingest": "Send facts: customers, events, funnel moves, orders, carts, products, consent.",
    "read": "Read everything that the API shows.",
    "write": "Create and change segments, templates and automations.",
    "send": "Activate automations; start, pause, resume and cancel runs.",
    "admin": "All of the above.",
}
USED_AGAIN = timedelta(minutes=1)


LISTING = Listing(
    {"name": (ApiKey.name, ApiKey.id), "created": (ApiKey.created_date, ApiKey.id)},
    "-created",
    words(func.fold(" " + ApiKey.name + " " + ApiKey.prefix)),
)


def everything() -> Select[ApiKey]:
    return select(ApiKey).options(joinedload(ApiKey.maker))


def get(key_id: int) -> ApiKey | None:
    return db.session.get(ApiKey, key_id) if key_id < 2**63 else None


def problems(name: str, scopes: Sequence[str]) -> dict[str, str]:
    found = {}
    if not 0 < len(name) <= 100 or "\n" in name:
        found["name"] = "A name of at most 100 characters that says which system has the key."
    if not scopes or set(scopes) - set(SCOPES):
        found["scopes"] = f"At least one of {', '.join(SCOPES)}."
    return found


def create(name: str, scopes: Sequence[str], by: Actor) -> tuple[ApiKey, str]:
    """The row and the key itself, which nobody can read from the row."""
    prefix, secret = _random(6), _random(40)
    key = f"{BRAND}_{prefix}_{secret}"
    granted = [scope for scope in SCOPES if scope in scopes]
    maker = by.id if by.kind == "user" else None
    row = ApiKey(name=name, prefix=prefix, key_hash=_hash(key), scopes=granted, created_by=maker)
    db.session.add(row)
    db.session.flush()
    record(by, "created", "API key", (row.id, name), None, {"prefix": prefix, "scopes": granted})
    return row, key


def find(key: str) -> ApiKey | None:
    """By the hash of the whole key: what an index comparison could tell is of no use without the key itself."""
    wanted = _hash(key)
    row = db.session.scalar(select(ApiKey).where(ApiKey.key_hash == wanted, ApiKey.revoked_at.is_(None)))
    return row if row and hmac.compare_digest(row.key_hash, wanted) else None


def used(key: ApiKey, now: datetime) -> bool:
    """Written once a minute at the most; says whether it is due. Of two calls at once none waits for the other."""
    if key.last_used_at and key.last_used_at > now - USED_AGAIN:
        return False
    is_long_ago = or_(ApiKey.last_used_at.is_(None), ApiKey.last_used_at <= now - USED_AGAIN)
    free = select(ApiKey.id).where(ApiKey.id == key.id, is_long_ago).with_for_update(skip_locked=True, key_share=True)
    db.session.execute(update(ApiKey).where(ApiKey.id == free.scalar_subquery()).values(last_used_at=now))
    return True


def revoke(key: ApiKey, now: datetime, by: Actor) -> None:
    if key.revoked_at is None:
        key.revoked_at = now
        record(by, "revoked", "API key", (key.id, key.name), {"prefix": key.prefix, "scopes": key.scopes})


def _random(length: int) -> str:
    return "".join(secrets.choice(LETTERS) for _ in range(length))


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()
