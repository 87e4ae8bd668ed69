"""The list of alerts: those that stand, and what became of the others."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Select, func, select

from app.alerts.alert import Alert
from app.db import db
from app.listing import Field, Listing, folded

CAP = 100
STATES = (("standing", "standing"), ("settled", "settled"))


def everything() -> Select[Alert]:
    return select(Alert)


def standing(most: int) -> Sequence[Alert]:
    """The latest first."""
    stands = select(Alert).where(Alert.settled_at.is_(None))
    return db.session.scalars(stands.order_by(Alert.created_date.desc(), Alert.id.desc()).limit(most)).all()


def count() -> int:
    """Up to a hundred: more than enough for one person."""
    stands = select(Alert.id).where(Alert.settled_at.is_(None)).limit(CAP)
    return db.session.scalar(select(func.count()).select_from(stands.subquery())) or 0


def _search(q: str) -> ColumnElement[bool]:
    return func.fold(Alert.title + " " + Alert.said).contains(folded(q), autoescape=True)


def _state(_op: str, value: str) -> ColumnElement[bool]:
    return Alert.settled_at.is_(None) if value == "standing" else Alert.settled_at.is_not(None)


LISTING = Listing(
    {"created": (Alert.created_date, Alert.id)},
    "-created",
    _search,
    {"state": Field("state", "State", "choice", {"is": "is"}, _state, STATES)},
)
