"""Where one other system listens, to what, and the secret by which it knows that it is us."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, ForeignKey, Index, SmallInteger, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.claims import Claimable
from app.db import Model, bigint_key, now_column

KINDS = {
    "mail.delivered": "The mail server of the receiver took it",
    "mail.clicked": "Somebody followed a link of a mail, for the first time (no machine)",
    "mail.unsubscribed": "Somebody unsubscribed by a link of the mail",
    "mail.bounced": "The mail came back",
    "mail.complained": "The mail was reported as spam",
    "mail.converted": "The mail has the credit for what it was sent for",
    "alert.raised": "Something went wrong here that a person should know of",
}
TEST = "test"


class Hook(Model):
    """It hears of what happens `since` then. After a failure it `rests_until` it is called again."""

    __tablename__ = "hooks"

    id: Mapped[int] = bigint_key()
    name: Mapped[str]
    url: Mapped[str]
    kinds: Mapped[list[str]] = mapped_column(ARRAY(Text))
    secret: Mapped[str]
    earlier_secret: Mapped[str | None]  # still signed with, beside the new one, for a day
    earlier_until: Mapped[datetime | None]
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    off_reason: Mapped[str | None]  # why it was switched off, where nobody did it
    since: Mapped[datetime] = now_column()
    failing_since: Mapped[datetime | None]
    rests_until: Mapped[datetime | None]
    created_date: Mapped[datetime] = now_column()

    __table_args__ = (CheckConstraint("cardinality(kinds) > 0", name="kinds"),)

    def secrets(self, now: datetime) -> list[str]:
        is_changing = self.earlier_secret and self.earlier_until and now < self.earlier_until
        return [self.secret, self.earlier_secret] if is_changing and self.earlier_secret else [self.secret]


class HookAttempt(Claimable, Model):
    """One fact for one hook: what is told stays as it was when it happened, under one id however often it is called."""

    __tablename__ = "hook_attempts"

    id: Mapped[int] = bigint_key()
    hook_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("hooks.id", ondelete="CASCADE"))
    key: Mapped[str]  # names the fact for ever
    kind: Mapped[str]
    message_id: Mapped[UUID] = mapped_column(server_default=text("gen_random_uuid()"))
    customer_id: Mapped[int | None] = mapped_column(BigInteger)
    payload: Mapped[dict[str, Any]]
    created_date: Mapped[datetime] = now_column()
    tried_at: Mapped[datetime | None]
    status: Mapped[int | None] = mapped_column(SmallInteger)  # of the last answer
    answer: Mapped[str | None]  # how it began
    done_at: Mapped[datetime | None]
    given_up_at: Mapped[datetime | None]

    __table_args__ = (
        Index("uq_hook_attempts_hook_id_key", "hook_id", "key", unique=True),
        Index("ix_hook_attempts_hook_id_id", "hook_id", "id"),
        Index("ix_hook_attempts_customer_id", "customer_id", postgresql_where=text("customer_id IS NOT NULL")),
        Index("ix_hook_attempts_created_date", "created_date", postgresql_using="brin"),
        Index("ix_hook_attempts_waiting", "not_before", "id", postgresql_where=text("waiting_since IS NOT NULL")),
        Index("ix_hook_attempts_failed", "failed_at", postgresql_where=text("failed_at IS NOT NULL")),
    )
