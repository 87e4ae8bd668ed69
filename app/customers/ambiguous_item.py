"""An address that named somebody, and fits several: a person decides who is meant."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Model, bigint_key, now_column


class AmbiguousItem(Model):
    __tablename__ = "ambiguous_items"

    id: Mapped[int] = bigint_key()
    email_folded: Mapped[str]
    count: Mapped[int] = mapped_column(BigInteger, server_default=text("1"))
    source: Mapped[str]  # who named it last
    first_at: Mapped[datetime] = now_column()
    last_at: Mapped[datetime] = now_column()
    settled_at: Mapped[datetime | None]
    settled_how: Mapped[str | None]

    __table_args__ = (
        Index(
            "uq_ambiguous_items_email_folded",
            "email_folded",
            unique=True,
            postgresql_where=text("settled_at IS NULL"),
        ),
        Index("ix_ambiguous_items_last_at_id", "last_at", "id"),
    )
