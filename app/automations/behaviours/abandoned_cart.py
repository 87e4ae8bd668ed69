"""Who left a cart alone, and has not bought since. What they are called for is that cart as it was left then."""

from __future__ import annotations

from app.automations.behaviours.frame import Asked, Frame

# Many shops know the second of an order only: it may have been after what was put into the cart in that second.
CALLED = """
    SELECT k.customer_id,
           'cart-' || k.id || '-' || extract(epoch FROM k.occurred_at) AS about,
           CAST(NULL AS text) AS product_id,
           1 AS place,
           k.occurred_at AS at,
           jsonb_build_object('id', k.id, 'left_at', k.occurred_at) AS told
      FROM carts k
     WHERE k.customer_id IS NOT NULL AND k.items <> '[]'::jsonb
       AND k.occurred_at >= :left_after AND k.occurred_at <= :left_before
       AND NOT EXISTS (SELECT FROM orders o
                        WHERE o.customer_id = k.customer_id AND o.occurred_at >= k.occurred_at - interval '1 second'
                          AND o.status <> 'cancelled')
       AND {may_be_called}
"""


def asked(frame: Frame) -> Asked:
    behaviour = frame.behaviour
    spans = {
        "left_after": frame.since(behaviour.span("idle_to"), behaviour.span("idle_from")),
        "left_before": frame.now - behaviour.span("idle_from"),
    }
    return Asked(CALLED.format(may_be_called=frame.may_be_called("k.customer_id")), frame.said | spans)
