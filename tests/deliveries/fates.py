"""Many people in one statement, and what is said to have become of their mails without sending any."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select, text, update

from app.alerts.alert import Alert
from app.audit import Actor, Entry
from app.clock import clock
from app.db import db
from app.deliveries import braking, runs
from app.deliveries.run import Run
from tests.deliveries.making import make_run

ADA = Actor("user", 1, "Ada")
PEOPLE = """
    INSERT INTO customers (first_name, last_name, email, created_date)
    SELECT 'P' || n, 'Row', 'p' || n || '@posteo.example', now() FROM generate_series(0, :many - 1) n ORDER BY n
"""
BECOME = """
    UPDATE deliveries SET state = :fate, reason = :reason
     WHERE id IN (SELECT id FROM deliveries WHERE run_id = :run AND state = :now ORDER BY id LIMIT :many)
"""


def make_people(many: int) -> None:
    db.session.execute(text(PEOPLE), {"many": many})
    db.session.commit()


def become(run: Run, reason: str = "Mailbox full", **fates: int) -> None:
    """`failed=6`: six of those who wait; what comes back was accepted before, as far as there are such."""
    for fate, many in fates.items():
        came_back = fate in ("bounced", "complained") and count(run, "accepted") >= many
        said = {"run": run.id, "fate": fate, "many": many, "now": "accepted" if came_back else "planned"}
        db.session.execute(text(BECOME), {**said, "reason": reason if fate == "failed" else None})
    db.session.commit()


def count(run: Run, state: str) -> int:
    asked = text("SELECT count(*) FROM deliveries WHERE run_id = :run AND state = :state")
    return db.session.scalar(asked, {"run": run.id, "state": state}) or 0


def looked_at(run: Run) -> Run:
    """By the recurring job, however long ago it was looked at before."""
    db.session.execute(update(Run).values(judge_after=None))
    for _ in braking.look_at_all(clock()):
        db.session.commit()
    db.session.commit()
    db.session.expire_all()
    return run


def run_to(people: int, **facts: Any) -> Run:
    make_people(people)
    return make_run(**facts)


def resumed(run: Run) -> None:
    runs.resume(run, ADA)
    db.session.commit()


def standing() -> list[Alert]:
    return list(db.session.scalars(select(Alert).where(Alert.settled_at.is_(None)).order_by(Alert.id)))


def pauses() -> list[Entry]:
    return list(db.session.scalars(select(Entry).where(Entry.verb == "paused")))
