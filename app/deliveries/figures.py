"""The figures by which the brakes judge a run: how many of its mails have an outcome, and how many of those are bad.

Counted from its rows each time; a mail that bounced and was reported as spam counts as both. What a person has looked
at is remembered on the run: judged is what came after.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy import text

from app.db import db
from app.deliveries.delivery import ACCEPTED
from app.deliveries.run import Run

COUNTED = text(
    """
    SELECT count(*) FILTER (WHERE state = ANY (:outcomes)) AS outcomes,
           count(*) FILTER (WHERE state = 'failed' OR failed_later_at IS NOT NULL) AS failed,
           count(*) FILTER (WHERE state = 'bounced' OR bounced_at IS NOT NULL) AS bounced,
           count(*) FILTER (WHERE state = 'complained' OR complained_at IS NOT NULL) AS complained
      FROM deliveries WHERE run_id = :run
    """
)
OUTCOMES = (*ACCEPTED, "failed")


@dataclass(frozen=True)
class Figures:
    outcomes: int = 0
    failed: int = 0
    bounced: int = 0
    complained: int = 0


def of(run_id: int) -> Figures:
    row = db.session.execute(COUNTED, {"run": run_id, "outcomes": list(OUTCOMES)}).one()
    return Figures(*row)


def seen(run: Run) -> Figures:
    """As they were when somebody looked at it last."""
    return Figures(**run.judged_from) if run.judged_from else Figures()


def since_seen(run: Run, found: Figures) -> Figures:
    before = asdict(seen(run))
    return Figures(**{name: max(0, count - before[name]) for name, count in asdict(found).items()})


def remember(run: Run, found: Figures | None = None) -> None:
    """Somebody has looked at it, and knows."""
    run.judged_from = asdict(found or of(run.id))
