"""A person who wants no marketing mail for a while."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Model, now_column


class Pause(Model):
    __tablename__ = "pauses"

    customer_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("customers.id", ondelete="CASCADE"), primary_key=True
    )
    until: Mapped[datetime]
    since: Mapped[datetime] = now_column()
