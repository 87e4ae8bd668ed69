"""/api/v1/metrics: what came of the mails of an automation, in a range of days."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Response

from app import spans
from app.access import key
from app.automations import keeping
from app.blueprints.api import lists
from app.blueprints.api.answers import answer
from app.blueprints.api.metric_shapes import AutomationMetrics, CountedDay
from app.blueprints.api.refusals import Refusal
from app.clock import clock
from app.metrics import ranges, reports
from app.metrics.figures import NAMES, Figures
from app.metrics.ranges import Range, Unclear
from app.metrics.scope import Scope
from app.settings import conversions, team

door = Blueprint("api_metrics", __name__, url_prefix="/api/v1/metrics")
USUAL = timedelta(days=29)  # before the last day
INSTANT = timedelta(microseconds=1)


@door.get("/automations/<int:automation_id>")
@key("read")
def of_automation(automation_id: int) -> Response:
    if keeping.find(automation_id) is None:
        raise Refusal(404, "not_found", f"There is no automation {automation_id}.")
    scope = Scope(_range(clock(), team.zone()), automation_id=automation_id, rule=conversions.read().rule)
    series = [CountedDay(day=day, **_said(one)) for day, one in reports.by_day(scope)]
    return answer(AutomationMetrics(**_said(reports.total(scope)), series=series))


def _range(now: datetime, zone: ZoneInfo) -> Range:
    """Both days belong to it; of a moment it is the day, of the end the one that is not over then."""
    last = _day("to", zone, INSTANT) or now.astimezone(zone).date()
    try:
        return ranges.between(_day("from", zone) or last - USUAL, last, zone)
    except Unclear as problem:
        raise Refusal(422, "bad_range", str(problem)) from None


def _day(name: str, zone: ZoneInfo, back: timedelta = timedelta()) -> date | None:
    written = lists.asked(name)
    if written is None:
        return None
    try:
        span = spans.span(written.replace(" ", "+"), zone)  # a plus in an address is read as a blank
    except ValueError as problem:
        raise Refusal(422, f"bad_{name}", str(problem)) from None
    return (span.start if span.is_day else span.start - back).astimezone(zone).date()


def _said(figures: Figures) -> dict[str, Any]:
    return {name: getattr(figures, name) for name in NAMES} | {"revenue": dict(figures.revenue)}
