"""An order of the shop. Whose it is may be known later: then it waits under what named them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Model, bigint_key, now_column

STATUSES = ("paid", "cancelled", "refunded")


class Order(Model):
    __tablename__ = "orders"

    id: Mapped[int] = bigint_key()
    order_id: Mapped[str]  # the shop's own
    customer_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("customers.id"))
    lms_lead_id: Mapped[str | None]
    email_folded: Mapped[str | None]
    total: Mapped[int] = mapped_column(BigInteger)  # minor units
    currency: Mapped[str]
    status: Mapped[str]
    refunded_total: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    items: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default=text("'[]'::jsonb"))
    ref: Mapped[str | None]
    occurred_at: Mapped[datetime]
    created_date: Mapped[datetime] = now_column()
    updated_date: Mapped[datetime] = now_column()

    __table_args__ = (
        CheckConstraint("status IN ('paid', 'cancelled', 'refunded')", name="status"),
        CheckConstraint("num_nonnulls(customer_id, lms_lead_id, email_folded) > 0", name="who"),
        Index("uq_orders_order_id", "order_id", unique=True),
        Index("ix_orders_customer_id_occurred_at", "customer_id", "occurred_at"),
        Index("ix_orders_items", "items", postgresql_using="gin", postgresql_ops={"items": "jsonb_path_ops"}),
        Index("ix_orders_waiting_lms_lead_id", "lms_lead_id", postgresql_where=text("customer_id IS NULL")),
        Index("ix_orders_waiting_email_folded", "email_folded", postgresql_where=text("customer_id IS NULL")),
    )
