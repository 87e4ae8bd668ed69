"""What the team had to do with it: a run paused itself, somebody looked at it and resumed it."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import delete, update

from app.alerts.alert import Alert
from app.audit import Actor, Entry
from app.audit.actor import SYSTEM
from app.db import db
from app.deliveries.figures import Figures
from app.deliveries.run import Run
from app.demo import segments
from app.demo.year import readers
from app.demo.year.sending import Braked, Told

SAID = "It paused itself: {bounced:,} of {outcomes:,} mails bounced ({share:.1f} %), the limit is 5 %."


def tell(told: Told) -> None:
    """What was said of runs that were there before is said of nothing now."""
    db.session.execute(delete(Alert).where(Alert.path.like("/runs/%")))
    if told.braked:
        _brake(told.braked)


def _brake(braked: Braked) -> None:
    share = 100 * braked.bounced / braked.outcomes
    said = SAID.format(bounced=braked.bounced, outcomes=braked.outcomes, share=share)
    db.session.add(
        Alert(
            cause=f"run-braked:{braked.run_id}:0",
            title=f"“{braked.name}” paused itself",
            said=said,
            path=f"/runs/{braked.run_id}",
            mailed_at=readers.time(braked.at),
            created_date=readers.time(braked.at),
            settled_at=readers.time(braked.resumed),
            settled_how="Somebody resumed it.",
        )
    )
    _enter(SYSTEM, "paused", braked, readers.time(braked.at))
    _enter(segments.actor("ines@campus.example"), "resumed", braked, readers.time(braked.resumed))
    seen = asdict(Figures(outcomes=braked.outcomes, bounced=braked.bounced))
    db.session.execute(update(Run).where(Run.id == braked.run_id).values(judged_from=seen))


def _enter(by: Actor, verb: str, braked: Braked, at: datetime) -> None:
    db.session.add(
        Entry(
            at=at,
            actor_kind=by.kind,
            actor_id=by.id,
            actor_name=by.name,
            verb=verb,
            subject_type="run",
            subject_id=str(braked.run_id),
            subject_name=braked.name,
        )
    )
