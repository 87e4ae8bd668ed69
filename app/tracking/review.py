"""Everything is judged again: asked for by somebody, or because the rules have changed since."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.claims import Claimable
from app.db import Model, bigint_key, now_column


class Review(Claimable, Model):
    """In the order of mails; `up_to` is the last that was looked at."""

    __tablename__ = "hit_reviews"

    id: Mapped[int] = bigint_key()
    rules: Mapped[int]
    by_name: Mapped[str]
    created_date: Mapped[datetime] = now_column()
    up_to: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    mails: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    changed: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    finished_at: Mapped[datetime | None]

    __table_args__ = (
        Index("ix_hit_reviews_due", "not_before", "id", postgresql_where=text("waiting_since IS NOT NULL")),
    )
