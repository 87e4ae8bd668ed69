"""Every order that a mail may have led to is a conversion, worth what was paid less what was given back.

May have: its person got a mail in the month before it or followed a link of one shortly before, or the order itself
names one. What no mail had a part in is no row; should a click come late, the order is still there to be found.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import text

from app.db import db
from app.deliveries import refs
from app.tracking.attribution import REACH, WHO

MONTH = timedelta(days=30)
NAMING = f"""
    SELECT o.id, o.ref FROM {WHO} JOIN orders o ON o.customer_id = who.customer_id AND o.occurred_at >= who.since
     WHERE o.ref IS NOT NULL
"""
# A name counts where the mail went to this person, or to the address that they share: nobody brings in a stranger's.
KEEP = f"""
    WITH who AS (SELECT * FROM {WHO}),
    named AS (
      SELECT said.order_id, d.id AS delivery_id
        FROM unnest(CAST(:orders AS bigint[]), CAST(:deliveries AS bigint[])) AS said(order_id, delivery_id)
        JOIN orders o ON o.id = said.order_id
        JOIN customers c ON c.id = o.customer_id
        JOIN deliveries d ON d.id = said.delivery_id
         AND (d.customer_id = o.customer_id OR lower(btrim(d.email)) = c.email_folded)
    ),
    wanted AS (
      SELECT 'order:' || o.order_id AS key, o.customer_id, o.occurred_at AS at, o.order_id,
             named.delivery_id AS ref_delivery_id, o.total AS amount, o.currency,
             CASE WHEN o.status = 'cancelled' OR (o.status = 'refunded' AND o.refunded_total = 0)
                  THEN o.total ELSE o.refunded_total END AS refunded
        FROM who JOIN orders o ON o.customer_id = who.customer_id AND o.occurred_at >= who.since
        LEFT JOIN named ON named.order_id = o.id
       WHERE named.delivery_id IS NOT NULL
          OR EXISTS (SELECT FROM deliveries d
                      WHERE d.customer_id = o.customer_id
                        AND d.accepted_at BETWEEN o.occurred_at - CAST(:month AS interval) AND o.occurred_at)
          OR EXISTS (SELECT FROM delivery_events h
                      WHERE h.customer_id = o.customer_id AND h.kind = 'click' AND h.is_human
                        AND h.at BETWEEN o.occurred_at - CAST(:reach AS interval) AND o.occurred_at)
    ),
    gone AS (
      DELETE FROM conversions c USING who
       WHERE c.kind = 'order' AND c.customer_id = who.customer_id AND c.at >= who.since
         AND NOT EXISTS (SELECT FROM wanted WHERE wanted.key = c.key)
    )
    INSERT INTO conversions AS c (key, kind, customer_id, at, order_id, ref_delivery_id, amount, currency, refunded)
    SELECT key, 'order', customer_id, at, order_id, ref_delivery_id, amount, currency, refunded
      FROM wanted ORDER BY key
    ON CONFLICT (key) DO UPDATE
       SET customer_id = excluded.customer_id, at = excluded.at, ref_delivery_id = excluded.ref_delivery_id,
           amount = excluded.amount, currency = excluded.currency, refunded = excluded.refunded
     WHERE (c.customer_id, c.at, c.ref_delivery_id, c.amount, c.currency, c.refunded)
           IS DISTINCT FROM (excluded.customer_id, excluded.at, excluded.ref_delivery_id, excluded.amount,
                             excluded.currency, excluded.refunded)
"""


def keep(who: Mapping[str, Any]) -> None:
    """What has changed of the orders of these people changes their conversions."""
    naming = db.session.execute(text(NAMING), who).all()
    read = {row.id: delivery_id for row in naming if (delivery_id := refs.read(row.ref)) is not None}
    said = {"orders": list(read), "deliveries": list(read.values()), "month": MONTH, "reach": REACH}
    db.session.execute(text(KEEP), {**who, **said})
