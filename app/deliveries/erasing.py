"""Mail to an erased person goes with them: what still waits is not sent, what stayed in the local outbox is gone.

A test shows a customer to a colleague: their address stands inside the mail, so that is looked through, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from sqlalchemy import text

from app.claims import NotYet
from app.customers.erasing import Person
from app.db import db, plain

NAMES = """
    lower(to_email) = ANY (:emails)
    OR EXISTS (SELECT FROM unnest(CAST(:emails AS text[])) AS said(email)
                WHERE position(said.email IN lower(concat_ws(' ', subject, html, text, headers))) > 0)
"""
PARTS = {"notices": "notices", "mails in the outbox": "outbox_messages"}
THEIRS = "d.customer_id = ANY (CAST(:ids AS bigint[]))"
# Rules may name an address, and their run keeps what they were told. “***=”: as it is written, no pattern.
TOLD = """
    UPDATE runs SET audience = regexp_replace(audience::text, '***=' || :email, 'erased', 'gi')::jsonb
     WHERE audience IS NOT NULL AND position(:email IN lower(audience::text)) > 0
"""
# Batch before mails, as everybody takes them.
HELD = f"""
    SELECT b.id, b.state FROM batches b
     WHERE b.state IN ('sealed', 'posting')
       AND EXISTS (SELECT FROM deliveries d
                    WHERE d.run_id = b.run_id AND d.part = b.part AND d.state = 'sealed' AND {THEIRS})
     ORDER BY b.id FOR NO KEY UPDATE
"""
# Sealed again without them; whoever holds one of these loses it by the fencing number.
UNSEAL = (
    """
    UPDATE deliveries d SET state = 'planned' FROM batches b
     WHERE b.id = ANY (:batches) AND d.run_id = b.run_id AND d.part = b.part AND d.state = 'sealed'
    """,
    """
    UPDATE batches SET state = 'open', payload = NULL, sealed_ids = NULL, key = NULL,
                       fence = fence + 1, lease_until = NULL
     WHERE id = ANY (:batches)
    """,
)
# The words of a provider may quote an address, and stand beside each mail of the call.
QUOTED = f"""
    UPDATE deliveries q SET reason = 'erased'
      FROM (SELECT DISTINCT d.run_id FROM deliveries d WHERE {THEIRS}) r
     WHERE q.run_id = r.run_id AND q.state IN ('failed', 'uncertain')
       AND EXISTS (SELECT FROM unnest(CAST(:emails AS text[])) AS said(email)
                    WHERE position(said.email IN lower(q.reason)) > 0)
"""
FORGET = (
    f"UPDATE deliveries d SET state = 'skipped', reason = 'cancelled' WHERE {THEIRS} AND d.state = 'planned'",
    QUOTED,
    f"""
    DELETE FROM run_addresses a USING deliveries d
     WHERE {THEIRS} AND a.run_id = d.run_id AND a.delivery_id = d.id
       AND a.email_folded = ANY (CAST(:emails AS text[]) || lower(btrim(d.email)))
    """,
    f"DELETE FROM outbox_messages WHERE key IN (SELECT 'delivery-' || d.id FROM deliveries d WHERE {THEIRS})",
)
EMPTY = f"""
    UPDATE deliveries d SET email = NULL, facts = NULL
     WHERE {THEIRS} AND (d.email IS NOT NULL OR d.facts IS NOT NULL) RETURNING 1
"""
KNOWN = {
    "deliveries": "SELECT r.name AS run, r.planned_for, d.email, d.state, d.reason, d.facts, d.accepted_at"
    f" FROM deliveries d JOIN runs r ON r.id = d.run_id WHERE {THEIRS} ORDER BY d.id",
    "notices": "SELECT kind, subject, created_date, sent_at FROM notices"
    " WHERE lower(to_email) = ANY (:emails) ORDER BY id",
    "outbox_messages": "SELECT subject, text, created_date FROM outbox_messages"
    " WHERE lower(to_email) = ANY (:emails) ORDER BY id",
}


def erase(person: Person) -> Iterator[dict[str, int]]:
    yield {"mails": _forget(person)}
    for noun, table in PARTS.items():
        gone = text(f"DELETE FROM {table} WHERE {NAMES} RETURNING 1")
        yield {noun: len(db.session.execute(gone, {"emails": list(person.emails)}).all())}


def export(person: Person) -> dict[str, list[dict[str, Any]]]:
    said = {"ids": person.ids, "emails": list(person.emails)}
    return {noun: plain(statement, **said) for noun, statement in KNOWN.items()}


def _forget(person: Person) -> int:
    """Raises NotYet while a mail to them is on its way: its bytes are kept until somebody knows."""
    said = {"ids": person.ids, "emails": list(person.emails)}
    for email in person.emails:  # runs before their batches
        db.session.execute(text(TOLD), {"email": email})
    held = db.session.execute(text(HELD), said).all()
    if any(row.state == "posting" for row in held):
        raise NotYet("A mail to them is on its way.", timedelta(seconds=5))
    for statement in UNSEAL if held else ():
        db.session.execute(text(statement), {"batches": [row.id for row in held]})
    for statement in FORGET:
        db.session.execute(text(statement), said)
    return len(db.session.execute(text(EMPTY), said).all())
