"""Something that mails are written for, counted once: an order, an event, or joining a segment."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Model, bigint_key, now_column

KINDS = ("order", "event", "segment")
RULES = ("last_click", "last_send", "first_click")
TOUCHES = ("send", "click", "ref")


class Conversion(Model):
    """Money in minor units. `key` names what happened for ever: told twice, it counts once."""

    __tablename__ = "conversions"

    id: Mapped[int] = bigint_key()
    key: Mapped[str]
    kind: Mapped[str]
    customer_id: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime]
    order_id: Mapped[str | None]
    ref_delivery_id: Mapped[int | None] = mapped_column(BigInteger)  # the mail that the shop names itself
    amount: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    refunded: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    currency: Mapped[str | None]
    created_date: Mapped[datetime] = now_column()

    __table_args__ = (
        CheckConstraint(f"kind IN ({', '.join(map(repr, KINDS))})", name="kind"),
        CheckConstraint("refunded BETWEEN 0 AND amount", name="refunded"),
        Index("uq_conversions_key", "key", unique=True),
        Index("ix_conversions_customer_id_at", "customer_id", "at"),
        Index("ix_conversions_at_id", "at", "id"),
    )


class Attribution(Model):
    """The one mail that a rule gives the credit for it; all of them can be worked out again."""

    __tablename__ = "attributions"

    conversion_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("conversions.id", ondelete="CASCADE"), primary_key=True
    )
    rule: Mapped[str] = mapped_column(Text, primary_key=True)
    delivery_id: Mapped[int] = mapped_column(BigInteger)
    run_id: Mapped[int] = mapped_column(BigInteger)
    touch: Mapped[str]
    touched_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint(f"rule IN ({', '.join(map(repr, RULES))})", name="rule"),
        CheckConstraint(f"touch IN ({', '.join(map(repr, TOUCHES))})", name="touch"),
        Index("ix_attributions_delivery_id", "delivery_id"),
        Index("ix_attributions_run_id_rule", "run_id", "rule"),
    )
