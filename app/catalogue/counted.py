"""What is counted anew in the background: what sells best, what goes with what, and what becomes of carts."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Model, bigint_key


class BestSeller(Model):
    __tablename__ = "best_sellers"

    category: Mapped[str] = mapped_column(primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[str]
    sold: Mapped[int] = mapped_column(BigInteger)


class ProductPair(Model):
    """Who looked at the one looked at the other, too; or bought it."""

    __tablename__ = "product_pairs"

    kind: Mapped[str] = mapped_column(primary_key=True)
    product_id: Mapped[str] = mapped_column(primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True)
    other_id: Mapped[str]
    times: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (CheckConstraint("kind IN ('viewed', 'bought')", name="kind"),)


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
    )
