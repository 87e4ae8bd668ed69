"""Who has put a product into the cart since a moment, also where it lies there no more."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import text

from app.db import db

SINCE = text(
    """
    SELECT said.key
      FROM unnest(CAST(:keys AS bigint[]), CAST(:customers AS bigint[]), CAST(:products AS text[]),
                  CAST(:since AS timestamptz[])) AS said(key, customer_id, product_id, since)
     WHERE EXISTS (SELECT FROM events e
                    WHERE e.customer_id = said.customer_id AND e.occurred_at >= said.since AND e.name = 'cart_added'
                      AND e.properties ->> 'product_id' = said.product_id)
    """
)
Asked = tuple[int, int, str, str]  # a key, the customer, the product, and since when


def since(asked: Sequence[Asked]) -> set[int]:
    """The keys of those who have."""
    if not asked:
        return set()
    keys, customers, products, moments = (list(column) for column in zip(*asked, strict=True))
    said = {"keys": keys, "customers": customers, "products": products, "since": moments}
    return set(db.session.scalars(SINCE, said))
