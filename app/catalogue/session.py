"""Whose a session of the shop is: from when on, and until somebody else signs in with it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Model, bigint_key


class Session(Model):
    __tablename__ = "sessions"

    id: Mapped[int] = bigint_key()
    session_id: Mapped[str]
    customer_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("customers.id"))
    from_at: Mapped[datetime]
    to_at: Mapped[datetime | None]

    __table_args__ = (
        Index("uq_sessions_session_id", "session_id", unique=True, postgresql_where=text("to_at IS NULL")),
        Index("ix_sessions_session_id_from_at", "session_id", "from_at"),
        Index("ix_sessions_customer_id", "customer_id"),
    )
