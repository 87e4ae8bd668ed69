"""Whom nobody may write to any more: a bounce for good and a complaint bind the address that the mail went to.

A mailbox that is full or away is forgiven four times in a month; the fifth time, with no mail delivered in between, it
is taken for gone.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import text

from app.consent import suppressions
from app.consent.suppressions import Incoming
from app.db import db
from app.tracking.receipts.matching import Mail
from app.tracking.receipts.told import Told

SAID_BY = {"resend": "Resend", "ses": "Amazon SES"}
FORGIVEN = 4
WITHIN = timedelta(days=30)
TOO_OFTEN = f"{FORGIVEN + 1} soft bounces in {WITHIN.days} days, and nothing delivered in between"
# The fifth waits for the fourth, though both come at the same moment.
IN_TURN = text("SELECT pg_advisory_xact_lock(hashtext('soft bounces'), hashtext(:email))")
# By whoever has the address now, and by whoever it was sent to: each of several people who share it counts.
SOFT = text(
    """
    WITH theirs AS (
      SELECT d.id, d.delivered_at, d.bounced_at
        FROM deliveries d
       WHERE d.customer_id IN (SELECT id FROM customers WHERE email_folded = :email UNION SELECT :customer)
         AND lower(btrim(d.email)) = :email AND d.accepted_at IS NOT NULL
    )
    SELECT count(DISTINCT r.delivery_id)
      FROM theirs t JOIN delivery_receipts r ON r.delivery_id = t.id
     WHERE r.kind = 'bounced' AND NOT CAST(r.detail ->> 'is_hard' AS boolean)
       AND r.at > greatest(:since, (SELECT max(delivered_at) FROM theirs WHERE bounced_at IS NULL))
    """
)


def follow(told: Told, mail: Mail, now: datetime) -> None:
    if told.kind == "complained":
        _suppress(told, mail, "complaint", told.said)
    elif told.kind == "bounced" and told.is_hard:
        _suppress(told, mail, "hard_bounce", told.said)
    elif told.kind == "bounced" and mail.customer_id is not None and _is_too_often(mail, now):
        _suppress(told, mail, "hard_bounce", TOO_OFTEN)


def _is_too_often(mail: Mail, now: datetime) -> bool:
    if not mail.email:
        return False
    db.session.execute(IN_TURN, {"email": mail.email})
    asked = {"email": mail.email, "customer": mail.customer_id, "since": now - WITHIN}
    return (db.session.scalar(SOFT, asked) or 0) > FORGIVEN


def _suppress(told: Told, mail: Mail, reason: str, said: str) -> None:
    """Of an erased person only the hash of the address is left, and bears it from now on."""
    if not mail.email:
        for address in told.to:
            suppressions.remember_forgotten(address, reason, told.at)
        return
    named = f"Mail {mail.delivery_id}" if mail.delivery_id is not None else f"Notice {mail.notice_id}"
    note = f"{named}: {said}" if said else named
    suppressions.put_many([Incoming(0, mail.email, reason, told.at, note)], SAID_BY[told.provider])
