"""Codes are taken from a pool and given back, in sets: none is ever two mails', and the same mail's is always the same.

What is taken is held by the transaction that takes it: rolled back, it is free again; two that take at the same
instant leave each other's alone.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import TextClause, select, text

from app.catalogue.discount import GENERATED, DiscountCode, DiscountPool
from app.db import db

ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # nobody takes a 0 for an O, or a 1 for an I
LENGTH = 8  # 2^40 of them
TRIES = 20
SHOWN = 4  # characters, to those who may not use it
TAKE = text(
    """
    WITH wanting AS (
      SELECT delivery_id, customer_id, row_number() OVER (ORDER BY delivery_id) AS place
        FROM unnest(CAST(:deliveries AS bigint[]), CAST(:customers AS bigint[])) AS w(delivery_id, customer_id)
    ), held AS MATERIALIZED (
      SELECT id FROM discount_codes WHERE pool_id = :pool AND taken_at IS NULL
       ORDER BY id LIMIT :most FOR UPDATE SKIP LOCKED
    ), free AS (
      SELECT id, row_number() OVER (ORDER BY id) AS place FROM held
    )
    UPDATE discount_codes c SET delivery_id = w.delivery_id, customer_id = w.customer_id, taken_at = :now
      FROM free JOIN wanting w USING (place)
     WHERE c.id = free.id
    RETURNING c.delivery_id, c.code
    """
)
# In the order of the codes: two that make the same ones wait for each other in one direction only.
MAKE = text(
    """
    INSERT INTO discount_codes (pool_id, code, delivery_id, customer_id, taken_at)
    SELECT :pool, code, delivery_id, customer_id, :now
      FROM unnest(CAST(:codes AS text[]), CAST(:deliveries AS bigint[]), CAST(:customers AS bigint[]))
           AS made(code, delivery_id, customer_id)
     ORDER BY code
    ON CONFLICT (pool_id, code) DO NOTHING
    RETURNING delivery_id, code
    """
)
GIVE_BACK = text(
    """
    UPDATE discount_codes SET delivery_id = NULL, customer_id = NULL, taken_at = NULL
     WHERE delivery_id = ANY (CAST(:deliveries AS bigint[]))
    """
)
FREE = text(
    """
    SELECT count(*) FROM (SELECT FROM discount_codes WHERE pool_id = :pool AND taken_at IS NULL LIMIT :most) found
    """
)


def take(pool: DiscountPool, wanting: Mapping[int, int], now: datetime) -> dict[int, str]:
    """By delivery, whose customer is said with it. Where the pool has too few, some of them get none."""
    if pool.code is not None:
        return dict.fromkeys(wanting, pool.code)
    found = of_deliveries(wanting)
    found |= _free_ones(pool, _without(wanting, found), now)
    return found | (_made(pool, _without(wanting, found), now) if pool.kind == GENERATED else {})


def of_deliveries(delivery_ids: Collection[int]) -> dict[int, str]:
    theirs = select(DiscountCode.delivery_id, DiscountCode.code).where(DiscountCode.delivery_id.in_(delivery_ids))
    return {row.delivery_id: row.code for row in db.session.execute(theirs)} if delivery_ids else {}


def give_back(delivery_ids: Collection[int]) -> None:
    """Of mails that never left: nobody has seen them."""
    db.session.execute(GIVE_BACK, {"deliveries": list(delivery_ids)})


def free(pool: DiscountPool, most: int) -> int:
    """Up to so many, as it looks without holding any."""
    return db.session.scalar(FREE, {"pool": pool.id, "most": most}) or 0


def masked(code: str) -> str:
    """CART…: a code is worth money."""
    return f"{code[: min(SHOWN, max(len(code) - 2, 0))]}…"


def new(prefix: str) -> str:
    return prefix + "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def _free_ones(pool: DiscountPool, wanting: Mapping[int, int], now: datetime) -> dict[int, str]:
    return _taken(TAKE, pool, wanting, now, most=len(wanting)) if wanting else {}


def _made(pool: DiscountPool, wanting: Mapping[int, int], now: datetime) -> dict[int, str]:
    """One that is there already is left, and another made."""
    found: dict[int, str] = {}
    for _ in range(TRIES):
        if not (left := _without(wanting, found)):
            return found
        found |= _taken(MAKE, pool, left, now, codes=[new(pool.prefix) for _ in left])
    return found


def _taken(
    statement: TextClause, pool: DiscountPool, wanting: Mapping[int, int], now: datetime, **more: object
) -> dict[int, str]:
    said = {"pool": pool.id, "deliveries": list(wanting), "customers": list(wanting.values()), "now": now, **more}
    return {row.delivery_id: row.code for row in db.session.execute(statement, said)}


def _without(wanting: Mapping[int, int], found: Mapping[int, str]) -> dict[int, int]:
    return {one: customer for one, customer in wanting.items() if one not in found}
