"""The answer to a POST that carried an Idempotency-Key, kept for a day beside what it did."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Model, now_column


class IdempotencyKey(Model):
    __tablename__ = "idempotency_keys"

    api_key_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("api_keys.id", ondelete="CASCADE"), primary_key=True)
    path: Mapped[str] = mapped_column(Text, primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    body_hash: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[int]
    answer: Mapped[bytes] = mapped_column(LargeBinary)
    created_date: Mapped[datetime] = now_column()

    __table_args__ = (Index("ix_idempotency_keys_created_date", "created_date"),)
