"""Raised in the transaction of its cause, so that neither exists without the other; settled in that of its end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, exists, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from app.alerts.alert import STANDS, Alert
from app.audit import Actor, record
from app.db import db

KEPT = timedelta(days=180)  # of those that are settled
QUIET = timedelta(days=1)  # after a mail of the same cause
AS_IT_IS = {"populate_existing": True, "synchronize_session": False}


def sound(cause: str, title: str, said: str, path: str, *, is_mailed: bool = True) -> None:
    """Once for each cause while it stands; what it says and where it points are those of the latest time.

    Somebody who dismissed it a short while ago has seen it.
    """
    dismissed = exists().where(Alert.cause == cause, Alert.settled_at > func.now() - QUIET, Alert.is_dismissed)
    if db.session.scalar(select(dismissed)):
        return
    new = insert(Alert).values(cause=cause, title=title, said=said[:500], path=path, is_mailed=is_mailed)
    is_news = or_(*(getattr(Alert, name) != new.excluded[name] for name in ("title", "said", "path")))
    latest = {name: new.excluded[name] for name in ("title", "said", "path")}
    db.session.execute(
        new.on_conflict_do_update(index_elements=[Alert.cause], index_where=STANDS, set_=latest, where=is_news)
    )


def settle(cause: str, how: str) -> None:
    """What it was about is over."""
    _settled(Alert.cause == cause, how)


def rename(cause: str, to: str) -> None:
    """What it stands under will be gone, and it stays."""
    stands = Alert.cause == cause, Alert.settled_at.is_(None)
    db.session.execute(update(Alert).where(*stands).values(cause=to).execution_options(synchronize_session="fetch"))


def settle_others(family: str, standing: Sequence[str], how: str) -> None:
    """Of all causes that begin like that, only these stand."""
    of_family = Alert.cause.startswith(f"{family}:", autoescape=True)
    others = of_family, Alert.cause.not_in(standing), Alert.settled_at.is_(None)
    db.session.execute(update(Alert).where(*others).values(settled_at=func.now(), settled_how=how))


def dismiss(alert_id: int, by: Actor) -> Alert | None:
    """None: it is settled already."""
    alert = _settled(Alert.id == alert_id, f"Dismissed by {by.name}.") if alert_id < 2**63 else None
    if alert is not None:
        alert.is_dismissed = True
        record(by, "dismissed", "alert", (alert.id, alert.title), {"cause": alert.cause}, None)
    return alert


def find(alert_id: int) -> Alert | None:
    return db.session.get(Alert, alert_id) if alert_id < 2**63 else None


def unmailed(now: datetime) -> Sequence[Alert]:
    """Those that nobody was written to about, neither now nor a short while ago."""
    earlier = aliased(Alert)
    was_mailed = exists().where(earlier.cause == Alert.cause, earlier.mailed_at > now - QUIET)
    waiting = select(Alert).where(Alert.is_mailed, Alert.mailed_at.is_(None), Alert.settled_at.is_(None), ~was_mailed)
    return db.session.scalars(waiting.order_by(Alert.id).with_for_update(skip_locked=True)).all()


def forget_old(now: datetime) -> None:
    db.session.execute(delete(Alert).where(Alert.settled_at < now - KEPT))


def _settled(which: ColumnElement[bool], how: str) -> Alert | None:
    over = update(Alert).where(which, Alert.settled_at.is_(None)).values(settled_at=func.now(), settled_how=how)
    alert: Alert | None = db.session.scalar(over.returning(Alert).execution_options(**AS_IT_IS))
    return alert
