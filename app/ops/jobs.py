"""The back doors of this room."""

from __future__ import annotations

from collections.abc import Callable

from app.db import db
from app.ops import erasing, recurring, render_checks
from app.ops.clockwork import CLOCKWORKS, Clockwork
from app.ops.work import ERASURES, RENDER_CHECKS
from app.pump import pump
from app.queue import job

HOUR = 3600


def _round(work: Clockwork) -> Callable[[], int]:
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
