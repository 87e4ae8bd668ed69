"""An address that mail may come from."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Model, bigint_key, now_column


class Sender(Model):
    __tablename__ = "senders"

    id: Mapped[int] = bigint_key()
    name: Mapped[str]
    email: Mapped[str]
    reply_to: Mapped[str | None]
    is_default: Mapped[bool] = mapped_column(server_default=text("false"))
    created_date: Mapped[datetime] = now_column()

    __table_args__ = (
        Index("uq_senders_email_folded", text("lower(email)"), unique=True),
        Index("uq_senders_is_default", "is_default", unique=True, postgresql_where=text("is_default")),
    )
