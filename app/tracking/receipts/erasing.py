"""Receipts of an erased person's mails keep what happened and when, and lose every word; no address stands in them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import text

from app.customers.erasing import Person
from app.db import db, plain

THEIRS = "r.delivery_id IN (SELECT d.id FROM deliveries d WHERE d.customer_id = ANY (CAST(:ids AS bigint[])))"
CALLS = text(f"SELECT DISTINCT r.receipt_id FROM delivery_receipts r WHERE {THEIRS} AND r.receipt_id IS NOT NULL")
EMPTY = text(
    f"""
    UPDATE delivery_receipts r SET detail = r.detail - 'said'
     WHERE {THEIRS} AND r.detail ? 'said' RETURNING 1
    """
)
KNOWN = f"""
    SELECT r.delivery_id AS mail, r.provider, r.kind, r.at, r.detail
      FROM delivery_receipts r WHERE {THEIRS} ORDER BY r.id
"""


def erase(person: Person) -> Iterator[dict[str, int]]:
    yield {"receipts of mails": len(db.session.execute(EMPTY, {"ids": person.ids}).all())}


def export(person: Person) -> dict[str, list[dict[str, Any]]]:
    return {"delivery_receipts": plain(KNOWN, ids=person.ids)}


def origins(person: Person) -> set[int]:
    """The calls in which a provider told of their mails."""
    return set(db.session.scalars(CALLS, {"ids": person.ids}))
