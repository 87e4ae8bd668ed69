"""A person of the team, their role, and what a role may do."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Model, bigint_key, now_column

ROLES = ("admin", "marketer", "editor", "viewer")
MAY = {
    "read": {"viewer", "editor", "marketer", "admin"},
    "edit": {"editor", "marketer", "admin"},
    "send": {"marketer", "admin"},
    "administer": {"admin"},
}


class User(Model):
    __tablename__ = "users"

    id: Mapped[int] = bigint_key()
    email: Mapped[str]
    name: Mapped[str]
    role: Mapped[str]
    password_hash: Mapped[str | None]
    # Sessions carry this number; a new password or role raises it, which ends all older sessions.
    session_epoch: Mapped[int] = mapped_column(server_default=text("1"))
    created_date: Mapped[datetime] = now_column()
    last_seen_at: Mapped[datetime | None]
    wants_monday_mail: Mapped[bool] = mapped_column(server_default=text("false"))

    __table_args__ = (
        CheckConstraint("role IN ('admin', 'marketer', 'editor', 'viewer')", name="role"),
        Index("uq_users_email_folded", text("lower(email)"), unique=True),
    )

    def may(self, what: str) -> bool:
        return self.role in MAY[what]

    @property
    def initials(self) -> str:
        return "".join(word[0] for word in self.name.split()[:2]).upper() or "?"
