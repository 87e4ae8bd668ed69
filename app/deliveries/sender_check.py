"""A domain that mail comes from: what was found when it was last looked up, and when it is looked up next."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Text
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.claims import Claimable
from app.db import Model


class SenderCheck(Claimable, Model):
    """`provider`: whose answer it was; what one says of a domain means nothing to another."""

    __tablename__ = "sender_checks"

    domain: Mapped[str] = mapped_column(Text, primary_key=True)
    provider: Mapped[str | None]
    checked_at: Mapped[datetime | None]
    findings: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=sql("'{}'::jsonb"))
