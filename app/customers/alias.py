"""Whom a merge left: the id and the lead id of a customer who is now part of another."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Model, bigint_key, now_column


class CustomerAlias(Model):
    __tablename__ = "customer_aliases"

    id: Mapped[int] = bigint_key()
    merged_id: Mapped[int] = mapped_column(BigInteger)
    lms_lead_id: Mapped[str | None]
    customer_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("customers.id", ondelete="CASCADE"))
    created_date: Mapped[datetime] = now_column()

    __table_args__ = (
        Index("uq_customer_aliases_merged_id", "merged_id", unique=True),
        Index("uq_customer_aliases_lms_lead_id", "lms_lead_id", unique=True),
        Index("ix_customer_aliases_customer_id", "customer_id"),
    )
