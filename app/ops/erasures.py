"""A person who is being erased: which rooms are done, and what each of them did."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.claims import Claimable
from app.db import Model, bigint_key, now_column


class Erasure(Claimable, Model):
    __tablename__ = "erasures"

    id: Mapped[int] = bigint_key()
    customer_id: Mapped[int] = mapped_column(BigInteger)
    by_name: Mapped[str]
    created_date: Mapped[datetime] = now_column()
    steps: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))
    finished_at: Mapped[datetime | None]

    __table_args__ = (
        Index("uq_erasures_customer_id", "customer_id", unique=True),
        Index("ix_erasures_due", "not_before", "id", postgresql_where=text("waiting_since IS NOT NULL")),
    )
