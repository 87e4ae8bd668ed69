"""Codes that lower a price: one for everybody, one made for each mail, or those of a list, each given away once."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, func, text
from sqlalchemy.orm import Mapped, column_property, mapped_column

from app.db import Model, bigint_key, now_column

FIXED, GENERATED, UPLOADED = KINDS = ("fixed", "generated", "uploaded")


class DiscountPool(Model):
    """`code`: of a fixed one; `prefix`: of those that are made; `amount`: as people read it, like “10 %”."""

    __tablename__ = "discount_pools"

    id: Mapped[int] = bigint_key()
    name: Mapped[str] = mapped_column()
    kind: Mapped[str]
    code: Mapped[str | None]
    prefix: Mapped[str] = mapped_column(server_default=text("''"))
    amount: Mapped[str] = mapped_column(server_default=text("''"))
    warn_below: Mapped[int] = mapped_column(server_default=text("0"))
    version: Mapped[int] = mapped_column(server_default=text("1"))
    changed_by: Mapped[str] = mapped_column(server_default=text("''"))
    created_date: Mapped[datetime] = now_column()
    updated_date: Mapped[datetime] = now_column()
    sort_name: Mapped[str] = column_property(func.lower(name))

    __table_args__ = (
        CheckConstraint("kind IN ('fixed', 'generated', 'uploaded')", name="kind"),
        CheckConstraint("(kind = 'fixed') = (code IS NOT NULL)", name="fixed"),
        Index("uq_discount_pools_name", func.lower(name), unique=True),
    )


class DiscountCode(Model):
    """Free until a mail takes it; then it is that mail's for ever."""

    __tablename__ = "discount_codes"

    id: Mapped[int] = bigint_key()
    pool_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("discount_pools.id", ondelete="CASCADE"))
    code: Mapped[str]
    customer_id: Mapped[int | None] = mapped_column(BigInteger)
    delivery_id: Mapped[int | None] = mapped_column(BigInteger)
    taken_at: Mapped[datetime | None]

    __table_args__ = (
        Index("uq_discount_codes_pool_id_code", "pool_id", "code", unique=True),
        Index("uq_discount_codes_delivery_id", "delivery_id", unique=True),
        Index("ix_discount_codes_free", "pool_id", "id", postgresql_where=text("taken_at IS NULL")),
        Index("ix_discount_codes_customer_id", "customer_id"),
    )
