"""Pools, runs that take their codes from them, and what the mails of such a run say."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sqlalchemy import func, select

from app.audit.actor import COMMAND_LINE
from app.catalogue import code_lists, discounts
from app.catalogue.discount import DiscountCode, DiscountPool
from app.catalogue.discounts import Wanted
from app.db import db
from app.deliveries import discounting
from app.deliveries.run import Run
from tests.deliveries import making
from tests.deliveries.making import make_run, make_version
from tests.factories import NOW

SAYS = '<p>Code={{ facts.discount_code }}; worth {{ facts.discount_amount }}</p><a href="{{ urls.unsubscribe }}">No</a>'
SAID = re.compile(r"Code=([^;]*);")


def make_pool(name: str = "Autumn", kind: str = "uploaded", codes: Sequence[str] = (), **said) -> DiscountPool:
    said = {"amount": "10 %", **({"code": "CART10"} if kind == "fixed" else {}), **said}
    pool = discounts.create(Wanted(name, kind, **said), NOW, COMMAND_LINE)
    db.session.commit()
    if codes:
        add(pool, codes)
    return pool


def add(pool: DiscountPool, codes: Sequence[str]) -> code_lists.Added:
    found = discounting.add(pool, codes, COMMAND_LINE)
    db.session.commit()
    return found


def numbered(count: int) -> list[str]:
    return [f"AUTUMN-{n:04}" for n in range(count)]


def make_coded_run(pool: DiscountPool, html: str = SAYS, **said) -> Run:
    return make_run(make_version(html), discount_pool_id=pool.id, **said)


def said_by_mails() -> dict[str, str]:
    """By address."""
    return {one.to_email: SAID.search(one.html)[1] for one in making.outbox()}


def taken(pool: DiscountPool) -> dict[int, str]:
    rows = select(DiscountCode.delivery_id, DiscountCode.code).where(
        DiscountCode.pool_id == pool.id, DiscountCode.taken_at.is_not(None)
    )
    return {row.delivery_id: row.code for row in db.session.execute(rows)}


def free(pool: DiscountPool) -> int:
    mine = select(func.count()).select_from(DiscountCode)
    return db.session.scalar(mine.where(DiscountCode.pool_id == pool.id, DiscountCode.taken_at.is_(None)))
