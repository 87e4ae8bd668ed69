"""The back doors of this room."""

from __future__ import annotations

from collections.abc import Callable

from app.db import db
from app.ops import recurring
from app.pump import pump
from app.queue import job

CLOCKWORKS = tuple(map(recurring.work, sorted({one.queue for one in recurring.RECURRING})))


def _round(work: recurring.Clockwork) -> Callable[[], int]:
    return lambda: pump(work, recurring.do)


for clockwork in CLOCKWORKS:
    job(clockwork.queue, name=clockwork.job)(_round(clockwork))


def settle_recurring() -> None:
    recurring.settle()
    db.session.commit()
