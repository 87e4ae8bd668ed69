"""What some people allow: a yes from a form, a no from a mail or by phone, a pause, two addresses that get nothing."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import text

from app.consent import preferences, statements, suppressions
from app.consent.suppressions import Incoming
from app.db import db
from app.demo.plan import Plan

MOST = 500  # people who said something, however many there are: a second
APART = 40

# Of everyone in a row of the same distance: who says it (by their place), about what, how and how long after sign-up.
SAID = """
    SELECT c.id AS customer_id, t.id AS topic_id, w.is_given, w.source, w.way, w.shown, w.reason,
           c.created_date + make_interval(days => w.days, mins => 7 + c.id::int % 600) AS at,
           NULL AS caller_hash, NULL::bigint AS import_id, NULL::bigint AS receipt_id
      FROM generate_series(1, :customers, :apart) WITH ORDINALITY AS one(id, place)
      JOIN customers c ON c.id = one.id
      JOIN (VALUES
        (1, 0, 'newsletter', true, 'form', 'sign-up form', 0, '',
         'Campus may write to me about: Newsletter. I can stop it at any time.'),
        (2, 0, 'promotional', false, 'page', 'one-click', 21, '', ''),
        (3, 1, 'newsletter', false, 'page', 'preference page', 40, '', 'Newsletter'),
        (3, 2, 'price_drop', false, 'hand', 'Ines Okafor', 12, 'Asked for it on the phone.', ''),
        (10, 9, '', false, 'page', 'unsubscribe page', 30, 'Too many mails',
         'Stop marketing mail? Stop all marketing mail')
      ) AS w(every, rest, topic, is_given, source, way, days, reason, shown) ON one.place % w.every = w.rest
      JOIN topics t ON t.archived_at IS NULL AND w.topic IN (t.slug, '')
     WHERE c.created_date + make_interval(days => w.days + 1) < :now
"""
SUPPRESSED = (
    (1 + APART, "hard_bounce", 19, "550 5.1.1 no such mailbox"),
    (1 + 3 * APART, "complaint", 6, ""),
)
PAUSED = 1 + 2 * APART


def bring(plan: Plan) -> None:
    """After the people."""
    apart = max(APART, plan.customers // MOST)
    statements.hear_all(SAID, {"customers": plan.customers, "apart": apart, "now": plan.now_at})
    for customer_id, reason, days, note in SUPPRESSED:
        at = plan.now_at - timedelta(days=days)
        items = [Incoming(0, email, reason, at, note) for email in _addresses(customer_id)]
        suppressions.put_many(items, "mail provider")
    if list(_addresses(PAUSED)):
        preferences.pause(PAUSED, plan.now_at)


def _addresses(customer_id: int) -> list[str]:
    held = text("SELECT email_folded FROM customers WHERE id = :id AND email_folded <> ''")
    return [row.email_folded for row in db.session.execute(held, {"id": customer_id})]
