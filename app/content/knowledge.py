"""What a mail may name, for one person or for many: plain data, nothing that could be called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from app.consent import links
from app.customers.customer import Customer
from app.db import db
from app.settings import brand

COLUMNS = ("id", "lms_lead_id", "first_name", "last_name", "email", "mobile", "timezone", "attributes", "created_date")


@dataclass(frozen=True)
class Person:
    """A customer as a mail sees one."""

    id: int
    lms_lead_id: str | None
    first_name: str | None
    last_name: str | None
    email: str | None
    mobile: str | None
    timezone: str | None
    attributes: Mapping[str, Any]
    created_date: Any


def people(customer_ids: Sequence[int]) -> list[Person]:
    """In one query, in the order of their ids; who was erased is nobody."""
    columns = [getattr(Customer, name) for name in COLUMNS]
    named = select(*columns).where(Customer.id.in_(customer_ids), Customer.erased_at.is_(None))
    return [Person(*row) for row in db.session.execute(named.order_by(Customer.id))]


def of(person: Person, shared: Mapping[str, Any], facts: Mapping[str, Any], urls: Mapping[str, str]) -> dict[str, Any]:
    """`shared` is the same for everybody of a run: see `common`. Nothing in it is changed, so nothing is copied."""
    return {
        **shared,
        "customer": dict(vars(person)),
        "facts": facts,
        "recommendations": facts.get("recommendations", []),
        "urls": urls,
    }


def common() -> dict[str, Any]:
    own = brand.current()
    return {
        "brand": {
            "name": own.name,
            "legal_name": own.legal_name,
            "postal_address": own.postal_address,
            "website": own.website,
            "logo_url": own.logo_url,
            "accent": own.accent,
        }
    }


def urls(
    customer_id: int, base_url: str, topic_id: int | None = None, delivery_id: int | None = None
) -> dict[str, str]:
    """Of a mail that was never sent, like a preview, there is nothing to view: there it leads to their preferences."""
    preferences = f"{base_url}/preferences?token={links.preferences(customer_id, delivery_id)}"
    return {
        "unsubscribe": f"{base_url}/unsubscribe?token={links.unsubscribe(customer_id, topic_id, delivery_id)}",
        "preferences": preferences,
        "view": f"{base_url}/view?token={links.view(delivery_id)}" if delivery_id else preferences,
    }
