"""Whose conversions are when two customers become one; and what of them outlives an erased person.

The sums stay, for they were earned: whoever is nobody any more is not looked at again. What they bought by which
number, and which event it was, is forgotten.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import text, update

from app.customers.erasing import Person
from app.db import db, plain
from app.tracking import credit
from app.tracking.conversion import Conversion

ERASE = """
    UPDATE conversions SET key = kind || ' erased ' || id, order_id = NULL, customer_id = :id
     WHERE customer_id = ANY (:ids) AND key NOT LIKE '% erased %' RETURNING 1
"""
WORK = "DELETE FROM credit_work WHERE customer_id = ANY (:ids)"
KNOWN = """
    SELECT c.kind, c.at, c.order_id, c.amount, c.refunded, c.currency, a.rule, a.touch, a.touched_at, r.name AS run
      FROM conversions c
      LEFT JOIN attributions a ON a.conversion_id = c.id
      LEFT JOIN runs r ON r.id = a.run_id
     WHERE c.customer_id = :id ORDER BY c.at, c.id, a.rule
"""


def move(survivor_id: int, other_id: int) -> None:
    """The mails and orders of both are one person's now, and each may have led to any of the others."""
    credit.hold([survivor_id, other_id])
    moved = update(Conversion).where(Conversion.customer_id == other_id).values(customer_id=survivor_id)
    db.session.execute(moved.execution_options(synchronize_session=False))
    credit.again([survivor_id])


def erase(person: Person) -> Iterator[dict[str, int]]:
    credit.hold(person.ids)
    db.session.execute(text(WORK), {"ids": person.ids})
    gone = db.session.execute(text(ERASE), {"id": person.id, "ids": person.ids})
    yield {"conversions without the person": len(gone.all())}


def export(customer_id: int) -> dict[str, list[dict[str, Any]]]:
    return {"conversions": plain(KNOWN, id=customer_id)}
