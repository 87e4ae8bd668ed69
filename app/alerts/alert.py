"""An alert: what happened, in a sentence for a marketer, and where to look. It quotes no customer."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Model, bigint_key, now_column

STANDS = text("settled_at IS NULL")


class Alert(Model):
    """`cause` names what it is about, like run-lost:7; of each there is one that stands."""

    __tablename__ = "alerts"

    id: Mapped[int] = bigint_key()
    cause: Mapped[str]
    title: Mapped[str]
    said: Mapped[str] = mapped_column(server_default=text("''"))
    path: Mapped[str]  # where to look
    is_mailed: Mapped[bool] = mapped_column(server_default=text("true"))  # not about what mail itself needs
    mailed_at: Mapped[datetime | None]
    created_date: Mapped[datetime] = now_column()
    settled_at: Mapped[datetime | None]
    settled_how: Mapped[str | None]
    is_dismissed: Mapped[bool] = mapped_column(server_default=text("false"))  # by somebody, who has seen it

    __table_args__ = (
        Index("uq_alerts_cause", "cause", unique=True, postgresql_where=STANDS),
        Index("ix_alerts_created_date_id", "created_date", "id"),
        Index("ix_alerts_cause_mailed_at", "cause", "mailed_at"),
    )
