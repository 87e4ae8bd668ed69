"""What an erased person looked at and bought. Their cart and their looks go; an order stays as a sum, earned by nobody.

The sums stay because a month's revenue must not change with each erasure. The order's own number goes, for the shop's
books would lead from it back to the person; so does whatever is more than which product, how many and at what price.
The row keeps the customer's number, which means nobody from now on.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import text

from app.customers.erasing import Person
from app.db import db, plain

WAITING = "customer_id IS NULL AND (lms_lead_id = ANY (:leads) OR email_folded = ANY (:emails))"
LEADS = "customer_id IS NULL AND lms_lead_id = ANY (:leads)"
CARTS = text(f"DELETE FROM carts WHERE customer_id = ANY (:ids) OR ({WAITING}) RETURNING id")
# Locked in the order in which whoever writes orders locks them.
LOCK = text(
    f"SELECT id FROM orders WHERE (customer_id = ANY (:ids) AND order_id NOT LIKE 'erased %') OR ({WAITING})"
    " ORDER BY order_id FOR UPDATE"
)
ORDERS = text(
    """
    UPDATE orders
       SET order_id = 'erased ' || gen_random_uuid(), customer_id = :id, lms_lead_id = NULL, email_folded = NULL,
           ref = NULL,
           items = (SELECT coalesce(jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
                                      'product_id', item -> 'product_id', 'quantity', item -> 'quantity',
                                      'price', item -> 'price'))), '[]')
                      FROM jsonb_array_elements(items) item)
     WHERE id = ANY (:orders)
    """
)
# The codes stay given away, to nobody.
GONE = {
    "views": f"DELETE FROM product_views WHERE customer_id = ANY (:ids) OR ({LEADS}) RETURNING 1",
    "watched products": f"DELETE FROM watchlist WHERE customer_id = ANY (:ids) OR ({LEADS}) RETURNING 1",
    "sessions": "DELETE FROM sessions WHERE customer_id = ANY (:ids) RETURNING 1",
    "carts counted without the person": "UPDATE cart_rounds SET customer_id = NULL WHERE customer_id = ANY (:ids)"
    " RETURNING 1",
    "codes without the person": "UPDATE discount_codes SET customer_id = NULL WHERE customer_id = ANY (:ids)"
    " RETURNING 1",
}
KNOWN = {
    "views": "SELECT viewed_at, product_id, name, price, category, referrer, device_type, seconds FROM product_views"
    " WHERE customer_id = :id ORDER BY viewed_at, id",
    "watchlist": "SELECT product_id, target_price, seen_price, on_price_drop, on_restock, created_date FROM watchlist"
    " WHERE customer_id = :id ORDER BY id",
    "discount_codes": "SELECT p.name AS pool, c.code, c.taken_at FROM discount_codes c"
    " JOIN discount_pools p ON p.id = c.pool_id WHERE c.customer_id = :id ORDER BY c.id",
    "carts": "SELECT items, checkout_url, occurred_at FROM carts WHERE customer_id = :id",
    "orders": "SELECT order_id, occurred_at, total, currency, status, refunded_total, items, ref FROM orders"
    " WHERE customer_id = :id ORDER BY occurred_at, id",
}


def erase(person: Person) -> Iterator[dict[str, int]]:
    said = {"ids": person.ids, "leads": person.leads, "emails": person.emails}
    carts = db.session.execute(CARTS, said).all()
    orders = db.session.scalars(LOCK, said).all()
    db.session.execute(ORDERS, {"id": person.id, "orders": list(orders)})
    yield {"carts": len(carts), "orders without the person": len(orders)}
    for noun, asked in GONE.items():
        yield {noun: len(db.session.execute(text(asked), {"ids": person.ids, "leads": person.leads}).all())}


def export(customer_id: int) -> dict[str, list[dict[str, Any]]]:
    return {noun: plain(asked, id=customer_id) for noun, asked in KNOWN.items()}
