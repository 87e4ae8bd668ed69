"""Which mail has the credit for a conversion: one by each rule, worked out from clicks and from what was sent.

last_click and first_click: of the links that a person (no machine) followed in the five days before, the last or the
first; but an order that names its mail itself has named it. last_send: the last mail accepted in those days. For an
event or for joining a segment only mails count whose goal that was. All three are kept, so that a team that changes
its mind loses nothing. What happened in the same moment is decided by the number of the mail.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text

from app.db import db
from app.deliveries import news

REACH = timedelta(days=5)
# A person and since when; everything before that is as it was.
WHO = "unnest(CAST(:ids AS bigint[]), CAST(:sinces AS timestamptz[])) AS who(customer_id, since)"
HELD = f"""
    SELECT DISTINCT a.delivery_id
      FROM {WHO} JOIN conversions c ON c.customer_id = who.customer_id AND c.at >= who.since
      JOIN attributions a ON a.conversion_id = c.id
"""
# A conversion whose event has long been forgotten has no mails to choose from: its credit stays where it is.
GIVE = f"""
    WITH reached AS (
      SELECT * FROM unnest(CAST(:keys AS text[]), CAST(:mails AS bigint[])) AS said(key, delivery_id)
    ),
    mine AS (
      SELECT c.* FROM {WHO} JOIN conversions c ON c.customer_id = who.customer_id AND c.at >= who.since
       WHERE c.kind = 'order' OR EXISTS (SELECT FROM reached WHERE reached.key = c.key)
    ),
    clicks AS (
      SELECT m.id, h.delivery_id, h.run_id, 'click' AS touch, h.at
        FROM mine m JOIN delivery_events h ON h.customer_id = m.customer_id AND h.kind = 'click' AND h.is_human
         AND h.at BETWEEN m.at - CAST(:reach AS interval) AND m.at
       WHERE m.ref_delivery_id IS NULL
         AND (m.kind = 'order' OR (m.key, h.delivery_id) IN (SELECT key, delivery_id FROM reached))
    ),
    sends AS (
      SELECT m.id, d.id AS delivery_id, d.run_id, 'send' AS touch, d.accepted_at AS at
        FROM mine m JOIN deliveries d ON d.customer_id = m.customer_id
         AND d.accepted_at BETWEEN m.at - CAST(:reach AS interval) AND m.at
       WHERE m.kind = 'order' OR (m.key, d.id) IN (SELECT key, delivery_id FROM reached)
    ),
    refs AS (
      SELECT m.id, d.id AS delivery_id, d.run_id, 'ref' AS touch, coalesce(d.accepted_at, m.at) AS at
        FROM mine m JOIN deliveries d ON d.id = m.ref_delivery_id
    ),
    given (conversion_id, delivery_id, run_id, touch, touched_at, rule) AS (
      SELECT *, 'last_click' FROM refs UNION ALL SELECT *, 'first_click' FROM refs UNION ALL
      (SELECT DISTINCT ON (id) *, 'last_click' FROM clicks ORDER BY id, at DESC, delivery_id DESC) UNION ALL
      (SELECT DISTINCT ON (id) *, 'first_click' FROM clicks ORDER BY id, at, delivery_id) UNION ALL
      (SELECT DISTINCT ON (id) *, 'last_send' FROM sends ORDER BY id, at DESC, delivery_id DESC)
    ),
    gone AS (
      DELETE FROM attributions a USING mine m
       WHERE a.conversion_id = m.id AND (a.conversion_id, a.rule) NOT IN (SELECT conversion_id, rule FROM given)
    ),
    kept AS (
      INSERT INTO attributions AS a (conversion_id, rule, delivery_id, run_id, touch, touched_at)
      SELECT conversion_id, rule, delivery_id, run_id, touch, touched_at FROM given
      ON CONFLICT (conversion_id, rule) DO UPDATE
         SET delivery_id = excluded.delivery_id, run_id = excluded.run_id,
             touch = excluded.touch, touched_at = excluded.touched_at
       WHERE (a.delivery_id, a.touch, a.touched_at)
             IS DISTINCT FROM (excluded.delivery_id, excluded.touch, excluded.touched_at)
    )
    SELECT a.delivery_id FROM mine JOIN attributions a ON a.conversion_id = mine.id
     UNION SELECT delivery_id FROM given
"""
# In one order, for whoever else marks the same mails; what is read next is as it is once they are ours.
LOCK = "SELECT id FROM deliveries WHERE id = ANY (CAST(:mails AS bigint[])) ORDER BY id FOR NO KEY UPDATE"
MARK = """
    UPDATE deliveries d SET converted_at = w.converted_at, reached_at = w.reached_at
      FROM (SELECT held.id,
                   (SELECT min(c.at) FROM attributions a JOIN conversions c ON c.id = a.conversion_id
                     WHERE a.delivery_id = held.id AND a.rule = :rule) AS converted_at,
                   least(held.reached_at, first.at) AS reached_at
              FROM deliveries held
              LEFT JOIN (SELECT delivery_id, min(at) AS at
                           FROM unnest(CAST(:reached AS bigint[]), CAST(:moments AS timestamptz[]))
                                AS said(delivery_id, at)
                          GROUP BY delivery_id) first ON first.delivery_id = held.id
             WHERE held.id = ANY (CAST(:mails AS bigint[]))) w
     WHERE d.id = w.id AND (d.converted_at, d.reached_at) IS DISTINCT FROM (w.converted_at, w.reached_at)
"""


@dataclass(frozen=True)
class Reached:
    """A mail whose goal it was, and what reached it. Whoever was held out of the mail has no part in credit."""

    delivery_id: int
    customer_id: int
    key: str
    at: datetime
    is_held_out: bool = False
    order_id: str | None = None


def held(who: Mapping[str, Any]) -> set[int]:
    """The mails that have credit for what these people did."""
    return set(db.session.scalars(text(HELD), who))


def give(who: Mapping[str, Any], reached: Sequence[Reached]) -> set[int]:
    """The mails that have had credit for it, or have it now."""
    mails = [one for one in reached if not one.is_held_out]
    said = {"keys": [one.key for one in mails], "mails": [one.delivery_id for one in mails], "reach": REACH}
    return set(db.session.scalars(text(GIVE), {**who, **said}))


def mark(mails: set[int], reached: Sequence[Reached], rule: str) -> None:
    """On the mails themselves: what they led to by the team's rule, and when their goal was reached."""
    ids = sorted(mails | {one.delivery_id for one in reached})
    if not ids:
        return
    db.session.execute(text(LOCK), {"mails": ids})
    said = {"reached": [one.delivery_id for one in reached], "moments": [one.at for one in reached]}
    db.session.execute(text(MARK), {"mails": ids, "rule": rule, **said})
    news.tell(ids)
