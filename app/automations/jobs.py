"""The back doors of this room."""

from __future__ import annotations

from app.automations import planning
from app.deliveries.run import Run
from app.pump import Work, pump
from app.queue import job, ring

HOUR = 3600
RUNS = Work("Runs to plan", Run, "runs", "automations.plan_runs", batch=1, may_be_discarded=False)


@job("runs", timeout=HOUR)
def plan_runs() -> int:
    done = pump(RUNS, planning.plan)
    ring("deliveries.send")
    return done
