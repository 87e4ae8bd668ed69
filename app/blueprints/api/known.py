"""Customers as the API tells of them, alone or many at once."""

from __future__ import annotations

from collections.abc import Sequence

from app.blueprints.api.shapes import KnownConsent, KnownCustomer
from app.consent import preferences
from app.customers.customer import Customer


def customers(rows: Sequence[Customer]) -> list[KnownCustomer]:
    allowed = preferences.as_said_of([row.id for row in rows])
    return [customer(row, allowed.get(row.id, {})) for row in rows]


def customer(row: Customer, topics: dict[str, bool]) -> KnownCustomer:
    return KnownCustomer(
        id=row.id,
        lms_lead_id=row.lms_lead_id,
        email=row.email,
        first_name=row.first_name,
        last_name=row.last_name,
        mobile=row.mobile,
        timezone=row.timezone,
        attributes=row.attributes,
        consent=KnownConsent(topics),
        created_date=row.created_date,
        updated_date=row.updated_date,
    )
