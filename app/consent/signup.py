"""Somebody who asked for mail on our page: a customer only once they have confirmed it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, func, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Model, bigint_key, now_column


class Signup(Model):
    __tablename__ = "signups"

    id: Mapped[int] = bigint_key()
    email: Mapped[str]
    first_name: Mapped[str | None]
    last_name: Mapped[str | None]
    timezone: Mapped[str | None]
    topic_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    shown: Mapped[str]
    caller_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_date: Mapped[datetime] = now_column()
    confirmed_at: Mapped[datetime | None]
    mailed_at: Mapped[datetime | None]  # the link, the last time
    mails: Mapped[int] = mapped_column(server_default=text("0"))
    customer_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("customers.id", ondelete="SET NULL"))

    __table_args__ = (
        Index("ix_signups_created_date_id", "created_date", "id"),
        Index("ix_signups_customer_id", "customer_id"),
        Index("ix_signups_mailed_at", "mailed_at"),
    )


Index("ix_signups_email_folded", func.lower(Signup.email))
