"""Rows that are work: claimed by one worker at a time, finished once, tried again, or set aside with a reason.

A claim is a lease (others keep away until it ends) and a fencing number (whoever comes back after the lease
has passed on cannot record anything). Every verb is one statement; whoever calls it commits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    and_,
    case,
    delete,
    func,
    inspect,
    or_,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.db import db


class Claimable:
    """The columns of a table of work, beside those that say what is to be done."""

    # Since when it could be done; NULL once it is done or set aside. The claim loop's partial index asks for it.
    waiting_since: Mapped[datetime | None] = mapped_column(server_default=text("now()"))
    not_before: Mapped[datetime] = mapped_column(server_default=text("now()"))
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    fence: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    lease_until: Mapped[datetime | None]
    claimed_at: Mapped[datetime | None]
    claimed_by: Mapped[str | None]
    error: Mapped[str | None]
    failed_at: Mapped[datetime | None]


@dataclass(frozen=True)
class Claim:
    key: Any
    fence: int
    attempts: int  # this one included


class Lost(Exception):
    """The lease ran out and somebody else has the row now: whatever was about to be recorded must not be."""


class NotYet(Exception):
    """The row cannot be done now, through no fault of its own: the sentence says why, it waits for a while."""

    def __init__(self, said: str, wait: timedelta = timedelta(seconds=10)) -> None:
        super().__init__(said)
        self.wait = wait


class Refused(Exception):
    """The row can never be done: the sentence says why."""


def key_of(model: type[Claimable]) -> ColumnElement[Any]:
    columns: tuple[ColumnElement[Any], ...] = inspect(model).primary_key
    return columns[0]


def is_due(model: type[Claimable], now: datetime | ColumnElement[datetime]) -> ColumnElement[bool]:
    is_free = or_(model.lease_until.is_(None), model.lease_until <= now)
    return and_(model.waiting_since.is_not(None), model.not_before <= now, is_free)


def claim(
    model: type[Claimable],
    limit: int,
    lease: timedelta,
    now: datetime,
    by: str,
    *only: ColumnElement[bool],
    first: Sequence[Any] = (),
) -> list[Claim]:
    """The longest due rows, in order, those that `first` sorts before the others before them.

    A row that was tried before comes alone, so that a poison row harms no other.

    The attempt is counted here and committed before the work: a row that kills its worker is counted too.
    """
    key = key_of(model)
    order = (*first, model.not_before, key)
    places = [column.label(f"place_{n}") for n, column in enumerate(order)]
    due = (
        select(key.label("key"), model.attempts, *places)
        .where(is_due(model, now), *only)
        .order_by(*order)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("due")
    )
    ahead = select(due.c.key, due.c.attempts).order_by(*(due.c[one.name] for one in places)).limit(1).cte("first_due")
    is_chosen = case((ahead.c.attempts > 0, due.c.key == ahead.c.key), else_=due.c.attempts == 0)
    taken = (
        update(model)
        .where(key == due.c.key, is_chosen)
        .values(
            lease_until=now + lease,
            fence=model.fence + 1,
            attempts=model.attempts + 1,
            claimed_at=now,
            claimed_by=by,
        )
        .returning(key, model.fence, model.attempts, *order)
        .execution_options(synchronize_session=False)
    )
    rows = sorted(db.session.execute(taken), key=lambda row: tuple(row[3:]))
    return [Claim(*row[:3]) for row in rows]


def renew(connection: Connection, model: type[Claimable], claims: Sequence[Claim], lease: timedelta) -> None:
    connection.execute(update(model).where(_held(model, claims)).values(lease_until=func.clock_timestamp() + lease))


def confirm(model: type[Claimable], claims: Sequence[Claim]) -> None:
    """Raises Lost when somebody else has a row now, or took it away; else nobody can until the commit."""
    held = select(key_of(model)).where(_held(model, claims)).with_for_update(key_share=True)
    if len(db.session.execute(held).all()) != len(claims):
        raise Lost


def finish(model: type[Claimable], claims: Sequence[Claim], **values: Any) -> None:
    """Records the end of all of them, or raises Lost: then the whole transaction must be rolled back."""
    _record(model, claims, **{"waiting_since": None, "error": None, **values})


def remove(model: type[Claimable], claims: Sequence[Claim]) -> None:
    """For tables whose rows nobody needs once they are done: they go, or Lost is raised as above."""
    gone = delete(model).where(_held(model, claims)).returning(key_of(model))
    if len(db.session.execute(gone.execution_options(synchronize_session=False)).all()) != len(claims):
        raise Lost


def part(model: type[Claimable], claims: Sequence[Claim], said: str) -> None:
    """They failed as a set: each comes again at once, and alone, for it was tried before."""
    _record(model, claims, not_before=func.now(), error=said)


def put_off(model: type[Claimable], claim: Claim, until: datetime, said: str, attempts: int) -> None:
    _record(model, [claim], not_before=until, error=said, attempts=attempts)


def set_aside(model: type[Claimable], claim: Claim, said: str, now: datetime) -> None:
    _record(model, [claim], waiting_since=None, error=said, failed_at=now)


def give_back(model: type[Claimable], claims: Sequence[Claim]) -> None:
    """Claimed but not begun: as if nothing had been."""
    values = {"lease_until": None, "attempts": model.attempts - 1}
    _update(model, _held(model, claims), values)


def retry(model: type[Claimable], key: Any) -> bool:
    """A person wants it tried once more; the fencing number stays, it only ever grows."""
    values = {"waiting_since": func.now(), "not_before": func.now(), "attempts": 0, "error": None, "failed_at": None}
    return _update(model, and_(key_of(model) == key, model.failed_at.is_not(None)), values) == 1


def discard(model: type[Claimable], key: Any) -> bool:
    gone = delete(model).where(key_of(model) == key, model.failed_at.is_not(None)).returning(key_of(model))
    return db.session.execute(gone.execution_options(synchronize_session=False)).first() is not None


def _record(model: type[Claimable], claims: Sequence[Claim], **values: Any) -> None:
    if _update(model, _held(model, claims), {"lease_until": None, **values}) != len(claims):
        raise Lost


def _held(model: type[Claimable], claims: Sequence[Claim]) -> ColumnElement[bool]:
    return tuple_(key_of(model), model.fence).in_([(one.key, one.fence) for one in claims])


def _update(model: type[Claimable], where: ColumnElement[bool], values: dict[str, Any]) -> int:
    changed = update(model).where(where).values(**values).returning(key_of(model))
    return len(db.session.execute(changed.execution_options(synchronize_session=False)).all())
