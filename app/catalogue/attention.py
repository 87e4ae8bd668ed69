"""What people do with a product: who watches it, who looked at it, who has it in the cart, how often it was sold.

Every figure is bounded, so that a page costs the same for a product that everybody looks at.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import func, select, text

from app.catalogue.watch import Watch
from app.db import db
from app.paging import Order, Page, page

LATELY = timedelta(days=30)
SOLD_WITHIN = timedelta(days=90)
COUNTED = 1_000  # of a row of the list; more are “1,000+”
LOOKED_AT = 2_000  # views from which the people are told
ORDERS = 5_000
PEOPLE = 10

COUNTS = text(
    """
    SELECT p.product_id,
           (SELECT count(*) FROM (SELECT FROM product_views v WHERE v.product_id = p.product_id
                                     AND v.viewed_at > :since LIMIT :most) seen)  AS views,
           (SELECT count(*) FROM (SELECT FROM watchlist w WHERE w.product_id = p.product_id
                                   LIMIT :most) asked)                            AS watchers
      FROM unnest(CAST(:keys AS text[])) AS p(product_id)
    """
)
LOOKED = text(
    """
    WITH seen AS MATERIALIZED (
      SELECT customer_id, session_id, viewed_at FROM product_views
       WHERE product_id = :key AND viewed_at > :since ORDER BY viewed_at DESC LIMIT :most
    ),
    people AS (SELECT customer_id, count(*) AS times, max(viewed_at) AS last FROM seen
                WHERE customer_id IS NOT NULL GROUP BY customer_id)
    SELECT (SELECT count(*) FROM seen)                                       AS views,
           (SELECT count(*) FROM people)                                     AS people,
           (SELECT count(*) FROM seen WHERE customer_id IS NULL)             AS nameless,
           (SELECT count(DISTINCT session_id) FROM seen WHERE customer_id IS NULL) AS sessions,
           (SELECT coalesce(jsonb_agg(jsonb_build_array(customer_id, times, last) ORDER BY last DESC), '[]')
              FROM (SELECT * FROM people ORDER BY last DESC LIMIT :shown) latest) AS latest
    """
)
HELD = text("SELECT count(*) FROM (SELECT FROM carts WHERE items @> CAST(:holds AS jsonb) LIMIT :most) held")
SOLD = text(
    """
    WITH bought AS MATERIALIZED (
      SELECT items FROM orders
       WHERE items @> CAST(:holds AS jsonb) AND occurred_at > :since AND status = 'paid' LIMIT :most
    )
    SELECT count(*) AS orders,
           (SELECT coalesce(sum((item ->> 'quantity')::bigint), 0)
              FROM bought, jsonb_array_elements(items) AS item WHERE item ->> 'product_id' = :key) AS pieces
      FROM bought
    """
)


@dataclass(frozen=True)
class Count:
    number: int
    is_capped: bool = False

    def __str__(self) -> str:
        return f"{self.number:,}{'+' if self.is_capped else ''}"


@dataclass(frozen=True)
class Attention:
    views: Count
    watchers: Count


@dataclass(frozen=True)
class Looker:
    customer_id: int
    times: int
    last: datetime


@dataclass(frozen=True)
class Looks:
    views: Count
    people: int
    nameless: int  # views
    sessions: int
    latest: Sequence[Looker]


@dataclass(frozen=True)
class Sold:
    orders: Count
    pieces: int


NONE = Attention(Count(0), Count(0))


def of_many(keys: Collection[str], now: datetime) -> Mapping[str, Attention]:
    if not keys:
        return {}
    given = {"keys": list(keys), "since": now - LATELY, "most": COUNTED + 1}
    rows = db.session.execute(COUNTS, given)
    return {row.product_id: Attention(_count(row.views, COUNTED), _count(row.watchers, COUNTED)) for row in rows}


def looks(key: str, now: datetime) -> Looks:
    """Of the last 30 days; people and sessions out of the latest views."""
    given = {"key": key, "since": now - LATELY, "most": LOOKED_AT + 1, "shown": PEOPLE}
    row = db.session.execute(LOOKED, given).one()
    latest = [Looker(person, times, datetime.fromisoformat(last)) for person, times, last in row.latest]
    return Looks(_count(row.views, LOOKED_AT), row.people, row.nameless, row.sessions, latest)


def watchers(key: str, cursor: str | None) -> Page[Watch]:
    """People whom we know, who asked last first."""
    asked = select(Watch).where(Watch.product_id == key, Watch.customer_id.is_not(None))
    return page(asked, Order("-asked", Watch.updated_date, Watch.id), cursor, PEOPLE)


def nameless_watchers(key: str) -> int:
    asked = select(func.count()).where(Watch.product_id == key, Watch.customer_id.is_(None))
    return db.session.scalar(asked) or 0


def in_carts(key: str) -> Count:
    return _count(db.session.scalar(HELD, {"holds": _holding(key), "most": ORDERS + 1}) or 0, ORDERS)


def sold(key: str, now: datetime) -> Sold:
    given: dict[str, Any] = {"holds": _holding(key), "key": key, "since": now - SOLD_WITHIN, "most": ORDERS}
    row = db.session.execute(SOLD, given).one()
    return Sold(Count(row.orders, row.orders == ORDERS), int(row.pieces))


def _holding(key: str) -> str:
    return msgspec.json.encode([{"product_id": key}]).decode()


def _count(found: int, most: int) -> Count:
    return Count(min(found, most), found > most)
