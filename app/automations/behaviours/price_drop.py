"""Who watches a product that costs less by now: less than they named, or than they saw.

Each time that the price goes down calls once, also where it was low enough before. In another currency it is no lower:
whoever began to watch before it changed knows no price of it.
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
    ), turned AS (
      SELECT t.product_id, max(t.at) AS turned_at
        FROM product_changes t
       WHERE t.name = 'currency' AND t.old IS NOT NULL
       GROUP BY t.product_id
    ), cheaper AS MATERIALIZED (
      SELECT p.product_id, p.price, p.currency, d.id AS drop_id, d.at, d.before, t.turned_at
        FROM drops d
        JOIN products p ON p.id = d.product_id
        LEFT JOIN turned t ON t.product_id = d.product_id
       WHERE p.price IS NOT NULL AND {in_stock} AND (t.turned_at IS NULL OR t.turned_at < d.at)
    ), watched AS (
      SELECT w.customer_id, w.id AS watch_id, c.*,
             CASE WHEN w.seen_price > c.price THEN w.seen_price ELSE c.before END AS old_price,
             CASE WHEN w.target_price IS NOT NULL THEN w.target_price
                  WHEN :percent > 0 THEN coalesce(w.seen_price, c.before) * (100 - :percent) / 100 + 1
                  ELSE coalesce(w.seen_price, c.before) END AS below
        FROM cheaper c
        JOIN watchlist w ON w.product_id = c.product_id
       WHERE w.customer_id IS NOT NULL AND w.on_price_drop AND w.created_date < c.at
         AND (c.turned_at IS NULL OR c.turned_at < w.updated_date)
    )
    SELECT w.customer_id,
           'drop-' || w.watch_id || '-' || w.drop_id AS about,
           w.product_id,
           row_number() OVER (PARTITION BY w.customer_id ORDER BY w.old_price - w.price DESC, w.product_id) AS place,
           w.at,
           jsonb_strip_nulls(jsonb_build_object('product_id', w.product_id, 'old_price', w.old_price,
                                                'below', w.below, 'currency', w.currency)) AS told
      FROM watched w
     WHERE w.price < w.below AND {may_be_called}
"""


def asked(frame: Frame) -> Asked:
    sql = CALLED.format(in_stock=in_stock("p"), may_be_called=frame.may_be_called("w.customer_id"))
    return Asked(sql, frame.said | {"percent": frame.behaviour.number("percent")})
