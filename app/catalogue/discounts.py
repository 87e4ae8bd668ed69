"""Pools of discount codes: made, changed, counted, and never taken from under who uses them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select, text

from app.audit import Actor, record
from app.catalogue import code_lists
from app.catalogue.codes import masked
from app.catalogue.discount import FIXED, GENERATED, KINDS, UPLOADED, DiscountCode, DiscountPool
from app.db import db
from app.listing import Field, Listing, folded

LONGEST_NAME = 200
LONGEST_PREFIX = 40
LONGEST_AMOUNT = 60
SAID = {FIXED: "One for everybody", GENERATED: "A new one for each mail", UPLOADED: "A list, each given away once"}
COUNTS = text(
    """
    SELECT pool_id, count(*) AS codes, count(*) FILTER (WHERE taken_at IS NOT NULL) AS taken
      FROM discount_codes WHERE pool_id = ANY (CAST(:pools AS bigint[])) GROUP BY pool_id
    """
)


class Changed(Exception):
    """Somebody else has saved it meanwhile."""


class Used(Exception):
    """It may not go: these use it."""

    def __init__(self, by: list[User]) -> None:
        super().__init__("It is used.")
        self.by = by


@dataclass(frozen=True)
class User:
    kind: str  # automation, run
    id: int
    name: str


@dataclass(frozen=True)
class Wanted:
    """What somebody wants a pool to be. `code` is of a fixed one, `prefix` of those that are made."""

    name: str
    kind: str
    code: str = ""
    prefix: str = ""
    amount: str = ""
    warn_below: int = 0


@dataclass(frozen=True)
class Figures:
    """`free`: none where there are always as many as are needed."""

    free: int | None
    taken: int


Find = Callable[[int], list[User]]
FINDERS: list[Find] = []


def told_by(find: Find) -> Find:
    """Rooms above this one use pools, and say so."""
    FINDERS.append(find)
    return find


def users(pool: DiscountPool) -> list[User]:
    return [user for find in FINDERS for user in find(pool.id)]


def listing() -> Listing:
    kinds = Field(
        "kind", "Kind", "choice", {"is": "is"}, lambda _op, value: DiscountPool.kind == value, tuple(SAID.items())
    )
    sorts = {
        "created": (DiscountPool.created_date, DiscountPool.id),
        "name": (DiscountPool.sort_name, DiscountPool.id),
    }
    return Listing(sorts, "-created", _search, {"kind": kinds})


def everything() -> Select[DiscountPool]:
    return select(DiscountPool)


def after(pool_id: int, most: int) -> list[DiscountPool]:
    """In order of their ids."""
    return list(
        db.session.scalars(select(DiscountPool).where(DiscountPool.id > pool_id).order_by(DiscountPool.id).limit(most))
    )


def choices(most: int = 1_000) -> list[tuple[str, str, str]]:
    """For a menu: key, name, what is said beside it."""
    pools = list(db.session.scalars(select(DiscountPool).order_by(DiscountPool.sort_name).limit(most)))
    found = figures(pools)
    return [(str(pool.id), pool.name, _left(pool, found[pool.id].free)) for pool in pools]


def find(pool_id: int) -> DiscountPool | None:
    return db.session.get(DiscountPool, pool_id) if 0 <= pool_id < 2**63 else None


def figures(pools: Sequence[DiscountPool]) -> dict[int, Figures]:
    rows = db.session.execute(COUNTS, {"pools": [pool.id for pool in pools]})
    counted = {row.pool_id: (row.codes, row.taken) for row in rows}
    return {pool.id: _figures(pool, *counted.get(pool.id, (0, 0))) for pool in pools}


def left(pool: DiscountPool) -> int | None:
    """None: as many as are needed."""
    if pool.kind != UPLOADED:
        return None
    free = DiscountCode.pool_id == pool.id, DiscountCode.taken_at.is_(None)
    return db.session.scalar(select(func.count()).select_from(DiscountCode).where(*free)) or 0


def left_said(pool: DiscountPool) -> str:
    return _left(pool, left(pool))


def taken(pool_id: int | None, after_id: int, most: int) -> list[DiscountCode]:
    """In order of their ids; of all pools where none is named."""
    found = select(DiscountCode).where(DiscountCode.taken_at.is_not(None), DiscountCode.id > after_id)
    if pool_id is not None:
        found = found.where(DiscountCode.pool_id == pool_id)
    return list(db.session.scalars(found.order_by(DiscountCode.id).limit(most)))


def last_taken(pool: DiscountPool, most: int) -> list[DiscountCode]:
    """The latest mail first: an index knows their numbers, and none the times."""
    found = select(DiscountCode).where(DiscountCode.pool_id == pool.id, DiscountCode.delivery_id.is_not(None))
    return list(db.session.scalars(found.order_by(DiscountCode.delivery_id.desc()).limit(most)))


def problems(wanted: Wanted, pool: DiscountPool | None = None) -> dict[str, str]:
    found = {}
    for name, longest in (("name", LONGEST_NAME), ("amount", LONGEST_AMOUNT), ("prefix", LONGEST_PREFIX)):
        if fault := code_lists.fault(getattr(wanted, name), longest):
            found[name] = fault
    if not wanted.name.strip():
        found["name"] = "It needs a name."
    elif "name" not in found and _is_taken(wanted.name, pool):
        found["name"] = "There is another pool of this name."
    if wanted.kind not in KINDS:
        found["kind"] = f"It must be one of: {', '.join(KINDS)}."
    code = code_lists.fault(wanted.code, code_lists.LONGEST) or ("" if wanted.code else "Which code?")
    if wanted.kind == FIXED and code:
        found["code"] = code
    if wanted.kind == GENERATED and any(map(str.isspace, wanted.prefix)):
        found["prefix"] = "It has no spaces in it: people type it."
    if not 0 <= wanted.warn_below <= code_lists.MOST:
        found["warn_below"] = f"A number from 0 to {code_lists.MOST:,}."
    return found


def create(wanted: Wanted, now: datetime, by: Actor) -> DiscountPool:
    pool = DiscountPool(kind=wanted.kind, created_date=now)
    _lay(pool, wanted, now, by)
    db.session.add(pool)
    db.session.flush()
    record(by, "created", "discount pool", _named(pool), None, _said(pool))
    return pool


def change(pool: DiscountPool, wanted: Wanted, version: int, now: datetime, by: Actor) -> None:
    """Of what kind it is stays. Raises Changed where `version` is not the present one."""
    db.session.refresh(pool, with_for_update={"key_share": True})
    if pool.version != version:
        raise Changed
    before = _said(pool)
    _lay(pool, wanted, now, by)
    pool.version += 1
    record(by, "changed", "discount pool", _named(pool), before, _said(pool))


def delete(pool: DiscountPool, by: Actor) -> None:
    """With its codes: who got which is known no more. Raises Used."""
    db.session.refresh(pool, with_for_update=True)
    if by_these := users(pool):
        raise Used(by_these)
    record(by, "deleted", "discount pool", _named(pool), _said(pool), None)
    db.session.delete(pool)
    db.session.flush()


def _is_taken(name: str, pool: DiscountPool | None) -> bool:
    other = select(DiscountPool.id).where(func.lower(DiscountPool.name) == func.lower(name.strip()))
    found = db.session.scalar(other)
    return found is not None and found != (pool.id if pool else None)


def _lay(pool: DiscountPool, wanted: Wanted, now: datetime, by: Actor) -> None:
    pool.name, pool.amount = wanted.name.strip(), wanted.amount.strip()
    pool.code = wanted.code if pool.kind == FIXED else None
    pool.prefix = wanted.prefix.strip() if pool.kind == GENERATED else ""
    pool.warn_below = wanted.warn_below if pool.kind == UPLOADED else 0
    pool.updated_date, pool.changed_by = now, by.name


def _figures(pool: DiscountPool, codes: int, given: int) -> Figures:
    return Figures(codes - given if pool.kind == UPLOADED else None, given)


def _left(pool: DiscountPool, free: int | None) -> str:
    return SAID[pool.kind].lower() if free is None else f"{free:,} left"


def _named(pool: DiscountPool) -> tuple[str, str]:
    return str(pool.id), pool.name


def _said(pool: DiscountPool) -> dict[str, Any]:
    """For the trail, which many may read."""
    names = ("name", "kind", "prefix", "amount", "warn_below")
    return {name: getattr(pool, name) for name in names} | ({"code": masked(pool.code)} if pool.code else {})


def _search(q: str) -> ColumnElement[bool]:
    return func.fold(DiscountPool.name).contains(folded(q), autoescape=True)
