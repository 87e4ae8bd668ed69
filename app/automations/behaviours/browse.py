"""Who looked at a product again and again, and then no more, without putting it into the cart.

Of several the one that they looked at most, whether or not they were called for it already.
"""

from __future__ import annotations

from app.automations.behaviours.frame import FRESH, Asked, Frame, in_stock

CALLED = """
    WITH looks AS MATERIALIZED (
      SELECT v.customer_id, v.product_id, count(*) AS times, min(v.viewed_at) AS first_at, max(v.viewed_at) AS last_at
        FROM product_views v
       WHERE v.customer_id IS NOT NULL AND v.viewed_at > :looked_after AND v.viewed_at <= :now {lately}
       GROUP BY v.customer_id, v.product_id
      HAVING count(*) >= :views AND max(v.viewed_at) <= :idle_since
    ), favourites AS (
      SELECT DISTINCT ON (l.customer_id) l.*
        FROM looks l
        JOIN products p ON p.product_id = l.product_id
       WHERE {in_stock}
         AND NOT EXISTS (SELECT FROM carts k
                          WHERE k.customer_id = l.customer_id
                            AND k.items @> jsonb_build_array(jsonb_build_object('product_id', l.product_id)))
         AND NOT EXISTS (SELECT FROM events e
                          WHERE e.customer_id = l.customer_id AND e.occurred_at >= l.first_at
                            AND e.occurred_at > :looked_after AND e.name = 'cart_added'
                            AND e.properties ->> 'product_id' = l.product_id)
         AND NOT EXISTS (SELECT FROM orders o
                          WHERE o.customer_id = l.customer_id AND o.occurred_at >= l.first_at
                            AND o.status <> 'cancelled'
                            AND o.items @> jsonb_build_array(jsonb_build_object('product_id', l.product_id)))
       ORDER BY l.customer_id, l.times DESC, l.last_at DESC, l.product_id
    )
    SELECT f.customer_id,
           'view-' || (f.last_at AT TIME ZONE 'UTC')::date || '-' || f.product_id AS about,
           f.product_id,
           1 AS place,
           f.last_at AS at,
           jsonb_build_object('product_id', f.product_id, 'views', f.times, 'first_at', f.first_at,
                              'last_at', f.last_at) AS told
      FROM favourites f
     WHERE {fresh} AND {may_be_called}
"""
# Ten million views take seconds: who answers each minute asks only about those who have just stopped.
LATELY = """
         AND v.customer_id IN (SELECT r.customer_id FROM product_views r
                                WHERE r.customer_id IS NOT NULL
                                  AND r.viewed_at > :stopped_after AND r.viewed_at <= :idle_since)
"""


def asked(frame: Frame) -> Asked:
    behaviour = frame.behaviour
    idle_since = frame.now - behaviour.span("idle")
    sql = CALLED.format(
        lately=LATELY if behaviour.is_at_once else "",
        fresh="f.last_at > :stopped_after" if behaviour.is_at_once else "true",
        in_stock=in_stock("p"),
        may_be_called=frame.may_be_called("f.customer_id"),
    )
    return Asked(
        sql,
        frame.said
        | {
            "views": behaviour.number("views"),
            "looked_after": frame.now - behaviour.span("within"),
            "idle_since": idle_since,
            "stopped_after": idle_since - FRESH,
        },
    )
