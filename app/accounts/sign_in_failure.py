"""Failed tries to sign in, by account and by address (both as keyed hashes): what the throttle counts."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from app.db import Model, bigint_key, now_column


class SignInFailure(Model):
    __tablename__ = "sign_in_failures"

    id: Mapped[int] = bigint_key()
    subject: Mapped[str]
    at: Mapped[datetime] = now_column()

    __table_args__ = (Index("ix_sign_in_failures_subject_at", "subject", "at"),)
