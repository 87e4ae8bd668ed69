"""Who waits for a product that is there again. Few pieces call few people: whoever asked last first, wave by wave.

A watch calls once, until its person asks again. What led to no mail did not call: the next return calls for it.
"""

from __future__ import annotations

from app.automations.behaviours import settings
from app.automations.behaviours.frame import Asked, Frame, in_stock

CALLED = """
    WITH returns AS (
      SELECT DISTINCT ON (d.product_id) d.product_id, d.id, d.at
        FROM product_changes d
       WHERE d.name IN ('in_stock', 'stock') AND d.at > :recent AND d.at <= :now
         AND (d.name = 'in_stock' AND d.old = 'false'::jsonb AND d.new = 'true'::jsonb
              OR d.name = 'stock' AND d.old = '0'::jsonb AND d.new <> '0'::jsonb)
       ORDER BY d.product_id, d.at DESC, d.id DESC
    ), there AS MATERIALIZED (
      SELECT p.product_id, nullif(p.stock, 0) * :per_piece AS most, r.id AS return_id, r.at
        FROM returns r
        JOIN products p ON p.id = r.product_id
       WHERE {in_stock}
    ), open AS MATERIALIZED (
      SELECT t.* FROM there t
       WHERE t.most IS NULL
          OR NOT EXISTS (SELECT FROM behaviour_claims c
                          WHERE c.automation_id = :automation AND c.product_id = t.product_id
                            AND c.at >= t.at AND c.at > :wave_after AND c.about LIKE 'return-%')
    ), waiting AS (
      SELECT o.*, w.customer_id, w.id AS watch_id, w.updated_date,
             row_number() OVER (PARTITION BY o.product_id ORDER BY w.updated_date DESC, w.id DESC) AS turn
        FROM open o
        JOIN watchlist w ON w.product_id = o.product_id
       WHERE w.customer_id IS NOT NULL AND w.on_restock AND w.updated_date < o.at
         AND NOT EXISTS (SELECT FROM behaviour_claims c
                          WHERE c.automation_id = :automation AND c.customer_id = w.customer_id
                            AND c.product_id = w.product_id AND c.at >= w.updated_date AND c.about LIKE 'return-%'
                            AND (c.about = 'return-' || w.id || '-' || o.return_id OR {led_to_a_mail}))
         AND {may_be_called}
    )
    SELECT w.customer_id,
           'return-' || w.watch_id || '-' || w.return_id AS about,
           w.product_id,
           row_number() OVER (PARTITION BY w.customer_id ORDER BY w.at DESC, w.product_id) AS place,
           w.at,
           jsonb_build_object('product_id', w.product_id) AS told
      FROM waiting w
     WHERE w.most IS NULL OR w.turn <= w.most
"""
# Of a customer `c`: what is asked of them within a look is asked of nobody else.
WAITS = "c.id IN (SELECT x.customer_id FROM open o JOIN watchlist x ON x.product_id = o.product_id WHERE x.on_restock)"
# By the key of customers: asked about the few who were called before.
LED_TO_A_MAIL = """EXISTS (SELECT FROM deliveries d JOIN runs r ON r.id = d.run_id
                                         WHERE d.customer_id = c.customer_id AND d.occasion = c.occasion
                                           AND r.automation_id = :automation AND d.state <> 'skipped')"""


def asked(frame: Frame) -> Asked:
    behaviour = frame.behaviour
    sql = CALLED.format(
        in_stock=in_stock("p"), led_to_a_mail=LED_TO_A_MAIL, may_be_called=frame.may_be_called("w.customer_id")
    )
    wave_after = frame.now - settings.about(behaviour.span("wave_every"))
    waves = {"per_piece": behaviour.number("per_piece"), "wave_after": wave_after}
    return Asked(sql, frame.said | waves)
