"""What sells best and what goes with what, counted anew from time to time for `recommending`.

Each count is made beside what is there, then what differs is written, in one transaction: whoever reads sees the old
or the new, and what is killed half-way has changed nothing. Only people whom we know count: anybody could invent
sessions. Of each the last few products count, and of very many people those who came last: ten million pairs tell what
goes with what, and the work stays within bounds.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, inspect, text

from app.catalogue.counted import BestSeller, ProductPair
from app.catalogue.recommending import OVER_ALL
from app.db import Model, db

BEST, PAIRS = 24, 12  # so many of each are kept
SOLD, VIEWED, BOUGHT = timedelta(days=90), timedelta(days=30), timedelta(days=180)
LAST = 30  # different products of a person
WORK = 10_000_000  # pairs that are looked at
MEMORY = "256MB"  # sorts and sums of ten million rows

BEST_SELLERS = """
    CREATE TEMP TABLE fresh ON COMMIT DROP AS
    WITH sold AS (
      SELECT item ->> 'product_id' AS product_id,
             sum(CASE jsonb_typeof(item -> 'quantity') WHEN 'number' THEN (item ->> 'quantity')::numeric ELSE 1 END)
               AS sold
        FROM orders CROSS JOIN jsonb_array_elements(items) item
       WHERE status = 'paid' AND occurred_at > :since AND occurred_at <= :now
       GROUP BY 1
    ),
    placed AS (
      SELECT kinds.category, product_id, sold::bigint,
             row_number() OVER (PARTITION BY kinds.category ORDER BY sold DESC, product_id) AS place
        FROM sold JOIN products p USING (product_id)
       CROSS JOIN LATERAL (SELECT p.category WHERE p.category <> '' UNION ALL SELECT :over_all) kinds(category)
       WHERE p.name <> '' AND p.url <> '' AND sold > 0
    )
    SELECT category, place::int, product_id, sold FROM placed WHERE place <= :best
"""
# A product is a number here: a pair is two of them, and tens of millions are added up in little room.
PRODUCTS = """
    CREATE TEMP TABLE numbered ON COMMIT DROP AS
    SELECT product_id, (row_number() OVER (ORDER BY id))::int AS n FROM products WHERE name <> ''
"""
LATELY = {
    "viewed": """
        SELECT customer_id, product_id, max(viewed_at) AS at FROM product_views
         WHERE customer_id IS NOT NULL AND viewed_at > :since AND viewed_at <= :now
         GROUP BY 1, 2
    """,
    "bought": """
        SELECT customer_id, item ->> 'product_id' AS product_id, max(occurred_at) AS at
          FROM orders CROSS JOIN jsonb_array_elements(items) item
         WHERE customer_id IS NOT NULL AND status = 'paid' AND occurred_at > :since AND occurred_at <= :now
         GROUP BY 1, 2
    """,
}
HELD = """
    CREATE TEMP TABLE held ON COMMIT DROP AS
    WITH lately AS MATERIALIZED (SELECT customer_id, n, at FROM ({lately}) found JOIN numbered USING (product_id)),
         counted AS (SELECT customer_id, max(at) AS at, least(count(*), :last) AS products FROM lately GROUP BY 1),
         summed AS (SELECT customer_id, sum(products * (products - 1) / 2) OVER (ORDER BY at DESC, customer_id) AS pairs
                      FROM counted WHERE products > 1)
    SELECT customer_id, n FROM (
      SELECT customer_id, n, row_number() OVER (PARTITION BY customer_id ORDER BY at DESC, n) AS nth
        FROM lately JOIN summed USING (customer_id) WHERE pairs <= :work) theirs
     WHERE nth <= :last
"""
TOGETHER = """
    CREATE TEMP TABLE fresh ON COMMIT DROP AS
    WITH pairs AS (
      SELECT one.n AS a, other.n AS b, count(*) AS times
        FROM held one JOIN held other ON other.customer_id = one.customer_id AND other.n > one.n
       GROUP BY 1, 2
    ),
    placed AS (
      SELECT a, b, times, row_number() OVER (PARTITION BY a ORDER BY times DESC, b) AS place
        FROM (SELECT a, b, times FROM pairs UNION ALL SELECT b, a, times FROM pairs) both_ways
    )
    SELECT CAST(:kind AS text) AS kind, own.product_id, place::int, other.product_id AS other_id, times
      FROM placed JOIN numbered own ON own.n = a JOIN numbered other ON other.n = b
     WHERE place <= :pairs
"""


def count(now: datetime) -> Iterator[int]:
    """How many rows each count has changed; it may be committed, and stopped, wherever it yields."""
    for one in (best_sellers, viewed_together, bought_together):
        yield one(now)


def best_sellers(now: datetime) -> int:
    """Paid pieces by category, and over all."""
    _begin()
    said = {"since": now - SOLD, "now": now, "over_all": OVER_ALL, "best": BEST}
    db.session.execute(text(BEST_SELLERS), said)
    return _put(BestSeller, "product_id, sold")


def viewed_together(now: datetime) -> int:
    return _together("viewed", now, now - VIEWED)


def bought_together(now: datetime) -> int:
    return _together("bought", now, now - BOUGHT)


def _together(kind: str, now: datetime, since: datetime) -> int:
    _begin()
    db.session.execute(text(PRODUCTS))
    said = {"since": since, "now": now, "last": LAST, "work": WORK}
    db.session.execute(text(HELD.format(lately=LATELY[kind])), said)
    db.session.execute(text("ANALYZE held, numbered"))
    db.session.execute(text(TOGETHER), {"kind": kind, "pairs": PAIRS})
    return _put(ProductPair, "other_id, times", f"kind = '{kind}'")


def _begin() -> None:
    """One after the other: a second one waits until this is over, and then finds nothing to change."""
    db.session.execute(text("SELECT pg_advisory_xact_lock(hashtext('counting'))"))
    db.session.execute(text("DROP TABLE IF EXISTS fresh, held, numbered"))
    db.session.execute(text(f"SET LOCAL work_mem = '{MEMORY}'"))


def _put(model: type[Model], told: str, which: str = "true") -> int:
    """Makes the table what was counted, and says in how many rows it differed: the others are not written."""
    table, keys = model.__tablename__, [column.name for column in inspect(model).primary_key]
    key, same = ", ".join(keys), " AND ".join(f"fresh.{name} = kept.{name}" for name in keys)
    was, is_now = (", ".join(f"{row}.{name}" for name in told.split(", ")) for row in ("kept", "excluded"))
    gone = f"DELETE FROM {table} kept WHERE {which} AND NOT EXISTS (SELECT FROM fresh WHERE {same})"
    new = f"""
        INSERT INTO {table} AS kept ({key}, {told}) SELECT {key}, {told} FROM fresh
        ON CONFLICT ({key}) DO UPDATE SET ({told}) = ROW ({is_now}) WHERE ({was}) IS DISTINCT FROM ({is_now})
    """
    db.session.execute(text("ANALYZE fresh"))
    return sum(_written(statement) for statement in (gone, new))


def _written(statement: str) -> int:
    return cast(CursorResult[Any], db.session.execute(text(statement))).rowcount
