"""The list of what a webhook was told, or is to be told; forgotten after a month."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, cast, func, or_, select, text
from sqlalchemy.dialects.postgresql import UUID

from app.db import db
from app.hooks.hook import KINDS, TEST, HookAttempt
from app.listing import Field, Listing

KEPT = timedelta(days=30)
SLICE = 10_000
STATES = (("told", "told"), ("waiting", "waiting"), ("given-up", "given up"))
FORGET = text(
    """
    WITH gone AS (
      DELETE FROM hook_attempts WHERE id IN (
        SELECT id FROM hook_attempts WHERE created_date < :before AND waiting_since IS NULL LIMIT :slice)
      RETURNING 1
    )
    SELECT count(*) FROM gone
    """
)


def attempts(hook_id: int) -> Select[HookAttempt]:
    return select(HookAttempt).where(HookAttempt.hook_id == hook_id)


def find(hook_id: int, attempt_id: int) -> HookAttempt | None:
    found = attempts(hook_id).where(HookAttempt.id == attempt_id)
    return db.session.scalar(found) if max(hook_id, attempt_id) < 2**63 else None


def counts(hook_id: int) -> dict[str, int]:
    """How many stand in each state."""
    sums = [func.count().filter(_is(state)) for state, _said in STATES]
    row = db.session.execute(select(*sums).where(HookAttempt.hook_id == hook_id)).one()
    return {state: count for (state, _said), count in zip(STATES, row, strict=True)}


def forget_old(now: datetime) -> Iterator[None]:
    while db.session.scalar(FORGET, {"before": now - KEPT, "slice": SLICE}):
        yield


def _is(state: str) -> ColumnElement[bool]:
    if state == "told":
        return HookAttempt.done_at.is_not(None)
    is_left = and_(HookAttempt.done_at.is_(None), HookAttempt.given_up_at.is_(None))
    return is_left if state == "waiting" else HookAttempt.given_up_at.is_not(None)


def _search(q: str) -> ColumnElement[bool]:
    """The id of a call, as the receiver sees it, or a number of a customer or mail in what was told."""
    return or_(
        cast(HookAttempt.message_id, UUID(as_uuid=False)) == _uuid(q),
        HookAttempt.key.endswith(f":{q}", autoescape=True),
    )


def _uuid(q: str) -> str:
    written = q.strip().removeprefix("msg_").replace("-", "").lower()
    is_one = len(written) == 32 and all(c in "0123456789abcdef" for c in written)
    return written if is_one else "0" * 32


LISTING = Listing(
    {"created": (HookAttempt.id, HookAttempt.id)},
    "-created",
    _search,
    {
        "state": Field("state", "State", "choice", {"is": "is"}, lambda _op, value: _is(value), STATES),
        "kind": Field(
            "kind",
            "Kind",
            "choice",
            {"is": "is"},
            lambda _op, value: HookAttempt.kind == value,
            tuple((kind, kind) for kind in (*KINDS, TEST)),
        ),
    },
)
