"""Facts that wait for their person join them: under the same id, with their work, as if they had just come in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, or_, text

from app.catalogue.views import JOINING
from app.db import db
from app.events import partitions
from app.events.pending_event import PendingEvent

AT_ONCE = 10_000
KEPT = timedelta(days=730)
MISSED_WITHIN = timedelta(minutes=30)

# Of several ways to be somebody's, the lead id counts. An address must fit nobody else; beside a lead id that is
# still unknown it means a customer who has none (the rules of customers/who.py).
OF_CUSTOMERS = """
    SELECT DISTINCT ON (id) id, customer_id, month FROM (
      SELECT p.id, c.id AS customer_id, 1 AS rank, date_trunc('month', p.occurred_at, 'UTC') AS month
        FROM customers c JOIN pending_events p ON p.lms_lead_id = c.lms_lead_id
       WHERE c.id = ANY (:customers) AND c.erased_at IS NULL
      UNION ALL
      SELECT p.id, a.customer_id, 1, date_trunc('month', p.occurred_at, 'UTC')
        FROM customer_aliases a JOIN pending_events p ON p.lms_lead_id = a.lms_lead_id
       WHERE a.customer_id = ANY (:customers)
      UNION ALL
      SELECT p.id, c.id, 2, date_trunc('month', p.occurred_at, 'UTC')
        FROM customers c JOIN pending_events p ON p.email_folded = c.email_folded
       WHERE c.id = ANY (:customers) AND c.erased_at IS NULL AND (p.lms_lead_id IS NULL OR c.lms_lead_id IS NULL)
         AND NOT EXISTS (SELECT FROM customers other
                          WHERE other.email_folded = c.email_folded AND other.id <> c.id AND other.erased_at IS NULL
                            AND (p.lms_lead_id IS NULL OR other.lms_lead_id IS NULL))
    ) fits
    ORDER BY id, rank
    LIMIT :at_once
"""
MISSED = """
    WITH lately AS MATERIALIZED (SELECT lms_lead_id, email_folded FROM pending_events WHERE received_at > :since)
    SELECT c.id FROM lately p JOIN customers c ON c.lms_lead_id = p.lms_lead_id
    UNION
    SELECT a.customer_id FROM lately p JOIN customer_aliases a ON a.lms_lead_id = p.lms_lead_id
    UNION
    SELECT c.id FROM lately p JOIN customers c ON c.email_folded = p.email_folded
"""
OF_SESSION = """
    SELECT id, CAST(:customer AS bigint) AS customer_id, date_trunc('month', occurred_at, 'UTC') AS month
      FROM pending_events
     WHERE anonymous_id = :anonymous AND lms_lead_id IS NULL AND email_folded IS NULL AND received_at > :since
     ORDER BY id
     LIMIT :at_once
"""
OF_ADDRESS = """
    SELECT id, CAST(:customer AS bigint) AS customer_id, date_trunc('month', occurred_at, 'UTC') AS month
      FROM pending_events
     WHERE email_folded = :email AND lms_lead_id IS NULL
     ORDER BY id
     LIMIT :at_once
"""
ORIGIN = "received_at, source_id, receipt_id, receipt_index, import_id, import_line"
MOVE = text(
    f"""
    WITH person AS (
      SELECT * FROM unnest(CAST(:facts AS bigint[]), CAST(:people AS bigint[])) AS person(fact_id, customer_id)
    ),
    gone AS (
      DELETE FROM pending_events p USING person WHERE p.id = person.fact_id RETURNING p.*, person.customer_id
    ),
    behaviour AS (
      INSERT INTO events (id, occurred_at, customer_id, name, properties, {ORIGIN})
      SELECT id, occurred_at, customer_id, name, properties, {ORIGIN} FROM gone WHERE kind = 'event'
    ),
    moves AS (
      INSERT INTO funnel_events (id, customer_id, funnel_type, from_stage, to_stage, created_date, {ORIGIN})
      SELECT id, customer_id, name, from_stage, to_stage, occurred_at, {ORIGIN} FROM gone WHERE kind = 'funnel'
    ),
    work AS (
      INSERT INTO event_work (kind, event_id, occurred_at, customer_id, name)
      SELECT kind, id, occurred_at, customer_id, name FROM gone ORDER BY occurred_at, id
    )
    SELECT count(*) FROM gone
    """
)


def join(customer_ids: Sequence[int]) -> int:
    """What waits for these people becomes theirs. Never commits."""
    if not customer_ids or not db.session.scalar(text("SELECT EXISTS (SELECT FROM pending_events)")):
        return 0
    return _move(OF_CUSTOMERS, {"customers": list(customer_ids)})


def join_anonymous(anonymous_id: str, customer_id: int, now: datetime) -> int:
    """A session of the shop turned out to be theirs: what it did while it named nobody."""
    return _move(OF_SESSION, {"anonymous": anonymous_id, "customer": customer_id, "since": now - JOINING})


def give(email_folded: str, customer_id: int) -> int:
    """The address fits several, and somebody decided whom it meant so far."""
    return _move(OF_ADDRESS, {"email": email_folded, "customer": customer_id})


def join_missed(now: datetime) -> int:
    """A fact and its person that came in the same moment did not see each other: whoever came last joins them here."""
    people = db.session.scalars(text(MISSED), {"since": now - MISSED_WITHIN})
    return join(list(people))


def forget_old(now: datetime) -> None:
    """Nobody came for it in all the time for which behaviour is kept; an old move may have come in lately.

    What a session did while it named nobody is nobody's for good much sooner.
    """
    old = now - KEPT
    is_behaviour = PendingEvent.kind == "event"
    db.session.execute(
        delete(PendingEvent).where(PendingEvent.occurred_at < old, or_(is_behaviour, PendingEvent.received_at < old))
    )
    is_nobodys = PendingEvent.lms_lead_id.is_(None) & PendingEvent.email_folded.is_(None)
    db.session.execute(delete(PendingEvent).where(PendingEvent.received_at < now - JOINING, is_nobodys))


def _move(waiting: str, said: Mapping[str, Any]) -> int:
    moved = 0
    while found := db.session.execute(text(waiting), {**said, "at_once": AT_ONCE}).all():
        partitions.ensure_for({row.month for row in found})
        these = {"facts": [row.id for row in found], "people": [row.customer_id for row in found]}
        moved += db.session.execute(MOVE, these).scalar_one()
    return moved
