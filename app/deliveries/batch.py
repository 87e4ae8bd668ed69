"""A batch: up to a hundred mails of one run that go out in one call, and the exact bytes of that call."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from app.claims import Claimable
from app.db import Model, bigint_key

STATES = ("open", "sealed", "posting", "done", "uncertain", "held")


class Batch(Claimable, Model):
    """open → sealed → posting → done. From `posting` on the provider may have it: the same bytes, the same key.

    `held`: not offered to anybody until the first of its run are out, see `canary`.
    """

    __tablename__ = "batches"

    id: Mapped[int] = bigint_key()
    run_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("runs.id", ondelete="CASCADE"))
    part: Mapped[int]
    lane: Mapped[int] = mapped_column(server_default=text("2"))  # the lowest goes first, see `runs.lane`
    state: Mapped[str] = mapped_column(server_default=text("'open'"))
    key: Mapped[str | None]
    payload: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    sealed_ids: Mapped[list[int] | None] = mapped_column(ARRAY(BigInteger))  # deliveries, in the order of the payload
    posted_at: Mapped[datetime | None]  # when it first left this machine
    held_for: Mapped[str | None]  # a limit, or a pause, that made it wait
    meant_for: Mapped[datetime | None]  # when it was to go out; none: at the time of its run

    __table_args__ = (
        CheckConstraint(f"state IN ({', '.join(map(repr, STATES))})", name="state"),
        Index("uq_batches_run_id_part", "run_id", "part", unique=True),
        Index("ix_batches_due", "lane", "not_before", "id", postgresql_where=text("waiting_since IS NOT NULL")),
    )


class RunAddress(Model):
    """One mail per address and run: whoever is sealed first has it."""

    __tablename__ = "run_addresses"

    run_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True)
    email_folded: Mapped[str] = mapped_column(primary_key=True)
    delivery_id: Mapped[int] = mapped_column(BigInteger)


class WarmDay(Model):
    """How many mails a day has had, of the team's zone, while a warm-up plan says how many it may have."""

    __tablename__ = "warm_days"

    day: Mapped[date] = mapped_column(primary_key=True)
    mails: Mapped[int]
