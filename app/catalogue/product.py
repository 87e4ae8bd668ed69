"""A product of the shop, and what its price and stock were."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Model, bigint_key, now_column


class Product(Model):
    __tablename__ = "products"

    id: Mapped[int] = bigint_key()
    product_id: Mapped[str]  # the shop's own
    name: Mapped[str | None]
    category: Mapped[str | None]
    price: Mapped[int | None] = mapped_column(BigInteger)  # minor units
    currency: Mapped[str | None]
    stock: Mapped[int | None] = mapped_column(BigInteger)
    in_stock: Mapped[bool | None]
    image_url: Mapped[str | None]
    url: Mapped[str | None]
    created_date: Mapped[datetime] = now_column()
    updated_date: Mapped[datetime] = now_column()

    __table_args__ = (
        CheckConstraint("price >= 0", name="price"),
        CheckConstraint("stock >= 0", name="stock"),
        Index("uq_products_product_id", "product_id", unique=True),
        Index("ix_products_category", "category"),
    )


class ProductChange(Model):
    __tablename__ = "product_changes"

    id: Mapped[int] = bigint_key()
    product_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("products.id", ondelete="CASCADE"))
    name: Mapped[str]
    old: Mapped[Any | None] = mapped_column(JSONB(none_as_null=True))
    new: Mapped[Any | None] = mapped_column(JSONB(none_as_null=True))
    source: Mapped[str]
    at: Mapped[datetime] = now_column()

    __table_args__ = (
        Index("ix_product_changes_product_id_at", "product_id", "at"),
        Index("ix_product_changes_name_at", "name", "at"),
    )
