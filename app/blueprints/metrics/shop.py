"""What the shop's own triggers and carts come to, each rate beside what the team aims at and what it was before.

Of fewer than twenty a rate says little: it is shown, and not judged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.automations.behaviours.settings import ABANDONED_CART, SPECS
from app.metrics import carts, triggers
from app.metrics.carts import Carts
from app.metrics.figures import Figures
from app.metrics.scope import Scope
from app.metrics.triggers import EVENT, LAUNCH, OTHERS
from app.money import said as money
from app.settings import targets
from app.settings.targets import Targets
from app.wording import percent

ENOUGH = 20
LABELS = {
    **{kind: spec.label for kind, spec in SPECS.items()},
    LAUNCH: "Product launch",
    "enters_segment": "Joining a segment",
    "after": "After another mail",
    "cron": "On a schedule",
    OTHERS: "Once, by hand, or deleted",
}


@dataclass(frozen=True)
class Rate:
    """`verdict` on the target: reached, missed, not enough yet; nothing where there is no rate."""

    shown: str
    of: str
    verdict: str
    tone: str
    was: str


@dataclass(frozen=True)
class Row:
    label: str
    figures: Figures
    opened: Rate
    clicked: Rate
    converted: Rate


@dataclass(frozen=True)
class Tile:
    label: str
    shown: str
    of: str
    rate: Rate | None = None
    target: str = ""


@dataclass(frozen=True)
class Shop:
    targets: Targets
    rows: Sequence[Row]
    carts: Sequence[Tile]


def of(scope: Scope, now: datetime) -> Shop:
    aims, found, before = targets.read(), triggers.of(scope), triggers.of(scope.before)
    known, was = (
        carts.of(one.range, triggers.only(some, ABANDONED_CART), now)
        for one, some in ((scope, found), (scope.before, before))
    )
    rows = [_row(one.kind, one.figures, triggers.only(before, one.kind), aims) for one in found]
    return Shop(aims, rows, _tiles(known, was, aims) if known.begun or known.mailed else [])


def _row(kind: str, now: Figures, before: Figures, aims: Targets) -> Row:
    return Row(
        label=f"Event “{kind.removeprefix(EVENT)}”" if kind.startswith(EVENT) else LABELS.get(kind, kind),
        figures=now,
        opened=_rate(now.opened, now.arrived, now.opened_rate, before.opened_rate, aims.opened),
        clicked=_rate(now.clicked, now.arrived, now.clicked_rate, before.clicked_rate, aims.clicked),
        converted=_rate(now.converted, now.arrived, now.converted_rate, before.converted_rate, aims.converted),
    )


def _tiles(now: Carts, was: Carts, aims: Targets) -> list[Tile]:
    young = now.begun - now.ripe
    fate = f"{now.ordered:,} were ordered, {now.emptied:,} emptied"
    abandoned = _rate(
        now.ripe - now.ordered, now.ripe, now.abandoned_rate, was.abandoned_rate, aims.abandoned, is_less=True
    )
    recovered = _rate(now.recovered, now.mailed, now.recovered_rate, was.recovered_rate, aims.recovered)
    return [
        Tile("Carts begun", f"{now.begun:,}", f"{young:,} of them in the last 24 hours" if young else "all a day old"),
        Tile("Left alone", f"{now.left:,}", fate),
        Tile(
            "Abandonment rate",
            abandoned.shown,
            f"{abandoned.of} were not ordered",
            abandoned,
            f"less than {aims.abandoned:g} %",
        ),
        Tile("Reminders sent", f"{now.mailed:,}", "by automations for abandoned carts"),
        Tile(
            "Recovery rate",
            recovered.shown,
            f"{recovered.of} brought an order",
            recovered,
            f"more than {aims.recovered:g} %",
        ),
        Tile(
            "Revenue recovered",
            _money(now.revenue),
            f"was {_money(was.revenue)}" if was.revenue else "by the credit of these",
        ),
    ]


def _rate(count: int, of: int, now: float | None, before: float | None, aim: float, *, is_less: bool = False) -> Rate:
    verdict, tone = _judged(of, now, aim / 100, is_less)
    return Rate(percent(now), f"{count:,} of {of:,}", verdict, tone, percent(before))


def _judged(of: int, share: float | None, aim: float, is_less: bool) -> tuple[str, str]:
    if share is None:
        return "", ""
    if of < ENOUGH:
        return "not enough yet", ""
    is_good = share < aim if is_less else share > aim
    return ("reached", "good") if is_good else ("missed", "bad")


def _money(held: Mapping[str, int]) -> str:
    return ", ".join(money(amount, currency, is_round=True) for currency, amount in sorted(held.items())) or "–"
