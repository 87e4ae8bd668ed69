"""What waits, and what became of what waited, for the pages that tell it: of one automation, of one customer."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func, select

from app.automations import waits
from app.automations.answering import FIRED
from app.automations.automation import Automation
from app.automations.trigger_wait import TriggerWait
from app.db import db

SHOWN = 10


@dataclass(frozen=True)
class Awaited:
    """`next_at`: when the first of those who wait is due."""

    count: int
    next_at: datetime | None
    settled: list[TriggerWait]


@dataclass(frozen=True)
class OfCustomer:
    """The next first; and the latest that came to nothing."""

    waiting: list[tuple[TriggerWait, Automation]] = field(default_factory=list)
    without: list[tuple[TriggerWait, Automation]] = field(default_factory=list)


def of(automation: Automation) -> Awaited:
    mine = TriggerWait.automation_id == automation.id
    open_ = select(func.count(), func.min(TriggerWait.due_at)).where(mine, TriggerWait.outcome.is_(None))
    count, next_at = db.session.execute(open_).one()
    over = select(TriggerWait).where(mine, TriggerWait.settled_at.is_not(None))
    latest = over.order_by(TriggerWait.settled_at.desc(), TriggerWait.id.desc()).limit(SHOWN)
    return Awaited(count, next_at, list(db.session.scalars(latest)))


def of_customer(customer_id: int) -> OfCustomer:
    theirs = waits.of_customer(customer_id, 10 * SHOWN)
    waiting = sorted((one for one in theirs if one[0].outcome is None), key=lambda one: one[0].due_at)
    without = [one for one in theirs if one[0].outcome not in (None, FIRED)]
    return OfCustomer(waiting[:SHOWN], without[:SHOWN])
