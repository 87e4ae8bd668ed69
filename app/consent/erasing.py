"""What an erased person allowed: their proofs go, and of their addresses a keyed hash is left, with what it must keep.

An address that somebody else has, too, stays as it is with them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import text

from app.consent import forgotten
from app.customers.erasing import Person
from app.db import db, plain

ADDRESSES = text(
    """
    SELECT DISTINCT email_folded FROM consents WHERE customer_id = :id
    UNION SELECT lower(email) FROM signups WHERE customer_id = :id
    """
)
# Twice erased, an address keeps the earliest of what it bears.
REMEMBER = text(
    """
    INSERT INTO forgotten_addresses AS held (address_hash, withdrawn_at, bounced_at, complained_at, listed_at)
    SELECT said.hash, :now, s.bounced_at, s.complained_at, s.listed_at
      FROM unnest(CAST(:hashes AS bytea[]), CAST(:emails AS text[])) AS said(hash, email)
      LEFT JOIN suppressions s ON s.email_folded = said.email
     ORDER BY said.hash
    ON CONFLICT (address_hash) DO UPDATE
       SET withdrawn_at  = greatest(held.withdrawn_at, excluded.withdrawn_at),
           bounced_at    = least(held.bounced_at, excluded.bounced_at),
           complained_at = least(held.complained_at, excluded.complained_at),
           listed_at     = least(held.listed_at, excluded.listed_at)
    """
)
PLAIN = ("suppressions", "address_standings")
PARTS = {
    "proofs": "DELETE FROM consents WHERE customer_id = ANY (:ids)",
    "standings": "DELETE FROM customer_standings WHERE customer_id = ANY (:ids)",
    "pauses": "DELETE FROM pauses WHERE customer_id = ANY (:ids)",
    "sign-ups": "DELETE FROM signups WHERE customer_id = ANY (:ids)"
    " OR (lower(email) = ANY (:emails) AND created_date <= :until)",
}
ORIGINS = text("SELECT DISTINCT receipt_id, import_id FROM consents WHERE customer_id = ANY (:ids)")
KNOWN = {
    "statements": "SELECT s.at, s.recorded_at, t.slug AS topic, s.is_given, s.source, s.way, s.shown, s.reason,"
    " s.email_folded AS email FROM consents s JOIN topics t ON t.id = s.topic_id WHERE s.customer_id = :id"
    " ORDER BY s.at, s.id",
    "standings": "SELECT t.slug AS topic, s.is_given, s.any_at AS since FROM customer_standings s"
    " JOIN topics t ON t.id = s.topic_id WHERE s.customer_id = :id ORDER BY t.position",
    "address_standings": "SELECT s.email_folded AS email, t.slug AS topic, s.is_given, s.any_at AS since"
    " FROM customers c JOIN address_standings s ON s.email_folded = c.email_folded AND c.email_folded <> ''"
    " JOIN topics t ON t.id = s.topic_id WHERE c.id = :id ORDER BY t.position",
    "pauses": "SELECT since, until FROM pauses WHERE customer_id = :id",
    "suppressions": "SELECT s.email_folded AS email, s.bounced_at, s.complained_at, s.listed_at, s.note"
    " FROM customers c JOIN suppressions s ON s.email_folded = c.email_folded WHERE c.id = :id",
    "sign_ups": "SELECT s.created_date, s.email, s.first_name, s.last_name, s.timezone, s.shown, s.confirmed_at"
    " FROM signups s JOIN customers c ON c.id = :id WHERE s.customer_id = c.id"
    " OR (s.customer_id IS NULL AND lower(s.email) = c.email_folded) ORDER BY s.id",
}


def addresses(customer_id: int) -> list[str]:
    """Under which they said something, once."""
    return list(db.session.scalars(ADDRESSES, {"id": customer_id}))


def remember(person: Person, now: datetime) -> int:
    """In the moment in which the person is hidden: there is none in which somebody might write to them again."""
    hashes = [forgotten.hashed(email) for email in person.emails]
    db.session.execute(REMEMBER, {"hashes": hashes, "emails": person.emails, "now": now})
    for table in PLAIN:
        db.session.execute(text(f"DELETE FROM {table} WHERE email_folded = ANY (:emails)"), {"emails": person.emails})
    return len(hashes)


def origins(person: Person) -> tuple[set[int], set[int]]:
    """The calls and the files that told of what they allow."""
    rows = db.session.execute(ORIGINS, {"ids": person.ids}).all()
    return {row.receipt_id for row in rows} - {None}, {row.import_id for row in rows} - {None}


def erase(person: Person, until: datetime) -> Iterator[dict[str, int]]:
    db.session.execute(text("SELECT set_config('campus.passage', 'erasure', true)"))
    said = {"ids": person.ids, "emails": person.emails, "until": until}
    yield {word: len(db.session.execute(text(f"{part} RETURNING 1"), said).all()) for word, part in PARTS.items()}


def export(customer_id: int) -> dict[str, list[dict[str, Any]]]:
    return {noun: plain(asked, id=customer_id) for noun, asked in KNOWN.items()}
