"""What somebody may like: of the kind that they look at, what goes with what they saw and bought, what many buy.

Nothing that they have bought lately, nothing that lies in their cart, nothing that is sold out, nothing that a mail
could not name or lead to. Whatever `counting` has counted is read here, for many people by one statement.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import RowMapping, text

from app.db import db

MOST = 6
LOOKS = 50  # the last ones of a person
LOOKED, HAD, GOES_WITH = timedelta(days=90), timedelta(days=90), timedelta(days=180)
OVER_ALL = ""  # the category of best sellers that holds those of all
REASONS = ("Best seller in {}", "Often looked at with {}", "Bought with {}", "Popular now")

# Who is asked for, what they looked at, what lies in their cart and what they bought.
CUSTOMERS = """
    people AS (SELECT DISTINCT unnest(CAST(:ids AS bigint[])) AS person),
    looks AS MATERIALIZED (
      SELECT person, v.* FROM people CROSS JOIN LATERAL (
        SELECT product_id, viewed_at FROM product_views
         WHERE customer_id = person AND viewed_at > :looked AND viewed_at <= :now
         ORDER BY viewed_at DESC LIMIT :looks) v
    ),
    carried AS (
      SELECT customer_id AS person, item ->> 'product_id' AS product_id
        FROM carts CROSS JOIN jsonb_array_elements(items) item WHERE customer_id = ANY (CAST(:ids AS bigint[]))
    ),
    bought AS MATERIALIZED (
      SELECT customer_id AS person, item ->> 'product_id' AS product_id, max(occurred_at) AS at
        FROM orders CROSS JOIN jsonb_array_elements(items) item
       WHERE customer_id = ANY (CAST(:ids AS bigint[])) AND status <> 'cancelled'
         AND occurred_at > :goes_with AND occurred_at <= :now
       GROUP BY 1, 2
    )
"""
SESSION = """
    people AS (SELECT CAST(0 AS bigint) AS person),
    looks AS MATERIALIZED (
      SELECT CAST(0 AS bigint) AS person, product_id, viewed_at FROM product_views
       WHERE customer_id IS NULL AND session_id = :session AND viewed_at > :looked AND viewed_at <= :now
       ORDER BY viewed_at DESC LIMIT :looks
    ),
    carried AS (
      SELECT CAST(0 AS bigint) AS person, item ->> 'product_id' AS product_id
        FROM carts CROSS JOIN jsonb_array_elements(items) item WHERE customer_id IS NULL AND session_id = :session
    ),
    bought AS (SELECT CAST(0 AS bigint) AS person, '' AS product_id, CAST(NULL AS timestamptz) AS at WHERE false)
"""
# Of what they like best half of the list, of what goes with what a third each; then whatever is left, in this order.
FOUND = """
    WITH {who},
    liked AS (
      SELECT DISTINCT ON (person) person, category
        FROM looks JOIN products p USING (product_id)
       WHERE p.category <> '' GROUP BY person, category
       ORDER BY person, count(*) DESC, max(viewed_at) DESC
    ),
    anchors AS (
      SELECT 'viewed' AS kind, 1 AS why, person, product_id,
             row_number() OVER (PARTITION BY person ORDER BY max(viewed_at) DESC, product_id) AS nth
        FROM looks GROUP BY person, product_id
      UNION ALL
      SELECT 'bought', 2, person, product_id, row_number() OVER (PARTITION BY person ORDER BY at DESC, product_id)
        FROM bought
    ),
    offered AS (
      SELECT person, 0 AS why, b.place, b.product_id, category AS about
        FROM liked JOIN best_sellers b USING (category)
      UNION ALL
      SELECT a.person, a.why, a.nth * 100 + pair.place, pair.other_id, known.name
        FROM anchors a JOIN product_pairs pair ON pair.kind = a.kind AND pair.product_id = a.product_id
        JOIN products known ON known.product_id = a.product_id
       WHERE a.nth <= 3 AND known.name <> ''
      UNION ALL
      SELECT person, 3, b.place, b.product_id, '' FROM people CROSS JOIN best_sellers b WHERE b.category = :over_all
    ),
    fitting AS (
      SELECT o.*, p.name, p.price, p.currency, p.url, p.image_url,
             row_number() OVER (PARTITION BY person, why ORDER BY place) AS nth
        FROM (SELECT DISTINCT ON (person, product_id) * FROM offered ORDER BY person, product_id, why, place) o
        JOIN products p USING (product_id)
       WHERE p.name <> '' AND p.url <> '' AND coalesce(p.in_stock, p.stock > 0, true)
         AND NOT EXISTS (SELECT FROM carried c WHERE c.person = o.person AND c.product_id = o.product_id)
         AND NOT EXISTS (SELECT FROM bought b
                          WHERE b.person = o.person AND b.product_id = o.product_id AND b.at > :had)
    ),
    placed AS (
      SELECT *, row_number() OVER (PARTITION BY person ORDER BY nth > (CAST(:shares AS int[]))[why + 1], why, nth) AS at
        FROM fitting
    )
    SELECT person, why, about, product_id, name, price, currency, url, image_url
      FROM placed WHERE at <= :most ORDER BY person, at
"""
OF_CUSTOMERS, OF_SESSION = text(FOUND.format(who=CUSTOMERS)), text(FOUND.format(who=SESSION))


@dataclass(frozen=True, slots=True)
class Recommended:
    product_id: str
    name: str
    price: int | None  # minor units
    currency: str | None
    url: str
    image_url: str | None
    reason: str


def of_customers(ids: Sequence[int], now: datetime, most: int = MOST) -> dict[int, list[Recommended]]:
    """Everybody who was asked for has a list; that of somebody unknown holds what is popular."""
    found: dict[int, list[Recommended]] = {one: [] for one in ids}
    if found:
        for row in db.session.execute(OF_CUSTOMERS, {"ids": list(found), **_said(now, most)}).mappings():
            found[row["person"]].append(_recommended(row))
    return found


def of_session(session_id: str | None, now: datetime, most: int = MOST) -> list[Recommended]:
    """For a visitor whom nobody has named; without a session: what is popular."""
    said = {"session": session_id, **_said(now, most)}
    return [_recommended(row) for row in db.session.execute(OF_SESSION, said).mappings()]


def _said(now: datetime, most: int) -> dict[str, Any]:
    return {
        "now": now,
        "looks": LOOKS,
        "looked": now - LOOKED,
        "had": now - HAD,
        "goes_with": now - GOES_WITH,
        "over_all": OVER_ALL,
        "shares": [(most + 1) // 2, most // 3, most // 3, 0],
        "most": most,
    }


def _recommended(row: RowMapping) -> Recommended:
    own = {name: row[name] for name in ("product_id", "name", "price", "currency", "url", "image_url")}
    return Recommended(**own, reason=REASONS[row["why"]].format(row["about"]))
