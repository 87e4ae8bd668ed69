"""The account at the provider: open, or closed for a reason until a time or until a person says so."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Model


class ProviderAccount(Model):
    """`opens_at`: when it opens by itself, like a quota at the end of its day; none: a person opens it."""

    __tablename__ = "provider_accounts"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    closed_for: Mapped[str | None]
    closed_at: Mapped[datetime | None]
    opens_at: Mapped[datetime | None]
