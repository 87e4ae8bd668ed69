"""What limits the mail of a run: its own limits, frozen with it, and those of the whole team as they are now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import select

from app.db import db
from app.deliveries import discounting, throttle
from app.deliveries.batch import Batch
from app.deliveries.run import Run
from app.settings import limits as of_team
from app.settings.limits import Cap, QuietHours, WarmUp

LEAST_LATE = timedelta(hours=1)  # a run takes time to go out: nobody is too late because of that


@dataclass(frozen=True)
class Limits:
    """Nothing, unless somebody set it."""

    caps: tuple[Cap, ...] = ()
    quiet: tuple[QuietHours, ...] = ()
    warm_up: WarmUp | None = None
    per_minute: int | None = None
    late: timedelta | None = None

    @property
    def of_a_call(self) -> int:
        """The most mails that go out together."""
        return throttle.size(self.per_minute) if self.per_minute else throttle.MOST

    def is_too_late(self, batch: Batch, run: Run, now: datetime) -> bool:
        """What only waited for its turn, or for codes, never is: it was held, by a limit or by a person."""
        if self.late is None or batch.held_for in (None, discounting.NAME):
            return False
        return now - (batch.meant_for or run.planned_for) > max(self.late, LEAST_LATE)


NONE = Limits()


def found(run_id: int) -> tuple[Run, Limits]:
    """In one statement: a run without limits pays nothing for them."""
    asked = select(Run, of_team.VALUE).where(Run.id == run_id)
    run, value = db.session.execute(asked, execution_options={"populate_existing": True}).one()
    return run, of(run.purpose, run.limits, of_team.of(value))


def of(purpose: str, own: dict[str, Any], team: of_team.Limits) -> Limits:
    """Somebody waits for a transactional mail: what the team set for all does not hold it, and caps never do."""
    is_awaited = purpose == "transactional"
    cap = msgspec.convert(own["cap"], Cap) if own.get("cap") else None
    quiet = msgspec.convert(own["quiet_hours"], QuietHours) if own.get("quiet_hours") else None
    hours = own.get("late_hours")
    return Limits(
        caps=_those(cap, team.cap) if purpose == "promotional" else (),
        quiet=() if is_awaited else _those(quiet, team.quiet_hours),
        warm_up=None if is_awaited else team.warm_up,
        per_minute=own.get("throttle_per_minute"),
        late=None if hours is None else timedelta(hours=hours),
    )


def _those(*some: Any) -> tuple[Any, ...]:
    return tuple(one for one in some if one is not None)
