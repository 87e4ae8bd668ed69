"""A link that lets somebody set a password: an invitation, or a reset of a forgotten one."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.user import User
from app.db import Model, bigint_key, now_column


class Invitation(Model):
    __tablename__ = "invitations"

    id: Mapped[int] = bigint_key()
    user_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id", ondelete="CASCADE"))
    purpose: Mapped[str]
    token_hash: Mapped[str | None]  # none: a forgotten password, for which nobody has made a link yet
    created_date: Mapped[datetime] = now_column()
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]

    user: Mapped[User] = relationship()

    __table_args__ = (
        CheckConstraint("purpose IN ('invitation', 'reset')", name="purpose"),
        Index("uq_invitations_token_hash", "token_hash", unique=True),
        Index("ix_invitations_user_id", "user_id"),
    )
