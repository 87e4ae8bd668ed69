"""A product of the shop, and what its price and stock were."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Computed, ForeignKey, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Model, bigint_key, now_column

SORT_NAME = "fold(coalesce(name, product_id))"
SORT_PRICE = "coalesce(price, -1)"
SORT_STOCK = "coalesce(stock, CASE WHEN in_stock THEN 1 WHEN NOT in_stock THEN 0 ELSE -1 END)"
SEARCH_TEXT = "fold(' ' || product_id || ' ' || coalesce(name, '') || ' ' || coalesce(category, ''))"


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
    import_id: Mapped[int | None] = mapped_column(BigInteger)  # of the file that created it
    sort_name: Mapped[str] = mapped_column(Text, Computed(SORT_NAME, persisted=True))
    sort_price: Mapped[int] = mapped_column(BigInteger, Computed(SORT_PRICE, persisted=True))
    sort_stock: Mapped[int] = mapped_column(BigInteger, Computed(SORT_STOCK, persisted=True))
    search_text: Mapped[str] = mapped_column(Text, Computed(SEARCH_TEXT, persisted=True), deferred=True)

    __table_args__ = (
        CheckConstraint("price >= 0", name="price"),
        CheckConstraint("stock >= 0", name="stock"),
        Index("uq_products_product_id", "product_id", unique=True),
        Index("ix_products_category", "category"),
        Index("ix_products_sort_name_id", "sort_name", "id"),
        Index("ix_products_sort_price_id", "sort_price", "id"),
        Index("ix_products_sort_stock_id", "sort_stock", "id"),
        Index("ix_products_updated_date_id", "updated_date", "id"),
        Index("ix_products_import_id_id", "import_id", "id", postgresql_where=text("import_id IS NOT NULL")),
        Index(
            "ix_products_search_text",
            "search_text",
            postgresql_using="gin",
            postgresql_ops={"search_text": "gin_trgm_ops"},
        ),
    )

    @property
    def title(self) -> str:
        """Not every shop names its products."""
        return self.name or self.product_id


class ProductChange(Model):
    """Of price, its currency and stock every one; of the other fields those that a file made, to be undone."""

    __tablename__ = "product_changes"

    id: Mapped[int] = bigint_key()
    product_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("products.id", ondelete="CASCADE"))
    name: Mapped[str]
    old: Mapped[Any | None] = mapped_column(JSONB(none_as_null=True))
    new: Mapped[Any | None] = mapped_column(JSONB(none_as_null=True))
    source: Mapped[str]
    at: Mapped[datetime] = now_column()
    import_id: Mapped[int | None] = mapped_column(BigInteger)

    __table_args__ = (
        Index("ix_product_changes_product_id_at", "product_id", "at"),
        Index("ix_product_changes_name_at", "name", "at"),
        Index(
            "ix_product_changes_import_id_product_id",
            "import_id",
            "product_id",
            postgresql_where=text("import_id IS NOT NULL"),
        ),
    )
