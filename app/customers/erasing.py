"""A person who wants to be forgotten: a row without a person stays, so that their number is never another's.

The row is emptied at once, and with it whatever could name them: from then on nobody finds them, writes to them or
publishes into them. What other rooms hold of them goes by `Person`, which is kept until the last room is done.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, text

from app.customers import directory, upsert
from app.customers.customer import Customer
from app.db import db, plain

FIELDS = ("lms_lead_id", "first_name", "last_name", "email", "mobile", "timezone")
EARLIER = text(
    """
    SELECT DISTINCT ch.name, held.value #>> '{}' AS value
      FROM attribute_changes ch CROSS JOIN LATERAL (VALUES (ch.old), (ch.new)) AS held(value)
     WHERE ch.customer_id = :id AND ch.is_column AND ch.name IN ('email', 'lms_lead_id')
       AND jsonb_typeof(held.value) = 'string'
    """
)
NOBODY_ELSES = text(
    """
    SELECT said.email FROM unnest(CAST(:emails AS text[])) AS said(email)
     WHERE said.email <> ''
       AND NOT EXISTS (SELECT FROM customers c
                        WHERE c.email_folded = said.email AND c.id <> :id AND c.erased_at IS NULL)
     ORDER BY 1
    """
)
EMPTY = text(
    f"""
    UPDATE customers
       SET {", ".join(f"{name} = NULL" for name in FIELDS)}, attributes = '{{}}',
           erased_at = coalesce(erased_at, :now), updated_date = :now
     WHERE id = :id
    """
)
FORGET = {
    "merged ids": "DELETE FROM customer_aliases WHERE customer_id = :id RETURNING 1",
    "changes": "DELETE FROM attribute_changes WHERE customer_id = :id RETURNING 1",
}
KNOWN = {
    "customers": "SELECT id, {fields}, attributes, created_date, updated_date, source FROM customers WHERE id = :id",
    "attribute_changes": "SELECT at, name, old, new, source FROM attribute_changes WHERE customer_id = :id ORDER BY id",
    "merged_customers": "SELECT merged_id, lms_lead_id, created_date FROM customer_aliases WHERE customer_id = :id"
    " ORDER BY id",
}


@dataclass(frozen=True)
class Person:
    """By what somebody was known. An address that another customer has, too, is not among the `emails`."""

    id: int
    ids: list[int]  # theirs, and of those who became part of them
    leads: list[str]
    emails: list[str]
    words: list[str]  # the full name and the mobile, folded: somebody may have searched for them


def hold(customer_id: int) -> Customer | None:
    """Locked until the commit: nobody writes, merges or erases them meanwhile."""
    if customer_id >= 2**63:
        return None
    upsert.lock()
    alone = select(Customer).where(Customer.id == customer_id, Customer.erased_at.is_(None)).with_for_update()
    return db.session.scalar(alone.execution_options(populate_existing=True))


def person(customer: Customer, also: Collection[str] = ()) -> Person:
    """`also`: addresses that other rooms know of."""
    aliases = directory.aliases(customer.id)
    earlier = db.session.execute(EARLIER, {"id": customer.id}).all()
    leads = {customer.lms_lead_id, *(alias.lms_lead_id for alias in aliases)}
    leads |= {row.value for row in earlier if row.name == "lms_lead_id"}
    emails = {customer.email_folded, *also, *(row.value.lower() for row in earlier if row.name == "email")}
    said = {"emails": sorted(emails), "id": customer.id}
    return Person(
        customer.id,
        [customer.id, *sorted(alias.merged_id for alias in aliases)],
        sorted(lead for lead in leads if lead),
        list(db.session.scalars(NOBODY_ELSES, said)),
        [word.lower() for word in (_full_name(customer), customer.mobile) if word],
    )


def empty(customer: Customer, now: datetime) -> dict[str, int]:
    """Only the number stays, and since when it means nobody. Never commits."""
    done = {"fields": sum(getattr(customer, name) is not None for name in FIELDS)}
    done["attributes"] = len(customer.attributes)
    db.session.execute(EMPTY, {"id": customer.id, "now": now})
    return done | _forget(customer.id)


def erase(person: Person, now: datetime) -> Iterator[dict[str, int]]:
    """Once more, for whoever was writing when the row was emptied; and addresses that waited for a decision."""
    db.session.execute(EMPTY, {"id": person.id, "now": now})
    items = text("DELETE FROM ambiguous_items WHERE email_folded = ANY (:emails) RETURNING 1")
    gone = db.session.execute(items, {"emails": person.emails}).all()
    yield _forget(person.id) | {"undecided addresses": len(gone)}


def export(customer_id: int) -> dict[str, list[dict[str, Any]]]:
    fields = ", ".join(FIELDS)
    return {noun: plain(asked.format(fields=fields), id=customer_id) for noun, asked in KNOWN.items()}


def _forget(customer_id: int) -> dict[str, int]:
    return {word: len(db.session.execute(text(gone), {"id": customer_id}).all()) for word, gone in FORGET.items()}


def _full_name(customer: Customer) -> str:
    return " ".join(part for part in (customer.first_name, customer.last_name) if part)
