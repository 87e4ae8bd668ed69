"""An address that gets nothing, and why: it bounced for good, somebody complained, or it was listed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Model, bigint_key, now_column

REASONS = {"hard_bounce": "bounced_at", "complaint": "complained_at", "manual": "listed_at"}


class Suppression(Model):
    __tablename__ = "suppressions"

    id: Mapped[int] = bigint_key()
    email_folded: Mapped[str]
    bounced_at: Mapped[datetime | None]
    complained_at: Mapped[datetime | None]
    listed_at: Mapped[datetime | None]
    source: Mapped[str]  # who said so last: “LMS (API)”, “import 7”, a name
    note: Mapped[str] = mapped_column(server_default=text("''"))
    created_date: Mapped[datetime] = now_column()
    updated_date: Mapped[datetime] = now_column()

    __table_args__ = (
        CheckConstraint("num_nonnulls(bounced_at, complained_at, listed_at) > 0", name="why"),
        Index("uq_suppressions_email_folded", "email_folded", unique=True),
        Index("ix_suppressions_updated_date_id", "updated_date", "id"),
    )

    @property
    def reasons(self) -> dict[str, datetime]:
        moments = {reason: getattr(self, column) for reason, column in REASONS.items()}
        return {reason: at for reason, at in moments.items() if at}


class ForgottenAddress(Model):
    """Of an erased person only a keyed hash of the address is left, so that nobody writes there again."""

    __tablename__ = "forgotten_addresses"

    address_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    withdrawn_at: Mapped[datetime]
    bounced_at: Mapped[datetime | None]
    complained_at: Mapped[datetime | None]
    listed_at: Mapped[datetime | None]
