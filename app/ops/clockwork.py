"""What comes round by itself, as rows of work: one for each recurring job, claimed like any other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import CheckConstraint, Text
from sqlalchemy.orm import Mapped, mapped_column

from app import claims, pump
from app.claims import Claim, Claimable
from app.db import Model, db

QUEUES = ("events", "runs", "send", "upkeep")  # those that have recurring jobs


class RecurringRow(Claimable, Model):
    __tablename__ = "recurring"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    queue: Mapped[str]
    every: Mapped[timedelta]
    last_finished_at: Mapped[datetime | None]
    took_ms: Mapped[int | None]

    __table_args__ = (CheckConstraint("every > interval '0'", name="every"),)


@dataclass(frozen=True)
class Clockwork(pump.Work):
    """A recurring job is never done for good and never set aside: it comes round again."""

    def finish(self, claim: Claim, now: datetime) -> None:
        row = db.session.get_one(RecurringRow, claim.key)
        at = _next(row.not_before, row.every, now)
        took = int((now - (row.claimed_at or now)).total_seconds() * 1000)
        claims.finish(
            RecurringRow, [claim], waiting_since=at, not_before=at, attempts=0, last_finished_at=now, took_ms=took
        )

    def fail(self, claim: Claim, error: Exception, now: datetime) -> None:
        row = db.session.get_one(RecurringRow, claim.key)
        regular = _next(row.not_before, row.every, now)
        if claim.attempts >= self.most:
            claims.put_off(RecurringRow, claim, regular, pump.reason(error), 0)
        else:
            soon = min(now + pump.pause_after(claim.attempts), regular)
            claims.put_off(RecurringRow, claim, soon, pump.reason(error), claim.attempts)


def work(queue: str) -> Clockwork:
    return Clockwork(
        said="Recurring jobs",
        model=RecurringRow,
        queue=queue,
        job=f"recurring.{queue}",
        batch=1,
        is_clockwork=True,
        only=(RecurringRow.queue == queue,),
    )


def _next(due: datetime, every: timedelta, now: datetime) -> datetime:
    """The first of due + n × every that is still to come."""
    return due + every * max((now - due) // every + 1, 1)


CLOCKWORKS = tuple(map(work, QUEUES))
