"""The first page: what needs a person, what goes out, what came of the mails of a week, and what came in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, text

from app.alerts import directory as alerts
from app.alerts.alert import Alert
from app.customers import directory
from app.customers.customer import Customer
from app.db import db
from app.events.event import Event
from app.events.funnel_event import FunnelEvent
from app.metrics import ranges, reports
from app.metrics.figures import Figures
from app.metrics.scope import Scope
from app.ops import concerns, going_out
from app.paging import capped_count
from app.settings import conversions

DAYS, WEEK = 14, 7
SHOWN = 5  # alerts


@dataclass(frozen=True)
class Figure:
    label: str
    value: int
    before: int

    @property
    def change(self) -> float | None:
        return (self.value - self.before) / self.before * 100 if self.before else None


@dataclass(frozen=True)
class View:
    customers: int
    is_capped: bool
    figures: Sequence[Figure]
    per_day: Sequence[tuple[datetime, int]]
    newest: Sequence[Customer]
    moves: Sequence[Any]
    concerns: Sequence[concerns.Concern]
    alerts: Sequence[Alert]
    alert_count: int
    next: Sequence[going_out.Next]
    next_count: int
    now: Sequence[going_out.Now]
    mail: Figures
    mail_before: Figures


def at(now: datetime, zone: ZoneInfo) -> View:
    count, is_capped = _customers()
    coming, coming_count = going_out.next_ones(now, zone)
    week = Scope(ranges.lately(WEEK, now.astimezone(zone).date(), zone), rule=conversions.read().rule)
    return View(
        customers=count,
        is_capped=is_capped,
        figures=_figures(now),
        per_day=_sign_ups(now, zone),
        newest=db.session.scalars(directory.everyone().order_by(Customer.created_date.desc()).limit(6)).all(),
        moves=_moves(),
        concerns=concerns.now(now),
        alerts=alerts.standing(SHOWN),
        alert_count=alerts.count(),
        next=coming,
        next_count=coming_count,
        now=going_out.on_their_way(),
        mail=reports.total(week),
        mail_before=reports.total(week.before),
    )


def _customers() -> tuple[int, bool]:
    """Exact while that is cheap; from then on the catalogue's estimate, which says that it is one."""
    count, is_capped = capped_count(directory.everyone())
    return (max(directory.estimate(), count), True) if is_capped else (count, False)


def _figures(now: datetime) -> list[Figure]:
    week = timedelta(days=7)
    columns = (
        ("New customers", Customer.created_date),
        ("Events", Event.occurred_at),
        ("Stage changes", FunnelEvent.created_date),
    )
    return [
        Figure(label, _between(c, now - week, now), _between(c, now - 2 * week, now - week)) for label, c in columns
    ]


def _between(moment: Any, start: datetime, end: datetime) -> int:
    return db.session.scalar(select(func.count()).where(moment >= start, moment < end)) or 0


def _sign_ups(now: datetime, zone: ZoneInfo) -> list[tuple[datetime, int]]:
    """Per day of the team's zone, days without anybody included."""
    today = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    rows = db.session.execute(
        text(
            """
            SELECT day, count(c.id)
              FROM generate_series(CAST(:first AS date), CAST(:last AS date), interval '1 day') AS day
              LEFT JOIN customers c ON c.erased_at IS NULL
                    AND c.created_date >= day::timestamp AT TIME ZONE :zone
                    AND c.created_date < (day + interval '1 day')::timestamp AT TIME ZONE :zone
             GROUP BY day ORDER BY day
            """
        ),
        {"first": (today - timedelta(days=DAYS - 1)).date(), "last": today.date(), "zone": zone.key},
    )
    return [(row[0], row[1]) for row in rows]


def _moves() -> Sequence[Any]:
    newest = (
        select(FunnelEvent, Customer)
        .join(Customer, Customer.id == FunnelEvent.customer_id)
        .order_by(FunnelEvent.created_date.desc())
        .limit(6)
    )
    return db.session.execute(newest).all()
