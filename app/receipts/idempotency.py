"""A POST with an Idempotency-Key has one effect: the answer stands beside it, written in the same transaction."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, select, text

from app.db import db
from app.receipts.idempotency_key import IdempotencyKey

LONGEST = 255
KEPT = timedelta(hours=24)


class InUse(Exception):
    """The first call with this key has not come to its end yet."""


class Reused(Exception):
    """The key came with another body before."""


@dataclass(frozen=True)
class Call:
    api_key_id: int
    path: str
    key: str
    body: bytes

    @property
    def body_hash(self) -> bytes:
        return hashlib.sha256(self.body).digest()


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes


def earlier(call: Call, now: datetime) -> Answer | None:
    """What was answered before. The lock ends with the transaction: a crash forgets the effect and the key alike."""
    name = f"{call.api_key_id}\0{call.path}\0{call.key}".encode()
    number = int.from_bytes(hashlib.blake2b(name, digest_size=8).digest(), signed=True)
    if not db.session.scalar(text("SELECT pg_try_advisory_xact_lock(:number)"), {"number": number}):
        raise InUse
    row = db.session.scalar(select(IdempotencyKey).where(*_is(call), IdempotencyKey.created_date > now - KEPT))
    if row and row.body_hash != call.body_hash:
        raise Reused
    return Answer(row.status, row.answer) if row else None


def remember(call: Call, answer: Answer, now: datetime) -> None:
    db.session.execute(delete(IdempotencyKey).where(*_is(call)))  # one of more than a day ago
    db.session.add(
        IdempotencyKey(
            api_key_id=call.api_key_id,
            path=call.path,
            key=call.key,
            body_hash=call.body_hash,
            status=answer.status,
            answer=answer.body,
            created_date=now,
        )
    )


def forget_old(now: datetime) -> None:
    db.session.execute(delete(IdempotencyKey).where(IdempotencyKey.created_date < now - KEPT))


def _is(call: Call) -> tuple[ColumnElement[bool], ...]:
    return (
        IdempotencyKey.api_key_id == call.api_key_id,
        IdempotencyKey.path == call.path,
        IdempotencyKey.key == call.key,
    )
