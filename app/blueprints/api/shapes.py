"""What other systems may send, key by key. The documentation is made of these types.

An absent key leaves a value, null clears it; whatever is not written here is refused by name.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from app.customers.who import Who, folded

Moment = Annotated[datetime, Meta(tz=True)]
Key = Annotated[str, Meta(min_length=1, max_length=500)]
Text = Annotated[str, Meta(max_length=500)]
Slug = Annotated[str, Meta(pattern="^[a-z][a-z0-9_]{1,39}$")]
Shown = Annotated[str, Meta(max_length=2000)]
Link = Annotated[str, Meta(max_length=2000)]
Id = Annotated[int, Meta(ge=1, le=2**63 - 1)]
Minor = Annotated[int, Meta(ge=0, le=2**53)]
Count = Annotated[int, Meta(ge=0, le=2**53)]
Currency = Annotated[str, Meta(min_length=3, max_length=3, pattern="^[A-Za-z]{3}$")]


class Item(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """What names a person, in every item that does."""

    customer_id: Id | UnsetType | None = UNSET
    lms_lead_id: Key | UnsetType | None = UNSET
    external_id: Key | UnsetType | None = UNSET
    email: Text | UnsetType | None = UNSET

    def __post_init__(self) -> None:
        if (lead := said(self.lms_lead_id)) and (alias := said(self.external_id)) and lead != alias:
            raise ValueError("external_id is another name of lms_lead_id, and here they differ")

    @property
    def who(self) -> Who:
        email = folded(said(self.email) or "")
        return Who(said(self.customer_id), said(self.lms_lead_id) or said(self.external_id), email or None)


class Consent(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """What a person allows, topic by topic: who said so (`page` and `form`: they themselves), what they saw, when."""

    topics: dict[str, Any]  # slug: bool, looked at one by one, so that a wrong one is named
    source: Annotated[str, Meta(pattern="^(page|form|import|api|hand)$")] = "api"
    text: Shown | None = None
    at: Moment | None = None


class Customer(Item, forbid_unknown_fields=True, omit_defaults=True):
    """A customer, known by lms_lead_id, customer_id or email. Attributes are merged by name."""

    first_name: Text | UnsetType | None = UNSET
    last_name: Text | UnsetType | None = UNSET
    mobile: Text | UnsetType | None = UNSET
    timezone: Text | UnsetType | None = UNSET
    created_date: Moment | UnsetType | None = UNSET
    attributes: dict[str, Any] | UnsetType = UNSET
    consent: Consent | UnsetType = UNSET


class FunnelEvent(Item, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """A move from one stage of a funnel to another. The same id twice counts once."""

    funnel_type: Annotated[str, Meta(pattern="^(sales|service-delivery)$")]
    to_stage: Annotated[str, Meta(min_length=1, max_length=200)]
    from_stage: Annotated[str, Meta(max_length=200)] | None = None
    id: Key | None = None
    occurred_at: Moment | None = None
    created_date: Moment | None = None


class Event(Item, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Something that a person did. Of somebody unknown it waits until they are known."""

    name: Annotated[str, Meta(min_length=1, max_length=200)]
    id: Key | None = None
    occurred_at: Moment | None = None
    properties: dict[str, Any] | None = None


class Product(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """A product of the shop; price in minor units."""

    product_id: Key
    name: Text | UnsetType | None = UNSET
    category: Text | UnsetType | None = UNSET
    price: Minor | UnsetType | None = UNSET
    currency: Currency | UnsetType | None = UNSET
    stock: Count | UnsetType | None = UNSET
    in_stock: bool | UnsetType | None = UNSET
    image_url: Link | UnsetType | None = UNSET
    url: Link | UnsetType | None = UNSET


class Line(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """A product in a cart or an order, with the price of one piece in minor units."""

    product_id: Key
    quantity: Count = 1
    price: Minor | None = None
    name: Text | None = None
    image_url: Link | None = None
    url: Link | None = None


class Cart(Item, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """The whole cart, each time; an empty list empties it."""

    items: list[Line]
    session_id: Key | None = None
    checkout_url: Link | UnsetType | None = UNSET
    occurred_at: Moment | None = None


class Order(Item, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """An order; paid for the first time it also counts as the event order_completed."""

    order_id: Key
    total: Minor | UnsetType = UNSET
    currency: Currency | UnsetType = UNSET
    status: Annotated[str, Meta(pattern="^(paid|cancelled|refunded)$")] | UnsetType = UNSET
    refunded_total: Minor | UnsetType = UNSET
    items: list[Line] | UnsetType = UNSET
    occurred_at: Moment | UnsetType = UNSET
    ref: Text | UnsetType | None = UNSET


class Suppression(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """An address that gets nothing, and why; any other word than hard_bounce and complaint counts as listed by hand."""

    email: Text
    reason: Annotated[str, Meta(max_length=200)] | None = None
    at: Moment | None = None
    note: Text | None = None


class Reject(msgspec.Struct):
    """An item that was not stored, and why."""

    index: int
    code: str
    field: str
    message: str


class Outcome(msgspec.Struct):
    """What became of the items: stored = created + updated + unchanged."""

    received: int
    stored: int
    created: int
    updated: int
    unchanged: int
    rejected: list[Reject]
    kept_out: int | UnsetType = UNSET  # people who stay withdrawn against what was sent; only where there are some


class Fault(msgspec.Struct):
    code: str
    message: str
    details: list[Any]
    request_id: str


class Refused(msgspec.Struct):
    """The whole call was refused; nothing was stored."""

    error: Fault


class KnownConsent(msgspec.Struct):
    topics: dict[str, bool]


class KnownCustomer(msgspec.Struct, kw_only=True):
    id: int
    lms_lead_id: str | None
    email: str | None
    first_name: str | None
    last_name: str | None
    mobile: str | None
    timezone: str | None
    attributes: dict[str, Any]
    consent: KnownConsent
    created_date: Moment
    updated_date: Moment


class CustomerList(msgspec.Struct):
    data: list[KnownCustomer]
    has_more: bool
    next_cursor: str | None


class Recommendation(msgspec.Struct, kw_only=True):
    """`price`: minor units; `reason`: why it is recommended, in words."""

    product_id: str
    name: str
    price: int | None
    currency: str | None
    url: str
    image_url: str | None
    reason: str


class RecommendationList(msgspec.Struct):
    """The best first."""

    data: list[Recommendation]


class KnownErasure(msgspec.Struct, kw_only=True):
    """`state`: running, finished or failed; `steps`: what each room forgot so far."""

    customer_id: int
    state: str
    asked_at: Moment
    finished_at: Moment | None
    steps: dict[str, dict[str, int]]


class Erased(msgspec.Struct):
    erasure: KnownErasure


class KnownStatement(msgspec.Struct):
    topic: str
    is_given: bool
    source: str
    way: str
    text: str
    reason: str
    at: Moment
    recorded_at: Moment


class CustomerConsent(msgspec.Struct, kw_only=True):
    """Where somebody stands on each topic in use, and what was said, the newest first."""

    topics: dict[str, bool]
    statements: list[KnownStatement]
    paused_until: Moment | None


class ChangedConsent(CustomerConsent, kw_only=True):
    """`kept_out`: topics that were to be given, and that the person's own withdrawal keeps closed."""

    kept_out: list[str]


def said(value: Any) -> Any:
    return None if value is UNSET else value


def those_said(item: msgspec.Struct, *names: str) -> dict[str, Any]:
    """Of these keys the ones that were sent, null included."""
    return {name: value for name in names if (value := getattr(item, name)) is not UNSET}
