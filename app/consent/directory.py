"""The list of addresses that get nothing: by which words it is searched, by what it is filtered and sorted."""

from __future__ import annotations

from collections.abc import Iterable
from operator import attrgetter

from sqlalchemy import Select, literal, select

from app.consent.suppression import REASONS, Suppression
from app.customers.customer import Customer
from app.db import db
from app.listing import Field, Listing, words

REASONS_SAID = {"hard_bounce": "hard bounce", "complaint": "complaint", "manual": "listed"}
WHY = Field(
    "reason",
    "Why",
    "choice",
    {"is": "is"},
    lambda _op, value: attrgetter(REASONS[value])(Suppression).is_not(None),
    tuple(REASONS_SAID.items()),
)
SUPPRESSIONS = Listing(
    {"changed": (Suppression.updated_date, Suppression.id), "email": (Suppression.email_folded, Suppression.id)},
    "-changed",
    words(literal(" ").concat(Suppression.email_folded)),
    {WHY.name: WHY},
)


def suppressed() -> Select[Suppression]:
    return select(Suppression)


def owners(suppressions: Iterable[Suppression]) -> dict[str, Customer]:
    """Who has these addresses now: one of them, where several do."""
    emails = {one.email_folded for one in suppressions}
    who = select(Customer).where(Customer.email_folded.in_(emails), Customer.erased_at.is_(None))
    found = db.session.scalars(who.order_by(Customer.id.desc())) if emails else ()
    return {customer.email_folded: customer for customer in found}
