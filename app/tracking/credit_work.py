"""Whose conversions are to be looked at again: one person since a moment, or everybody from one number to another."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.claims import Claimable
from app.db import Model, bigint_key


class CreditWork(Claimable, Model):
    """A trigger adds one whenever an order changes; nothing that happened before `since` has changed."""

    __tablename__ = "credit_work"

    id: Mapped[int] = bigint_key()
    customer_id: Mapped[int] = mapped_column(BigInteger)
    since: Mapped[datetime]

    __table_args__ = (
        Index("ix_credit_work_waiting", "not_before", "id", postgresql_where=text("waiting_since IS NOT NULL")),
        Index("ix_credit_work_failed", "failed_at", postgresql_where=text("failed_at IS NOT NULL")),
    )


class Recount(Claimable, Model):
    """A slice of all customers, from the beginning of time."""

    __tablename__ = "recounts"

    id: Mapped[int] = bigint_key()
    first_id: Mapped[int] = mapped_column(BigInteger)
    last_id: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (
        Index("ix_recounts_waiting", "not_before", "id", postgresql_where=text("waiting_since IS NOT NULL")),
        Index("ix_recounts_failed", "failed_at", postgresql_where=text("failed_at IS NOT NULL")),
    )
