"""Carts and orders of people who were not known yet: whose they turn out to be.

The rules of events/pending.py: a lead id counts, also one that a merge left. An address must fit nobody else; beside
a lead id that is still unknown it means a customer who has none.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text

from app.db import db

MISSED_WITHIN = timedelta(minutes=30)

FITTING = """
    SELECT DISTINCT ON (id) id, customer_id FROM (
      SELECT w.id, c.id AS customer_id, 1 AS rank
        FROM customers c JOIN {table} w ON w.lms_lead_id = c.lms_lead_id AND w.customer_id IS NULL
       WHERE c.id = ANY (:customers) AND c.erased_at IS NULL
      UNION ALL
      SELECT w.id, a.customer_id, 1
        FROM customer_aliases a JOIN {table} w ON w.lms_lead_id = a.lms_lead_id AND w.customer_id IS NULL
       WHERE a.customer_id = ANY (:customers)
      UNION ALL
      SELECT w.id, c.id, 2
        FROM customers c JOIN {table} w ON w.email_folded = c.email_folded AND w.customer_id IS NULL
       WHERE c.id = ANY (:customers) AND c.erased_at IS NULL AND (w.lms_lead_id IS NULL OR c.lms_lead_id IS NULL)
         AND NOT EXISTS (SELECT FROM customers other
                          WHERE other.email_folded = c.email_folded AND other.id <> c.id AND other.erased_at IS NULL
                            AND (w.lms_lead_id IS NULL OR other.lms_lead_id IS NULL))
    ) fits
    ORDER BY id, rank
"""
MISSED = """
    WITH lately AS MATERIALIZED (
      SELECT lms_lead_id, email_folded FROM {table} WHERE customer_id IS NULL AND updated_date > :since
    )
    SELECT c.id FROM lately w JOIN customers c ON c.lms_lead_id = w.lms_lead_id
    UNION
    SELECT a.customer_id FROM lately w JOIN customer_aliases a ON a.lms_lead_id = w.lms_lead_id
    UNION
    SELECT c.id FROM lately w JOIN customers c ON c.email_folded = w.email_folded
"""


def fitting(table: str, customer_ids: Sequence[int]) -> dict[int, int]:
    """Rows of this table by id, each with the customer among these to whom it belongs."""
    is_waiting = text(f"SELECT EXISTS (SELECT FROM {table} WHERE customer_id IS NULL)")
    if not customer_ids or not db.session.scalar(is_waiting):
        return {}
    found = db.session.execute(text(FITTING.format(table=table)), {"customers": list(customer_ids)})
    return {row.id: row.customer_id for row in found}


def missed(table: str, now: datetime) -> Sequence[int]:
    """Customers who came in the same moment as what named them: the two did not see each other."""
    return db.session.scalars(text(MISSED.format(table=table)), {"since": now - MISSED_WITHIN}).all()


def rows(table: str, where: str, **said: Any) -> list[dict[str, Any]]:
    """Locked, in the order of their ids."""
    found = db.session.execute(text(f"SELECT * FROM {table} WHERE {where} ORDER BY id FOR UPDATE"), said)
    return [dict(row) for row in found.mappings()]
