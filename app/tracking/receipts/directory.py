"""The list of what providers told: by which words it is searched and filtered; and what was told of one mail."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, func, or_, select

from app.db import db
from app.listing import Field, Listing
from app.tracking.receipts.delivery_receipt import PROVIDERS, DeliveryReceipt
from app.tracking.receipts.lattice import KINDS

SHOWN = 50  # of one mail
KINDS_SAID = {
    "sent": "Sent",
    "delivered": "Delivered",
    "delivery_delayed": "Delayed",
    "bounced": "Bounced",
    "complained": "Complained",
    "failed": "Could not be sent",
    "ignored": "Without effect",
}
PROVIDERS_SAID = {"resend": "Resend", "ses": "Amazon SES"}
UNMATCHED = and_(DeliveryReceipt.matched_at.is_(None), DeliveryReceipt.kind != "ignored")
OF = {"mail": DeliveryReceipt.delivery_id.is_not(None), "nobody": UNMATCHED}
COUNTED = 10_000


def _search(q: str) -> ColumnElement[bool]:
    """By the id that the provider gave the mail, or by our number of it."""
    by_id = DeliveryReceipt.provider_id == q
    return or_(by_id, DeliveryReceipt.delivery_id == int(q)) if q.isdecimal() and len(q) < 19 else by_id


KIND = Field(
    "kind",
    "What it tells",
    "choice",
    {"is": "is"},
    lambda _op, value: DeliveryReceipt.kind == value,
    tuple((kind, KINDS_SAID[kind]) for kind in KINDS),
)
PROVIDER = Field(
    "provider",
    "Provider",
    "choice",
    {"is": "is"},
    lambda _op, value: DeliveryReceipt.provider == value,
    tuple((one, PROVIDERS_SAID[one]) for one in PROVIDERS),
)
WHOSE = Field(
    "of",
    "Of",
    "choice",
    {"is": "is"},
    lambda _op, value: OF[value],
    (("mail", "a mail of ours"), ("nobody", "no mail that is known")),
)
LISTING = Listing(
    {"received": (DeliveryReceipt.id, DeliveryReceipt.id)},
    "-received",
    _search,
    {one.name: one for one in (WHOSE, KIND, PROVIDER)},
)


def rows() -> Select[DeliveryReceipt]:
    return select(DeliveryReceipt)


def find(receipt_id: int) -> DeliveryReceipt | None:
    return db.session.get(DeliveryReceipt, receipt_id) if receipt_id < 2**63 else None


def of_delivery(delivery_id: int) -> list[DeliveryReceipt]:
    """In the order in which it happened."""
    theirs = select(DeliveryReceipt).where(DeliveryReceipt.delivery_id == delivery_id)
    return list(db.session.scalars(theirs.order_by(DeliveryReceipt.at, DeliveryReceipt.id).limit(SHOWN)))


def words_of_bounce(delivery_id: Any) -> ScalarSelect[str]:
    """What the provider said first, for a statement that reads mails."""
    bounced = DeliveryReceipt.delivery_id == delivery_id, DeliveryReceipt.kind == "bounced"
    said = select(DeliveryReceipt.detail["said"].astext).where(*bounced)
    return said.order_by(DeliveryReceipt.at, DeliveryReceipt.id).limit(1).scalar_subquery()


def unmatched() -> int:
    """As many as there are; of very many no more than can be counted at a glance."""
    some = select(DeliveryReceipt.id).where(UNMATCHED).limit(COUNTED).subquery()
    return db.session.scalar(select(func.count()).select_from(some)) or 0
