"""/api/v1/discount-pools and /discount-codes: how many are left, which were given away, and more of them.

A code is worth money: to read those that were given away takes the scope “write”.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec
from flask import Blueprint, Response

from app.access import key
from app.blueprints.api import authored, discount_shapes, lists, reading, taking
from app.blueprints.api.answers import answer
from app.blueprints.api.discount_shapes import AddedCodes, GivenCode, KnownPool, NewCodes, RefusedCode
from app.blueprints.api.refusals import Refusal
from app.catalogue import discounts
from app.catalogue.code_lists import TakesNone
from app.catalogue.discount import DiscountCode, DiscountPool
from app.deliveries import discounting
from app.receipts.idempotency import Answer

door = Blueprint("api_discounts", __name__, url_prefix="/api/v1")
OWN = ("id", "name", "kind", "amount", "warn_below", "created_date", "updated_date")


@door.get("/discount-pools")
@key("read")
def index() -> Response:
    return answer(lists.page(discounts.after, _known, discount_shapes.PoolList))


@door.get("/discount-pools/<int:pool_id>")
@key("read")
def show(pool_id: int) -> Response:
    return answer(_known([_find(pool_id)])[0])


@door.post("/discount-pools/<int:pool_id>/codes")
@key("write")
def add(pool_id: int) -> Response:
    body = reading.body()
    return taking.once(body, lambda _now: _add(pool_id, body), bell="deliveries.send")


@door.get("/discount-codes")
@key("write")
def given() -> Response:
    pool_id = _pool_asked()
    return answer(
        lists.page(
            lambda after, most: discounts.taken(pool_id, after, most),
            lambda rows: [_given(one, one.taken_at) for one in rows if one.taken_at],
            discount_shapes.GivenCodeList,
        )
    )


def _add(pool_id: int, body: bytes) -> Answer:
    wanted = authored.wanted(body, NewCodes)
    pool = _find(pool_id)
    try:
        added = discounting.add(pool, (code.strip() for code in wanted.codes), authored.by())
    except TakesNone:
        raise Refusal(409, "wrong_kind", f"“{pool.name}” is {pool.kind}: codes are added to an uploaded one.") from None
    refused = [RefusedCode(one.place - 1, one.said) for one in added.refused]
    said = AddedCodes(
        received=added.received, added=added.added, repeated=added.repeated, there=added.there, refused=refused
    )
    return Answer(422 if len(refused) == added.received else 200, msgspec.json.encode(said))


def _pool_asked() -> int | None:
    written = lists.asked("pool_id")
    if written is None:
        return None
    is_number = written.isascii() and written.isdecimal() and len(written) < 20
    if not is_number or discounts.find(int(written)) is None:
        raise Refusal(422, "bad_pool_id", "pool_id names no pool.")
    return int(written)


def _find(pool_id: int) -> DiscountPool:
    pool = discounts.find(pool_id)
    if pool is None:
        raise Refusal(404, "not_found", f"There is no pool {pool_id}.")
    return pool


def _known(pools: Sequence[DiscountPool]) -> list[KnownPool]:
    found = discounts.figures(pools)
    own = [({name: getattr(pool, name) for name in OWN}, found[pool.id]) for pool in pools]
    return [KnownPool(**said, free=figures.free, taken=figures.taken) for said, figures in own]


def _given(one: DiscountCode, taken_at: datetime) -> GivenCode:
    return GivenCode(
        id=one.id,
        pool_id=one.pool_id,
        code=one.code,
        customer_id=one.customer_id,
        delivery_id=one.delivery_id,
        taken_at=taken_at,
    )
