"""The key of another system: shown once, kept as a hash, limited to its scopes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index
from sqlalchemy.dialects.postgresql import ARRAY, TEXT
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.user import User
from app.db import Model, bigint_key, now_column

SCOPES = ("ingest", "read", "write", "send", "admin")


class ApiKey(Model):
    __tablename__ = "api_keys"

    id: Mapped[int] = bigint_key()
    name: Mapped[str]
    prefix: Mapped[str]
    key_hash: Mapped[str]
    scopes: Mapped[list[str]] = mapped_column(ARRAY(TEXT))
    created_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id", ondelete="SET NULL"))
    created_date: Mapped[datetime] = now_column()
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

    maker: Mapped[User | None] = relationship(lazy="raise")

    __table_args__ = (
        Index("uq_api_keys_key_hash", "key_hash", unique=True),
        Index("ix_api_keys_created_by", "created_by"),
    )

    def allows(self, scope: str) -> bool:
        return scope in self.scopes or "admin" in self.scopes
