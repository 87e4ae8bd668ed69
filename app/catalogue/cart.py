"""What lies in somebody's cart now, and what became of carts. Of nobody known it waits under what named them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Model, bigint_key, now_column


class Cart(Model):
    __tablename__ = "carts"

    id: Mapped[int] = bigint_key()
    customer_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("customers.id"))
    lms_lead_id: Mapped[str | None]
    email_folded: Mapped[str | None]
    session_id: Mapped[str | None]
    items: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default=text("'[]'::jsonb"))
    removed: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))  # by product, when
    checkout_url: Mapped[str | None]
    occurred_at: Mapped[datetime]
    created_date: Mapped[datetime] = now_column()
    updated_date: Mapped[datetime] = now_column()

    __table_args__ = (
        CheckConstraint("num_nonnulls(customer_id, lms_lead_id, email_folded, session_id) > 0", name="who"),
        Index("uq_carts_customer_id", "customer_id", unique=True),
        Index(
            "ix_carts_occurred_at",
            "occurred_at",
            postgresql_where=text("customer_id IS NOT NULL AND items <> '[]'::jsonb"),
        ),
        Index("ix_carts_items", "items", postgresql_using="gin", postgresql_ops={"items": "jsonb_path_ops"}),
        Index("uq_carts_session_id", "session_id", unique=True, postgresql_where=text("customer_id IS NULL")),
        Index("uq_carts_lms_lead_id", "lms_lead_id", unique=True, postgresql_where=text("customer_id IS NULL")),
        Index(
            "uq_carts_email_folded",
            "email_folded",
            unique=True,
            postgresql_where=text("customer_id IS NULL AND lms_lead_id IS NULL"),
        ),
    )


class CartRound(Model):
    """A cart from its first product on, kept by triggers of the database: see its migration."""

    __tablename__ = "cart_rounds"

    id: Mapped[int] = bigint_key()
    cart_id: Mapped[int] = mapped_column(BigInteger)
    customer_id: Mapped[int | None] = mapped_column(BigInteger)
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    outcome: Mapped[str | None]
    order_id: Mapped[int | None] = mapped_column(BigInteger)

    __table_args__ = (
        CheckConstraint("outcome IN ('ordered', 'emptied')", name="outcome"),
        Index("uq_cart_rounds_cart_id", "cart_id", unique=True, postgresql_where=text("ended_at IS NULL")),
        Index("ix_cart_rounds_began_at", "began_at"),
        Index("ix_cart_rounds_customer_id", "customer_id", "began_at"),
        Index("ix_cart_rounds_order_id", "order_id", postgresql_where=text("order_id IS NOT NULL")),
    )
