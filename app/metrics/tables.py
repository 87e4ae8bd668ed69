"""Each report as rows, the first of them the names of the columns: what a CSV file of it holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime

from app import money
from app.automations.behaviours.settings import ABANDONED_CART
from app.metrics import carts, reports, triggers
from app.metrics.figures import NAMES, Figures
from app.metrics.scope import Scope

Row = Sequence[object]
CARTS = "carts"
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def rows(scope: Scope, which: str, now: datetime) -> Iterator[Row]:
    """Raises KeyError for a report that there is not."""
    return _carts(scope, now) if which == CARTS else REPORTS[which](scope)


def _days(scope: Scope) -> Iterator[Row]:
    return _figures(("week" if scope.range.is_by_week else "day",), (((d,), one) for d, one in reports.by_day(scope)))


def _hours(scope: Scope) -> Iterator[Row]:
    return _figures(("hour",), (((hour,), one) for hour, one in reports.by_hour(scope)))


def _mailboxes(scope: Scope) -> Iterator[Row]:
    return _figures(("mailbox",), (((name,), one) for name, one in reports.by_mailbox(scope)))


def _campaigns(scope: Scope) -> Iterator[Row]:
    named = (((one.automation_id, one.name), one.figures) for one in reports.by_campaign(scope))
    return _figures(("automation_id", "name"), named)


def _triggers(scope: Scope) -> Iterator[Row]:
    return _figures(("trigger",), (((one.kind,), one.figures) for one in triggers.of(scope)))


def _carts(scope: Scope, now: datetime) -> Iterator[Row]:
    """All of the shop, whichever mails were asked for; rates in what has to be divided by what."""
    found = carts.of(scope.range, triggers.only(triggers.of(scope), ABANDONED_CART), now)
    yield "figure", "count", "currency"
    for name in ("begun", "ripe", "ordered", "emptied", "left", "mailed", "recovered"):
        yield name, getattr(found, name), ""
    for currency, amount in found.revenue.items():
        yield "revenue", money.plain(amount, currency), currency


def _week(scope: Scope) -> Iterator[Row]:
    yield "weekday", "hour", "opened", "clicked"
    for day, hours in zip(DAYS, reports.by_hour_of_week(scope), strict=True):
        for hour, (opened, clicked) in enumerate(hours):
            yield day, hour, opened, clicked


def _links(scope: Scope) -> Iterator[Row]:
    yield "href", "label", "clicks", "people"
    for one in reports.by_link(scope):
        yield one.href, one.label, one.clicks, one.people


def _funnel(scope: Scope) -> Iterator[Row]:
    yield "step", "count", "share_of_sent"
    for one in reports.funnel(reports.total(scope)):
        yield one.what, one.count, "" if one.share is None else round(one.share, 6)


def _rules(scope: Scope) -> Iterator[Row]:
    yield "rule", "conversions", "currency", "amount"
    for one in reports.by_rule(scope):
        for currency, amount in one.revenue.items() or (("", 0),):
            yield one.rule, one.conversions, currency, money.plain(amount, currency)


def _figures(names: Sequence[str], named: Iterator[tuple[Row, Figures]]) -> Iterator[Row]:
    """Revenue has a column for each currency."""
    found = list(named)
    currencies = sorted({currency for _, one in found for currency in one.revenue})
    yield *names, *NAMES, *(f"revenue_{one}" for one in currencies)
    for first, one in found:
        yield (
            *first,
            *(getattr(one, name) for name in NAMES),
            *(money.plain(one.revenue.get(c, 0), c) for c in currencies),
        )


REPORTS: Mapping[str, Callable[[Scope], Iterator[Row]]] = {
    "days": _days,
    "hours": _hours,
    "campaigns": _campaigns,
    "mailboxes": _mailboxes,
    "week": _week,
    "links": _links,
    "funnel": _funnel,
    "rules": _rules,
    "triggers": _triggers,
}
WHICH = (*REPORTS, CARTS)
