"""What the mail of a Monday says: a week's figures and those of the week before, its best mails, what needs a person.

The figures are those of the page of metrics, asked for in the same way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup

from app import money, running
from app.accounts.user import User
from app.alerts import directory as alerts
from app.metrics import reports
from app.metrics.figures import Figures
from app.metrics.ranges import Range
from app.metrics.reports import Campaign
from app.metrics.scope import Scope
from app.ops import concerns
from app.ops.concerns import Concern
from app.settings import conversions
from app.wording import percent

BEST = 3
ALERTS = 5
NOTHING = "No mail went out in that week."
ALL_IS_WELL = "Nothing needs a person."
CELL = Markup('<td style="padding:6px 16px 6px 0;border-bottom:1px solid #ddd">{}</td>')
NUMBER = Markup('<td align="right" style="padding:6px 0 6px 16px;border-bottom:1px solid #ddd">{}</td>')


@dataclass(frozen=True)
class Line:
    label: str
    now: str
    before: str


@dataclass(frozen=True)
class Letter:
    week: Range
    lines: Sequence[Line]
    best: Sequence[Campaign]
    concerns: Sequence[Concern]
    alerts: Sequence[str]

    @property
    def days(self) -> str:
        first, last = self.week.first, self.week.last
        return f"{first.day} {first:%B} – {last.day} {last:%B %Y}"

    @property
    def subject(self) -> str:
        return f"Your week in mail: {self.days}"

    def text(self, user: User) -> str:
        figures = [f"{one.label}: {one.now} (the week before: {one.before})" for one in self.lines]
        best = [f"{n}. {one.name}: {_said(one.figures)}" for n, one in enumerate(self.best, 1)]
        parts = [
            f"{self.days}",
            "\n".join(figures),
            "\n".join(["The mails that led to most", *(best or [NOTHING])]),
            "\n".join(["What needs a person", *(f"– {one}" for one in self._needs(user) or [ALL_IS_WELL])]),
            f"All figures: {self._page}\nNo more of these: {_account()}",
        ]
        return "\n\n".join(parts) + "\n"

    def html(self, user: User) -> str:
        rows = Markup("").join(_row(one.label, one.now, one.before) for one in self.lines)
        best = _list([Markup("<b>{}</b>: {}").format(one.name, _said(one.figures)) for one in self.best] or [NOTHING])
        return str(
            Markup(
                '<div style="font-family:sans-serif;font-size:15px;line-height:1.5;max-width:600px"><h1'
                ' style="font-size:20px">{}</h1><table role="presentation" cellspacing="0">{}{}</table>'
                '<h2 style="font-size:16px">The mails that led to most</h2>{}'
                '<h2 style="font-size:16px">What needs a person</h2>{}'
                '<p><a href="{}">All figures</a> · <a href="{}">No more of these mails</a></p></div>'
            ).format(
                self.days,
                _row("", "Last week", "The week before"),
                rows,
                best,
                _list(self._needs(user) or [ALL_IS_WELL]),
                self._page,
                _account(),
            )
        )

    def _needs(self, user: User) -> list[str]:
        """Of those who may do something about it."""
        return [*self.alerts, *(f"{one.title}. {one.said}" for one in self.concerns if user.may(one.right))]

    @property
    def _page(self) -> str:
        return f"{running.config().base_url}/metrics?range=custom&from={self.week.first}&to={self.week.last}"


def of(week: Range, now: datetime) -> Letter:
    scope = Scope(week, rule=conversions.read().rule)
    return Letter(
        week=week,
        lines=_lines(reports.total(scope), reports.total(scope.before)),
        best=_best(reports.by_campaign(scope)),
        concerns=concerns.now(now),
        alerts=[one.title for one in alerts.standing(ALERTS)],
    )


def _lines(now: Figures, before: Figures) -> list[Line]:
    rates = ("delivered", "opened", "clicked", "converted", "unsubscribed", "bounced", "complained")
    return [
        Line("Sent", f"{now.sent:,}", f"{before.sent:,}"),
        *(Line(name.capitalize(), _rate(now, name), _rate(before, name)) for name in rates),
        Line("Revenue from mail", _money(now.revenue), _money(before.revenue)),
    ]


def _best(campaigns: Sequence[Campaign]) -> list[Campaign]:
    """By what people did in the end; whoever sent more is not better for that."""
    ranked = sorted(campaigns, key=lambda one: (-one.figures.converted, -one.figures.clicked, -one.figures.opened))
    return [one for one in ranked if one.figures.sent][:BEST]


def _said(figures: Figures) -> str:
    converted = f"{figures.converted:,} converted" if figures.converted else "nobody converted"
    rates = f"{percent(figures.opened_rate)} opened, {percent(figures.clicked_rate)} clicked"
    return f"{figures.sent:,} sent, {rates}, {converted}"


def _rate(figures: Figures, name: str) -> str:
    return percent(getattr(figures, f"{name}_rate"))


def _money(revenue: Mapping[str, int]) -> str:
    return ", ".join(money.said(amount, currency) for currency, amount in revenue.items()) or "–"


def _account() -> str:
    return f"{running.config().base_url}/account"


def _row(label: str, now: str, before: str) -> Markup:
    return Markup("<tr>{}{}{}</tr>").format(CELL.format(label), NUMBER.format(now), NUMBER.format(before))


def _list(items: Sequence[str]) -> Markup:
    return Markup("<ul>{}</ul>").format(Markup("").join(Markup("<li>{}</li>").format(one) for one in items))
