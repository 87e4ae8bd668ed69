"""The back doors of this room."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from app import claims
from app.automations import answering, planning, waits
from app.automations.behaviours import scanning
from app.automations.scan import Scan
from app.automations.trigger_wait import TriggerWait
from app.claims import Claim
from app.clock import clock
from app.db import db
from app.deliveries.run import Run
from app.events.jobs import EVENTS
from app.pump import Portion, SetWork, Work, pump
from app.queue import job, ring

HOUR = 3600


@dataclass(frozen=True)
class Planning(Work):
    """A run that cannot be planned is told to somebody."""

    def fail(self, claim: Claim, error: Exception, now: datetime) -> None:
        super().fail(claim, error, now)
        planning.give_up(claim.key)


@dataclass(frozen=True)
class Waiting(SetWork):
    """What is settled is kept for whoever asks why; the rest comes again when it says."""

    def end(self, portion: Portion, _now: datetime) -> None:
        keys = [claim.key for claim in portion]
        asked = select(TriggerWait.id).where(TriggerWait.id.in_(keys), TriggerWait.outcome.is_not(None))
        settled = set(db.session.scalars(asked))
        claims.finish(TriggerWait, [claim for claim in portion if claim.key in settled])
        claims.give_back(TriggerWait, [claim for claim in portion if claim.key not in settled])


RUNS = Planning("Runs to plan", Run, "runs", "automations.plan_runs", batch=1, may_be_discarded=False)


WAITS = Waiting("Answers that wait", TriggerWait, "events", "automations.settle_waits")


SCANS = Work("Looks at the shop", Scan, "runs", "automations.scan", batch=1)


@job("events", name="events.take_effect")
def take_effect() -> int:
    """What each fact sets off, and what is answered to it."""
    done = pump(EVENTS, answering.take)
    ring("automations.settle_waits")
    ring("tracking.credit")
    ring("deliveries.send")
    return done


@job("events")
def settle_waits() -> int:
    done = pump(WAITS, waits.settle)
    if done:
        ring("deliveries.send")
    return done


@job("runs", timeout=HOUR)
def plan_runs() -> int:
    done = pump(RUNS, planning.plan)
    ring("deliveries.send")
    return done


@job("runs", timeout=HOUR)
def scan() -> int:
    """What people do in the shop."""
    done = pump(SCANS, scanning.scan)
    ring("automations.settle_waits")
    return done


@job("runs")
def look_at_shop() -> int:
    """Something has changed there: whoever answers at once looks."""
    scanning.plan_at_once(clock())
    db.session.commit()
    return scan()
