"""What people can subscribe to. `marketing` is the master over all others."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Model, bigint_key, now_column


class Topic(Model):
    __tablename__ = "topics"

    id: Mapped[int] = bigint_key()
    slug: Mapped[str]
    name: Mapped[str]
    description: Mapped[str] = mapped_column(server_default=text("''"))
    is_master: Mapped[bool] = mapped_column(server_default=text("false"))
    is_on: Mapped[bool] = mapped_column(server_default=text("true"))  # for whoever never said anything
    position: Mapped[int]
    created_date: Mapped[datetime] = now_column()
    archived_at: Mapped[datetime | None]

    __table_args__ = (Index("uq_topics_slug", "slug", unique=True),)
