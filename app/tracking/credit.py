"""What people did is put down to mails, again whenever a fact comes that may change it, in whatever order facts come.

Each person is looked at as a whole, from rows: orders, events, mails, clicks. A look after the last fact says the same
as looks after each of them, and so does a look at everybody years later.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text

from app.db import db
from app.settings import conversions as setting
from app.tracking import attribution, orders, reaching

EVER = datetime(1900, 1, 1, tzinfo=UTC)
SETTLED = timedelta(minutes=1)  # by then a mail that was on its way is accepted, or nobody knows
RECENT = timedelta(minutes=10)
AGAIN = """
    INSERT INTO credit_work (customer_id, since)
    SELECT DISTINCT customer_id, CAST(:since AS timestamptz) FROM unnest(CAST(:ids AS bigint[])) AS said(customer_id)
"""
# Only what a mail to that very person may have been for.
OF_EVENTS = """
    INSERT INTO credit_work (customer_id, since)
    SELECT w.customer_id, min(w.occurred_at)
      FROM event_work w
     CROSS JOIN LATERAL (SELECT CASE w.kind WHEN 'funnel' THEN 'funnel' ELSE w.name END AS name) called
     WHERE w.id = ANY (CAST(:keys AS bigint[]))
       AND called.name IN (SELECT goal ->> 'event' FROM runs WHERE goal IS NOT NULL)
       AND EXISTS (SELECT FROM deliveries d JOIN runs r ON r.id = d.run_id AND r.goal IS NOT NULL
                    WHERE d.customer_id = w.customer_id AND r.goal ->> 'event' = called.name)
     GROUP BY w.customer_id
"""
# Whoever was merged meanwhile is somebody else by now; of the erased only sums are left, which stay.
PEOPLE = """
    SELECT coalesce(a.customer_id, w.customer_id) AS customer_id, min(w.since) AS since
      FROM credit_work w LEFT JOIN customer_aliases a ON a.merged_id = w.customer_id
      JOIN customers c ON c.id = coalesce(a.customer_id, w.customer_id) AND c.erased_at IS NULL
     WHERE w.id = ANY (CAST(:keys AS bigint[]))
     GROUP BY 1 ORDER BY 1
"""
HOLD = """
    SELECT pg_advisory_xact_lock(hashtext('credit'), (id % 2147483647)::int)
      FROM (SELECT id FROM unnest(CAST(:ids AS bigint[])) AS id ORDER BY id % 2147483647) in_order
"""
# A mail that is on its way may have been accepted already, before what it led to, and not be recorded yet.
ON_THEIR_WAY = f"""
    INSERT INTO credit_work (customer_id, since, not_before)
    SELECT who.customer_id, who.since, :later
      FROM {attribution.WHO}
     WHERE who.since > :recent
       AND EXISTS (SELECT FROM deliveries d WHERE d.customer_id = who.customer_id AND d.state = 'sealed')
"""


def again(customer_ids: Iterable[int], since: datetime | None = None) -> None:
    """Something of these people has changed that happened at `since` or later (None: at any time). Never commits."""
    if ids := list(customer_ids):
        db.session.execute(text(AGAIN), {"ids": ids, "since": since or EVER})


def again_after(event_work: Sequence[int]) -> None:
    """These facts have come: whoever got a mail that was for one of them is looked at."""
    db.session.execute(text(OF_EVENTS), {"keys": list(event_work)})


def joined(segment_id: int, customer_ids: Sequence[int], now: datetime) -> None:
    """These people have joined that segment at this moment. However many they are, nobody is held for it."""
    reached = reaching.joined(segment_id, customer_ids, now)
    attribution.mark(set(), [one for one in reached if one.is_held_out], setting.read().rule)
    again({one.customer_id for one in reached if not one.is_held_out}, now)


def settle(keys: Sequence[int], now: datetime) -> None:
    """Does what these rows of work ask for."""
    people = db.session.execute(text(PEOPLE), {"keys": list(keys)}).all()
    look({row.customer_id: row.since for row in people}, now)


def look(people: Mapping[int, datetime], now: datetime) -> None:
    """At each of these people, since that moment. Never commits. Safe to do twice."""
    if people:
        hold(people)
        give(people, now)


def give(people: Mapping[int, datetime], now: datetime) -> None:
    """To people who are held already, or whom nobody else can see yet."""
    who: dict[str, Any] = {"ids": list(people), "sinces": list(people.values())}
    before = attribution.held(who)
    orders.keep(who)
    reached = reaching.of(who, now)
    given = attribution.give(who, reached)
    attribution.mark(before | given, reached, setting.read().rule)
    db.session.execute(text(ON_THEIR_WAY), {**who, "later": now + SETTLED, "recent": now - RECENT})


def hold(customer_ids: Iterable[int]) -> None:
    """One look at a person at a time: the second sees what the first has found. Held until the commit."""
    db.session.execute(text(HOLD), {"ids": list(customer_ids)})
