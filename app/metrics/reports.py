"""The figures of a scope, in whole and by day, hour, campaign, mailbox, hour of the week, link and rule.

All are of the mails sent in the range, whenever the rest happened: so every report adds up to the same total.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import RowMapping, text

from app.db import db
from app.metrics import links, sources
from app.metrics.figures import NAMES, Figures
from app.metrics.scope import ALL, Scope

MAILBOXES = ("gmail", "outlook", "yahoo", "icloud", "others")
# People's opens and clicks, or those of machines as well.
WHO = {"opened": "any_opened", "clicked": "any_clicked"}
STEP = {False: "day", True: "greatest(date_trunc('week', day)::date, CAST(:first AS date))"}
CAMPAIGNS = """
    SELECT r.automation_id, coalesce(a.name, r.name) AS name, {step} AS step, {sums}
      FROM ({days}) rows
      JOIN runs r ON r.id = run_id LEFT JOIN automations a ON a.id = r.automation_id
     GROUP BY GROUPING SETS ((1, 2, 3), (1, 2))
"""
CAMPAIGN_REVENUE = """
    SELECT r.automation_id, coalesce(a.name, r.name) AS name, currency, sum(amount)::bigint AS amount
      FROM (SELECT run_id, currency, sum(amount) AS amount FROM ({credits}) rows
             WHERE rule = :rule AND currency IS NOT NULL GROUP BY 1, 2) rows
      JOIN runs r ON r.id = run_id LEFT JOIN automations a ON a.id = r.automation_id
     GROUP BY 1, 2, 3 ORDER BY 3
"""
BY_RULE = """
    SELECT rule, currency, sum(conversions)::bigint AS conversions, sum(amount)::bigint AS amount
      FROM ({credits}) rows GROUP BY rule, currency ORDER BY rule, currency
