"""One thing that a provider told of one mail; and how often it was asked about a mail of which it told nothing."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Model, bigint_key, now_column
from app.tracking.receipts.lattice import KINDS

PROVIDERS = ("resend", "ses")


class DeliveryReceipt(Model):
    """`matched_at` empty: it tells of a mail that we do not know (yet).

    `detail`: `said`, the provider's words; of a bounce `is_hard`, `type` and `subtype`; `notice_id` where it tells of
    a notice; of one that fits no mail why it does not (`unmatched`), and which it names (`mail`, `run`). No addresses.
    """

    __tablename__ = "delivery_receipts"

    id: Mapped[int] = bigint_key()
    receipt_id: Mapped[int | None] = mapped_column(BigInteger)  # the call that it came with; none: we asked
    provider: Mapped[str]
    provider_id: Mapped[str]  # of the mail
    kind: Mapped[str]
    at: Mapped[datetime]
    delivery_id: Mapped[int | None] = mapped_column(BigInteger)
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))
    matched_at: Mapped[datetime | None]
    created_date: Mapped[datetime] = now_column()

    __table_args__ = (
        CheckConstraint(f"provider IN ({', '.join(map(repr, PROVIDERS))})", name="provider"),
        CheckConstraint(f"kind IN ({', '.join(map(repr, KINDS))})", name="kind"),
        Index("ix_delivery_receipts_delivery_id", "delivery_id", postgresql_where=text("delivery_id IS NOT NULL")),
        Index("ix_delivery_receipts_provider_id", "provider_id"),
        Index("ix_delivery_receipts_unmatched", "created_date", "id", postgresql_where=text("matched_at IS NULL")),
        Index("ix_delivery_receipts_created_date", "created_date", postgresql_using="brin"),
    )


class ReceiptQuestion(Model):
    """A mail of which nothing was heard, and that its provider was asked about."""

    __tablename__ = "receipt_questions"

    delivery_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    asked: Mapped[int]
    not_before: Mapped[datetime]
