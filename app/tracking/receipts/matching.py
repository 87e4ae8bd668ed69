"""Which mail of ours a receipt means: the one that its tags name, if the provider's own id or the address agrees.

One account may serve several installations, whose numbers are the same: a tag alone is not enough.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from app.db import db
from app.deliveries.providers.addresses import in_ascii
from app.tracking.receipts.lattice import HEARD
from app.tracking.receipts.told import Told

NO_TAG = "It names no mail of ours."
NO_SUCH = "We have no such mail."
NOT_OUT = "By our own account this mail was not sent."
ANOTHER = "The provider knows this mail by another id."
ELSEWHERE = "It went to another address."
# Held until the effect is committed: whoever records the same mail at this moment waits, or we do.
DELIVERY = text(
    """
    SELECT d.id, d.customer_id, d.email, d.state, d.provider_id, c.erased_at IS NOT NULL AS is_erased,
           coalesce(d.clicked_at, d.machine_clicked_at) IS NOT NULL AS is_clicked
      FROM deliveries d LEFT JOIN customers c ON c.id = d.customer_id
     WHERE d.id = :delivery AND d.run_id = :run
       FOR NO KEY UPDATE OF d
    """
)
NOTICE = text("SELECT id, to_email, provider_id, posted_at FROM notices WHERE id = :notice")


@dataclass(frozen=True, slots=True)
class Mail:
    """The one that it means: to a customer, or a notice to anybody. `email` is where it went; empty: forgotten."""

    email: str
    delivery_id: int | None = None
    notice_id: int | None = None
    customer_id: int | None = None
    is_erased: bool = False
    is_clicked: bool = False
    is_uncertain: bool = False  # until now nobody knew whether it went out


class Unmatched(ValueError):
    """The sentence says why."""


def of(told: Told) -> Mail:
    """Raises Unmatched."""
    if told.delivery_id is not None and told.run_id is not None:
        return _delivery(told)
    if told.notice_id is not None:
        return _notice(told)
    raise Unmatched(NO_TAG)


def _delivery(told: Told) -> Mail:
    row = db.session.execute(DELIVERY, {"delivery": told.delivery_id, "run": told.run_id}).one_or_none()
    if row is None:
        raise Unmatched(NO_SUCH)
    if row.state not in HEARD:
        raise Unmatched(NOT_OUT)
    _must_agree(told, row.provider_id, row.email)
    return Mail(
        folded(row.email),
        row.id,
        customer_id=row.customer_id,
        is_erased=bool(row.is_erased),
        is_clicked=row.is_clicked,
        is_uncertain=row.state == "uncertain",
    )


def _notice(told: Told) -> Mail:
    row = db.session.execute(NOTICE, {"notice": told.notice_id}).one_or_none()
    if row is None:
        raise Unmatched(NO_SUCH)
    if row.posted_at is None:
        raise Unmatched(NOT_OUT)
    _must_agree(told, row.provider_id, row.to_email)
    return Mail(folded(row.to_email), notice_id=row.id)


def _must_agree(told: Told, provider_id: str | None, email: str | None) -> None:
    """By the provider's id; before we were told that, by the address."""
    if provider_id and provider_id != told.provider_id:
        raise Unmatched(ANOTHER)
    if not provider_id and email and told.to and not {folded(email), in_ascii(folded(email))} & {*told.to}:
        raise Unmatched(ELSEWHERE)


def folded(email: Any) -> str:
    return (email or "").strip().lower()
