"""What is counted anew in the background: what sells best and what goes with what."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Model


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
