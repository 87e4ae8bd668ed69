"""Mail to somebody who is no customer: a test, an alert, the answer to a sign-up. Work until it is handed over."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.claims import Claimable
from app.db import Model, bigint_key, now_column


class Notice(Claimable, Model):
    __tablename__ = "notices"

    id: Mapped[int] = bigint_key()
    kind: Mapped[str]
    to_email: Mapped[str]
    subject: Mapped[str]
    html: Mapped[str]
    text: Mapped[str]
    headers: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=sql("'{}'::jsonb"))
    by_name: Mapped[str]
    sender: Mapped[str | None]  # settled when it first leaves, so that the same bytes go out under the same key
    posted_at: Mapped[datetime | None]  # when it first left this machine
    created_date: Mapped[datetime] = now_column()
    sent_at: Mapped[datetime | None]
    provider_id: Mapped[str | None]

    __table_args__ = (Index("ix_notices_due", "not_before", "id", postgresql_where=sql("waiting_since IS NOT NULL")),)
