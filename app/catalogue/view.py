"""Somebody looked at a product. The table is partitioned by weeks, which go once they are older than is kept."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Model


class ProductView(Model):
    """`name`, `price` and `category` are what this person saw. Nobody's: it waits under what named them."""

    __tablename__ = "product_views"

    viewed_at: Mapped[datetime] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    customer_id: Mapped[int | None] = mapped_column(BigInteger)
    lms_lead_id: Mapped[str | None]
    session_id: Mapped[str | None]
    product_id: Mapped[str]  # the shop's own; the catalogue may not know it
    name: Mapped[str | None]
    price: Mapped[int | None] = mapped_column(BigInteger)  # minor units
    category: Mapped[str | None]
    referrer: Mapped[str | None]
    device_type: Mapped[str | None]
    seconds: Mapped[int | None]

    __table_args__ = (
        Index(
            "ix_product_views_customer_id_viewed_at",
            "customer_id",
            "viewed_at",
            postgresql_include=["product_id"],
            postgresql_where=text("customer_id IS NOT NULL"),
        ),
        Index("ix_product_views_product_id_viewed_at", "product_id", "viewed_at"),
        Index("ix_product_views_session_id", "session_id", postgresql_where=text("customer_id IS NULL")),
        Index(
            "ix_product_views_lms_lead_id",
            "lms_lead_id",
            postgresql_where=text("customer_id IS NULL AND lms_lead_id IS NOT NULL"),
        ),
        {"postgresql_partition_by": "RANGE (viewed_at)"},
    )
