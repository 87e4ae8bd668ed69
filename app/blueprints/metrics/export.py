"""Every report of a metrics page as CSV: the same figures, with their counts beside each other."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, abort, request

from app import money, wording
from app.access import actor, may
from app.audit import record as write_down
from app.blueprints.metrics import asked
from app.customers.export import guarded
from app.db import db
from app.metrics import reports
from app.metrics.figures import NAMES, Figures
from app.metrics.scope import Scope

door = Blueprint("metrics_export", __name__, url_prefix="/metrics/export")
Row = Sequence[Any]


@door.get("/<which>.csv")
@may("read")
def show(which: str) -> Response:
    report = REPORTS.get(which) or abort(404)
    scope = asked.read(request.args, datetime.now(UTC), wording.zone()).scope
    rows = list(report(scope))
    days = {"from": scope.range.first.isoformat(), "to": scope.range.last.isoformat()}
    write_down(actor(), "exported", "metrics", (None, which.capitalize()), after=days)
    db.session.commit()
    name = f"{which}-{days['from']}-{days['to']}.csv"
    return Response(
        "\ufeff" + "".join(map(_line, rows)),
        mimetype="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _daily(scope: Scope) -> Iterator[Row]:
    found = reports.by_day(scope)
    yield from _figures("from", [(day.isoformat(), figures) for day, figures in found])


def _campaigns(scope: Scope) -> Iterator[Row]:
    found = reports.by_campaign(scope)
    yield from _figures("campaign", [(one.name, one.figures) for one in found])


def _mailboxes(scope: Scope) -> Iterator[Row]:
    yield from _figures("mailbox", reports.by_mailbox(scope), has_revenue=False)


def _links(scope: Scope) -> Iterator[Row]:
    yield ("link", "text", "clicks", "people")
    yield from ((one.href, one.label, one.clicks, one.people) for one in reports.by_link(scope))


def _hours(scope: Scope) -> Iterator[Row]:
    yield ("weekday", "hour", "opened", "clicked")
    for day, row in enumerate(reports.by_hour_of_week(scope), 1):
        yield from ((day, hour, *counts) for hour, counts in enumerate(row))


def _funnel(scope: Scope) -> Iterator[Row]:
    yield ("step", "mails", "share of sent")
    yield from ((one.what, one.count, "" if one.share is None else f"{one.share:.6f}") for one in reports.funnel(scope))


def _figures(first: str, rows: Sequence[tuple[str, Figures]], *, has_revenue: bool = True) -> Iterator[Row]:
    """Revenue in a column for each currency, in units as people say them."""
    currencies = sorted({currency for _, figures in rows for currency in figures.revenue}) if has_revenue else []
    yield (first, *NAMES, *(f"revenue {one}" for one in currencies))
    for name, figures in rows:
        revenue = (money.plain(figures.revenue.get(one, 0), one) for one in currencies)
        yield (name, *(getattr(figures, one) for one in NAMES), *revenue)


REPORTS: dict[str, Callable[[Scope], Iterator[Row]]] = {
    "daily": _daily,
    "campaigns": _campaigns,
    "mailboxes": _mailboxes,
    "links": _links,
    "hours": _hours,
    "funnel": _funnel,
}


def _line(row: Row) -> str:
    written = io.StringIO()
    csv.writer(written).writerow([guarded(one) if isinstance(one, str) else one for one in row])
    return written.getvalue()
