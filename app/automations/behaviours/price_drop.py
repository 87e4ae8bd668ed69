"""Who watches a product that costs less by now: less than they named, or than they saw.

Each time that the price goes down calls once, also where it was low enough before.
"""

from __future__ import annotations

from app.automations.behaviours.frame import Asked, Frame, in_stock

# Of each product the latest drop is enough: whatever came after it only raised the price.
CALLED = """
    WITH drops AS (
      SELECT DISTINCT ON (d.product_id) d.product_id, d.id, d.at, d.old::bigint AS before
        FROM product_changes d
       WHERE d.name = 'price' AND d.at > :recent AND d.at <= :now
         AND CASE WHEN d.name = 'price' THEN d.new::bigint < d.old::bigint END
       ORDER BY d.product_id, d.at DESC, d.id DESC
    ), cheaper AS MATERIALIZED (
      SELECT p.product_id, p.price, d.id AS drop_id, d.at, d.before
        FROM drops d
        JOIN products p ON p.id = d.product_id
       WHERE p.price IS NOT NULL AND {in_stock}
    ), watched AS (
      SELECT w.customer_id, w.id AS watch_id, c.*,
             CASE WHEN w.seen_price > c.price THEN w.seen_price ELSE c.before END AS old_price,
             CASE WHEN w.target_price IS NOT NULL THEN w.target_price
                  WHEN :percent > 0 THEN coalesce(w.seen_price, c.before) * (100 - :percent) / 100 + 1
                  ELSE coalesce(w.seen_price, c.before) END AS below
        FROM cheaper c
        JOIN watchlist w ON w.product_id = c.product_id
       WHERE w.customer_id IS NOT NULL AND w.on_price_drop AND w.created_date < c.at
    )
    SELECT w.customer_id,
           'drop-' || w.watch_id || '-' || w.drop_id AS about,
           w.product_id,
           row_number() OVER (PARTITION BY w.customer_id ORDER BY w.old_price - w.price DESC, w.product_id) AS place,
           w.at,
           jsonb_build_object('product_id', w.product_id, 'old_price', w.old_price, 'below', w.below) AS told
      FROM watched w
     WHERE w.price < w.below AND {may_be_called}
"""


def asked(frame: Frame) -> Asked:
    sql = CALLED.format(in_stock=in_stock("p"), may_be_called=frame.may_be_called("w.customer_id"))
    return Asked(sql, frame.said | {"percent": frame.behaviour.number("percent")})
