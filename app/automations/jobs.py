"""The back doors of this room."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.automations import planning
from app.claims import Claim
from app.deliveries.run import Run
from app.pump import Work, pump
from app.queue import job, ring

HOUR = 3600


@dataclass(frozen=True)
class Planning(Work):
    """A run that cannot be planned is told to somebody."""

    def fail(self, claim: Claim, error: Exception, now: datetime) -> None:
        super().fail(claim, error, now)
        planning.give_up(claim.key)


RUNS = Planning("Runs to plan", Run, "runs", "automations.plan_runs", batch=1, may_be_discarded=False)


@job("runs", timeout=HOUR)
def plan_runs() -> int:
    done = pump(RUNS, planning.plan)
    ring("deliveries.send")
    return done
