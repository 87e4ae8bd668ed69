"""The back doors of this room."""

from __future__ import annotations

from collections.abc import Callable

from app.db import db
from app.ops import erasing, recurring
from app.ops.erasures import Erasure
from app.pump import Work, pump
from app.queue import job

# Never discarded: nobody may be left half erased.
ERASURES = Work("Erasures", Erasure, "upkeep", "ops.erase", batch=1, may_be_discarded=False)
CLOCKWORKS = tuple(map(recurring.work, sorted({one.queue for one in recurring.RECURRING})))
HOUR = 3600


def _round(work: recurring.Clockwork) -> Callable[[], int]:
    return lambda: pump(work, recurring.do)


for clockwork in CLOCKWORKS:
    job(clockwork.queue, name=clockwork.job)(_round(clockwork))


@job("upkeep", timeout=HOUR)
def erase() -> int:
    return pump(ERASURES, erasing.go_on)


def settle_recurring() -> None:
    recurring.settle()
    db.session.commit()
