"""Where reports read from: the sums of days and what changed since; the rows while those are counted anew.

Each is one statement, so that what is being added to the sums at this moment is seen once: before or after.
"""

from __future__ import annotations

from app.db import db
from app.metrics import straight
from app.metrics.rolled import RollUp
from app.metrics.scope import Scope
from app.metrics.straight import COUNTS

COUNTED = ", ".join(COUNTS)
KEPT = "day BETWEEN :first AND :last AND {runs}"
SINCE = "quarter >= :starts AND quarter < :ends AND {runs}"
THERE = "(quarter AT TIME ZONE :zone)"
DAYS = f"""
    SELECT run_id, day, {COUNTED} FROM mail_days WHERE {KEPT}
    UNION ALL SELECT run_id, {THERE}::date, {COUNTED} FROM mail_deltas WHERE {SINCE}
"""
MAILBOXES = f"""
    SELECT mailbox, {COUNTED} FROM mailbox_days WHERE {KEPT}
    UNION ALL SELECT mailbox, {COUNTED} FROM mail_deltas WHERE {SINCE}
"""
HOURS = f"""
    SELECT run_id, hour::int, {COUNTED} FROM mail_hours WHERE {KEPT}
    UNION ALL SELECT run_id, extract(hour FROM {THERE})::int, {COUNTED} FROM mail_deltas WHERE {SINCE}
"""
MOMENTS = f"""
    SELECT weekday::int, hour::int, opened, clicked, any_opened, any_clicked FROM {{table}} WHERE {KEPT}
    UNION ALL
    SELECT extract(isodow FROM happened AT TIME ZONE :zone)::int - 1,
           extract(hour FROM happened AT TIME ZONE :zone)::int, opened, clicked, any_opened, any_clicked
      FROM moment_deltas WHERE {SINCE}
"""
CREDITS = f"""
    SELECT run_id, day, rule, nullif(currency, '') AS currency, amount, conversions FROM credit_days WHERE {KEPT}
    UNION ALL
    SELECT run_id, {THERE}::date, rule, nullif(currency, ''), amount, conversions FROM credit_deltas WHERE {SINCE}
"""

LINKS = f"""
    SELECT run_id, variant, place, clicks, people, any_clicks, any_people FROM link_days WHERE {KEPT}
    UNION ALL
    SELECT run_id, variant, place, clicks, people, any_clicks, any_people FROM click_deltas WHERE {SINCE}
"""


def is_counted(scope: Scope) -> bool:
    """Not right after the team has moved to another zone: then every day begins elsewhere."""
    kept = db.session.get(RollUp, 1, populate_existing=True)
    return kept is not None and kept.zone == scope.range.zone.key and kept.counted_until is None


def days(scope: Scope) -> str:
    return _rolled(DAYS, scope) if is_counted(scope) else straight.days(scope)


def mailboxes(scope: Scope) -> str:
    return _rolled(MAILBOXES, scope) if is_counted(scope) else straight.days(scope)


def hours(scope: Scope) -> str:
    return _rolled(HOURS, scope) if is_counted(scope) else straight.hours(scope)


def moments(scope: Scope) -> str:
    table = "moment_totals" if scope.is_everything else "moment_days"
    return _rolled(MOMENTS, scope, table) if is_counted(scope) else straight.moments(scope)


def credited(scope: Scope) -> str:
    return _rolled(CREDITS, scope) if is_counted(scope) else straight.credited(scope)


def links(scope: Scope) -> str:
    return _rolled(LINKS, scope) if is_counted(scope) else straight.links(scope)


def _rolled(source: str, scope: Scope, table: str = "") -> str:
    return source.format(runs=scope.runs("run_id"), table=table)