"""

Key = tuple[int | None, str]
Revenue = dict[Any, dict[str, int]]


@dataclass(frozen=True)
class Campaign:
    """All runs of an automation together; those whose automation is gone, by their name. `per_day`: sent, by step."""

    automation_id: int | None
    name: str
    figures: Figures
    per_day: list[int]


@dataclass(frozen=True)
class Step:
    """`share`: of the first step; None where nothing was sent."""

    what: str
    count: int
    share: float | None


@dataclass(frozen=True)
class Credit:
    """What one rule gives mails the credit for."""

    rule: str
    conversions: int
    revenue: Mapping[str, int]


def total(scope: Scope) -> Figures:
    return by("1", sources.days(scope), scope, revenue("1", sources.credited(scope), scope)).get(1, Figures())


def by_day(scope: Scope) -> list[tuple[date, Figures]]:
    """Days without mail as well; of a long range by week, each named by its first day in it."""
    step = STEP[scope.range.is_by_week]
    found = by(step, sources.days(scope), scope, revenue(step, sources.credited(scope), scope))
    return [(one, found.get(one, Figures())) for one in scope.range.steps()]


def by_hour(scope: Scope) -> list[tuple[int, Figures]]:
    """By the hour in which the mails were sent; without revenue."""
    found = by("hour", sources.hours(scope), scope)
    return [(hour, found.get(hour, Figures())) for hour in range(24)]


def by_mailbox(scope: Scope) -> list[tuple[str, Figures]]:
    """By who keeps their mail; without revenue."""
    found = by("mailbox", sources.mailboxes(scope), scope)
    return [(one, found.get(one, Figures())) for one in MAILBOXES]


def by_campaign(scope: Scope) -> list[Campaign]:
    """Whoever sent most first."""
    asked = CAMPAIGNS.format(step=STEP[scope.range.is_by_week], sums=_sums(scope), days=sources.days(scope))
    steps = {one: n for n, one in enumerate(scope.range.steps())}
    figures: dict[Key, Figures] = {}
    sent: dict[Key, list[int]] = defaultdict(lambda: [0] * len(steps))
    for row in _rows(asked, scope):
        key = row["automation_id"], row["name"]
        if row["step"] is None:  # all of its steps together
            figures[key] = _figures(row)
        else:
            sent[key][steps[row["step"]]] = row["sent"]
    earned = _campaign_revenue(scope)
    found = [Campaign(*key, replace(one, revenue=earned.get(key, {})), sent[key]) for key, one in figures.items()]
    return sorted(found, key=lambda one: (-one.figures.sent, one.name, one.automation_id or 0))


def by_hour_of_week(scope: Scope) -> list[list[tuple[int, int]]]:
    """Monday first: how many mails were opened and clicked for the first time in each hour of a day."""
    names = [WHO[name] if scope.who == ALL else name for name in WHO]
    sums = ", ".join(f"sum({name})::bigint AS {said}" for name, said in zip(names, WHO, strict=True))
    asked = f"SELECT weekday, hour, {sums} FROM ({sources.moments(scope)}) rows GROUP BY weekday, hour"
    found = {(row["weekday"], row["hour"]): (row["opened"], row["clicked"]) for row in _rows(asked, scope)}
    return [[found.get((day, hour), (0, 0)) for hour in range(24)] for day in range(7)]


def by_link(scope: Scope, most: int = 200) -> list[links.Clicks]:
    """The most clicked first."""
    return links.clicked(scope, most)


def by_rule(scope: Scope) -> list[Credit]:
    conversions: dict[str, int] = defaultdict(int)
    earned: Revenue = defaultdict(dict)
    for row in _rows(BY_RULE.format(credits=sources.credited(scope)), scope):
        conversions[row["rule"]] += row["conversions"]
        if row["currency"]:
            earned[row["rule"]][row["currency"]] = row["amount"]
    return [Credit(rule, count, earned[rule]) for rule, count in conversions.items()]


def funnel(found: Figures) -> list[Step]:
    """Of figures as they were counted: nothing is asked again."""
    counts = {name: getattr(found, name) for name in ("sent", "arrived", "opened", "clicked", "converted")}
    return [Step(name, count, count / found.sent if found.sent else None) for name, count in counts.items()]


def by(key: str, source: str, scope: Scope, earned: Revenue | None = None) -> dict[Any, Figures]:
    """Figures by one column of a source."""
    asked = f"SELECT {key} AS key, {_sums(scope)} FROM ({source}) rows GROUP BY 1"
    return {row["key"]: _figures(row, (earned or {}).get(row["key"])) for row in _rows(asked, scope)}


def revenue(key: str, source: str, scope: Scope) -> Revenue:
    """By one column of a source of credit."""
    asked = f"""
        SELECT {key} AS key, currency, sum(amount)::bigint AS amount FROM ({source}) rows
         WHERE rule = :rule AND currency IS NOT NULL GROUP BY 1, 2 ORDER BY 2
    """
    found: Revenue = defaultdict(dict)
    for row in _rows(asked, scope):
        found[row["key"]][row["currency"]] = row["amount"]
    return found


def _campaign_revenue(scope: Scope) -> dict[Key, dict[str, int]]:
    found: dict[Key, dict[str, int]] = defaultdict(dict)
    for row in _rows(CAMPAIGN_REVENUE.format(credits=sources.credited(scope)), scope):
        found[row["automation_id"], row["name"]][row["currency"]] = row["amount"]
    return found


def _sums(scope: Scope) -> str:
    names = {name: WHO.get(name, name) if scope.who == ALL else name for name in NAMES}
    return ", ".join(f"sum({counted})::bigint AS {name}" for name, counted in names.items())


def _figures(row: RowMapping, revenue: Mapping[str, int] | None = None) -> Figures:
    return Figures(**{name: row[name] for name in NAMES}, revenue=revenue or {})


def _rows(asked: str, scope: Scope) -> list[RowMapping]:
    return list(db.session.execute(text(asked), scope.said).mappings())
