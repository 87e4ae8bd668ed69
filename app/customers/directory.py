"""The list of customers: by which words it is searched, by what it is filtered and sorted."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, or_, select, text
from sqlalchemy.orm import load_only

from app.customers import attribute_filters
from app.customers.alias import CustomerAlias
from app.customers.attributes import AttributeType
from app.customers.customer import Customer
from app.db import db
from app.listing import Field, Listing, folded, words
from app.listing_values import days, start_of_day

SORTS = {
    "name": (Customer.sort_name, Customer.id),
    "email": (Customer.email_folded, Customer.id),
    "created": (Customer.created_date, Customer.id),
}
DATE_OPS = {"after": "on or after", "before": "before", "within_last": "in the last days"}


def listing(zone: ZoneInfo) -> Listing:
    fields = [*_columns(zone), *(attribute_filters.field(kind, zone) for kind in attribute_types())]
    return Listing(SORTS, "-created", words(Customer.search_text), {field.name: field for field in fields})


def everyone() -> Select[Customer]:
    return select(Customer).where(Customer.erased_at.is_(None))


def find(customer_id: int) -> Customer | None:
    customer = db.session.get(Customer, customer_id) if customer_id < 2**63 else None
    return customer if customer and customer.erased_at is None else None


def meant(written: str, most: int = 10) -> list[Customer]:
    """By lead id, by address or by customer id; a family shares an address, so there may be several."""
    word = written.replace("\0", "").strip()
    ways = [Customer.lms_lead_id == word, Customer.email_folded == word.lower()]
    if word.isascii() and word.isdecimal() and len(word) < 19:
        ways.append(Customer.id == int(word))
    return list(db.session.scalars(everyone().where(or_(*ways)).order_by(Customer.id).limit(most))) if word else []


def sought(written: str, most: int = 10) -> list[Customer]:
    """Whom it means; else, whoever is found by these words."""
    found = meant(written, most)
    if found or not written.replace("\0", "").strip():
        return found
    alike = everyone().where(words(Customer.search_text)(written.replace("\0", "")))
    return list(db.session.scalars(alike.order_by(Customer.sort_name, Customer.id).limit(most)))


def named(customer_ids: Iterable[int]) -> dict[int, Customer]:
    """For lists of other things: who stands behind these numbers; whoever was erased is nobody."""
    ids = set(customer_ids)
    parts = load_only(Customer.id, Customer.first_name, Customer.last_name, Customer.email, Customer.lms_lead_id)
    found = select(Customer).where(Customer.id.in_(ids), Customer.erased_at.is_(None)).options(parts)
    return {customer.id: customer for customer in db.session.scalars(found)} if ids else {}


def survivor(merged_id: int) -> int | None:
    """Whom a merge made of this customer."""
    alias = select(CustomerAlias.customer_id).where(CustomerAlias.merged_id == merged_id)
    return db.session.scalar(alias) if merged_id < 2**63 else None


def aliases(customer_id: int) -> list[CustomerAlias]:
    """Whom this customer has taken in, the latest first."""
    taken = select(CustomerAlias).where(CustomerAlias.customer_id == customer_id)
    return list(db.session.scalars(taken.order_by(CustomerAlias.created_date.desc(), CustomerAlias.id.desc())))


def attribute_types() -> Iterable[AttributeType]:
    return db.session.scalars(select(AttributeType).order_by(AttributeType.name))


def estimate() -> int:
    """About how many customers there are, from the catalogue: no scan."""
    rows = db.session.scalar(text("SELECT greatest(reltuples, 0) FROM pg_class WHERE oid = 'customers'::regclass"))
    return int(rows or 0)


def _columns(zone: ZoneInfo) -> list[Field]:
    return [
        Field("email", "E-mail", "text", {"is": "is", "ends_with": "ends with"}, _email),
        Field("lms_lead_id", "Lead id", "text", {"is": "is"}, lambda _op, value: Customer.lms_lead_id == value),
        Field("timezone", "Time zone", "text", {"is": "is"}, lambda _op, value: Customer.timezone == value),
        Field("created_date", "Signed up", "date", DATE_OPS, lambda op, value: _created(op, value, zone)),
    ]


def _email(op: str, value: str) -> ColumnElement[bool]:
    address = value.strip().lower()
    if op == "is":
        return Customer.email_folded == address
    # The trigram index finds the candidates, without the .com that half of all addresses share: 26 ms instead of 54.
    telling, whole = folded(address).rpartition(".")[0], folded(address)
    candidates = words(Customer.search_text)(telling if len(telling) >= 3 else whole)
    return candidates & Customer.email_folded.endswith(address, autoescape=True)


def _created(op: str, value: str, zone: ZoneInfo) -> ColumnElement[bool]:
    if op == "within_last":
        return Customer.created_date >= datetime.now(UTC) - timedelta(days=days(value))
    moment = start_of_day(value, zone)
    return Customer.created_date >= moment if op == "after" else Customer.created_date < moment
