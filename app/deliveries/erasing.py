"""Mail to an erased person goes with them: what still waits is not sent, what stayed in the local outbox is gone.

A test shows a customer to a colleague: their address stands inside the mail, so that is looked through, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import text

from app.customers.erasing import Person
from app.db import db, plain

NAMES = """
    lower(to_email) = ANY (:emails)
    OR EXISTS (SELECT FROM unnest(CAST(:emails AS text[])) AS said(email)
                WHERE position(said.email IN lower(concat_ws(' ', subject, html, text, headers))) > 0)
"""
PARTS = {"notices": "notices", "mails in the outbox": "outbox_messages"}
KNOWN = {
    "notices": "SELECT kind, subject, created_date, sent_at FROM notices"
    " WHERE lower(to_email) = ANY (:emails) ORDER BY id",
    "outbox_messages": "SELECT subject, text, created_date FROM outbox_messages"
    " WHERE lower(to_email) = ANY (:emails) ORDER BY id",
}


def erase(person: Person) -> Iterator[dict[str, int]]:
    for noun, table in PARTS.items():
        gone = text(f"DELETE FROM {table} WHERE {NAMES} RETURNING 1")
        yield {noun: len(db.session.execute(gone, {"emails": list(person.emails)}).all())}


def export(person: Person) -> dict[str, list[dict[str, Any]]]:
    return {noun: plain(statement, emails=list(person.emails)) for noun, statement in KNOWN.items()}
