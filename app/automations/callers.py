"""Whom a behaviour would call at this moment, who of them may be written to, and how its last looks went."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select, text

from app.automations.automation import Automation
from app.automations.behaviours import previewing
from app.automations.scan import Scan
from app.db import db
from app.deliveries import filling, holdout
from app.deliveries.filling import Whom

SHOWN = 10
MOST = 500  # people whose permission is asked for by a page; of more only the count is said
THESE = "SELECT DISTINCT unnest(CAST(:callers AS bigint[])) AS customer_id"


@dataclass(frozen=True)
class Judged:
    """`people`: whom it would call. By reason why not (None: may be written to); empty where they are too many."""

    people: int = 0
    by_reason: Mapping[str | None, int] = field(default_factory=dict)


def judged(automation: Automation, now: datetime) -> Judged:
    """The same question as each mail is asked when it is due. Raises Unavailable."""
    found = previewing.of(automation.trigger, automation.segment_id, now, MOST, automation.id)
    if found.people > len(found.rows):
        return Judged(found.people)
    whom = Whom(THESE, {"callers": [row.customer_id for row in found.rows]})
    held = holdout.of(automation.id, automation.limits, now)
    sql, said = filling.judged(whom, automation.purpose, automation.topic, now, is_once=False, held=held)
    rows = db.session.execute(text(sql + filling.COUNTED), said)
    return Judged(found.people, {row.refusal: row.people for row in rows})


def looks(automation: Automation) -> list[Scan]:
    """The latest first."""
    mine = select(Scan).where(Scan.automation_id == automation.id)
    return list(db.session.scalars(mine.order_by(Scan.planned_for.desc()).limit(SHOWN)))
