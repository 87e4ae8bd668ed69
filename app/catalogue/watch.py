"""Somebody wants to hear when a product costs less, or is there again."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Model, bigint_key, now_column


class Watch(Model):
    """`seen_price`: what it cost when they began to watch it; `updated_date`: when they last asked for it."""

    __tablename__ = "watchlist"

    id: Mapped[int] = bigint_key()
    customer_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("customers.id"))
    lms_lead_id: Mapped[str | None]
    session_id: Mapped[str | None]
    product_id: Mapped[str]  # the shop's own; the catalogue may not know it yet
    target_price: Mapped[int | None] = mapped_column(BigInteger)  # minor units
    seen_price: Mapped[int | None] = mapped_column(BigInteger)
    on_price_drop: Mapped[bool] = mapped_column(server_default=text("true"))
    on_restock: Mapped[bool] = mapped_column(server_default=text("true"))
    created_date: Mapped[datetime] = now_column()
    updated_date: Mapped[datetime] = now_column()

    __table_args__ = (
        CheckConstraint("target_price >= 0", name="target_price"),
        CheckConstraint("num_nonnulls(customer_id, lms_lead_id, session_id) > 0", name="who"),
        Index("uq_watchlist_customer_id_product_id", "customer_id", "product_id", unique=True),
        Index(
            "uq_watchlist_lms_lead_id",
            "lms_lead_id",
            "product_id",
            unique=True,
            postgresql_where=text("customer_id IS NULL"),
        ),
        Index(
            "uq_watchlist_session_id",
            "session_id",
            "product_id",
            unique=True,
            postgresql_where=text("customer_id IS NULL AND lms_lead_id IS NULL"),
        ),
        Index("ix_watchlist_product_id", "product_id", "updated_date", postgresql_include=["customer_id"]),
    )
