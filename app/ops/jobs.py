"""The back doors of this room."""

from __future__ import annotations

from collections.abc import Callable

from app.db import db
from app.ops import erasing, recurring, render_checks
from app.ops.erasures import Erasure
from app.ops.render_check import RenderCheck
from app.pump import Work, pump
from app.queue import job

# Never discarded: nobody may be left half erased.
ERASURES = Work("Erasures", Erasure, "upkeep", "ops.erase", batch=1, may_be_discarded=False)
RENDER_CHECKS = Work("Render checks", RenderCheck, "upkeep", "ops.check_renderings", batch=1)
CLOCKWORKS = tuple(map(recurring.work, sorted({one.queue for one in recurring.RECURRING})))
HOUR = 3600


def _round(work: recurring.Clockwork) -> Callable[[], int]:
    return lambda: pump(work, recurring.do)


for clockwork in CLOCKWORKS:
    job(clockwork.queue, name=clockwork.job)(_round(clockwork))


@job("upkeep", timeout=HOUR)
def erase() -> int:
    return pump(ERASURES, erasing.go_on)


@job("upkeep", timeout=HOUR)
def check_renderings() -> int:
    return pump(RENDER_CHECKS, render_checks.go_on)


def settle_recurring() -> None:
    recurring.settle()
    db.session.commit()
