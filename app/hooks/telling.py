"""A fact is told in the transaction that makes it one: a row for each hook that wants its kind, none while none does.

Facts come as a statement with the columns kind, key, at, customer_id and data. Told twice is once, by the key; so
whoever wrote something may tell of all that it touched.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import text

from app.db import db

NEWS = timedelta(days=3)  # older things come to be known when something is counted again: nobody waits for them
WANTED = text("SELECT EXISTS (SELECT FROM hooks WHERE is_active AND kinds && CAST(:kinds AS text[]))")
TELL = """
    INSERT INTO hook_attempts (hook_id, key, kind, customer_id, payload)
    SELECT h.id, told.key, told.kind, told.customer_id,
           jsonb_build_object('type', told.kind, 'data', told.data, 'timestamp',
                              to_char(told.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
      FROM ({facts}) told
      JOIN hooks h ON h.is_active AND told.kind = ANY (h.kinds) AND told.at >= h.since
     WHERE told.at > now() - CAST(:news AS interval)
     ORDER BY told.key, h.id
    ON CONFLICT (hook_id, key) DO NOTHING
"""


def tell(kinds: Collection[str], facts: str, said: Mapping[str, Any]) -> None:
    """Never commits."""
    if db.session.scalar(WANTED, {"kinds": list(kinds)}):
        db.session.execute(text(TELL.format(facts=facts)), {**said, "news": NEWS})
