"""The settings of a trigger like {"behaviour": "abandoned_cart", "idle_from": "24h", …}: read, checked, filled up.

`when`: a cron expression (each planned time looks once), or "at_once": as soon as it happens, within a minute.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from app import spans
from app.automations import cron

ABANDONED_CART, BROWSE, PRICE_DROP, BACK_IN_STOCK = KINDS = ("abandoned_cart", "browse", "price_drop", "back_in_stock")
AT_ONCE = "at_once"
DAILY = "0 10 * * *"
HOURS, DAYS = timedelta(hours=1), timedelta(days=1)
SLACK = timedelta(minutes=1)
LONGEST = 90 * DAYS  # views are kept no longer


class Wrong(ValueError):
    """`path`: which setting is wrong."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(message)
        self.path = path


@dataclass(frozen=True)
class Setting:
    """One that a kind has: a length of time, or a whole number; what holds where it is not said."""

    name: str
    label: str
    otherwise: timedelta | int | None
    least: timedelta | int
    most: timedelta | int
    help: str = ""


@dataclass(frozen=True)
class Kind:
    name: str
    label: str
    sentence: str  # as the end of “When …”
    topic: str  # which people allow or not
    starter: str  # the template that it begins with
    settings: tuple[Setting, ...]


EVERY = Setting("at_most_every", "At most one mail in", 7 * DAYS, timedelta(0), LONGEST, "Per person. 0h: no limit.")
SPECS: dict[str, Kind] = {
    one.name: one
    for one in (
        Kind(
            ABANDONED_CART,
            "Abandoned cart",
            "somebody leaves a cart alone",
            "abandoned_cart",
            "abandoned-cart",
            (
                Setting("idle_from", "Left alone for at least", 24 * HOURS, timedelta(minutes=1), LONGEST),
                Setting("idle_to", "and at most", 48 * HOURS, timedelta(minutes=2), LONGEST),
                EVERY,
            ),
        ),
        Kind(
            BROWSE,
            "Browse reminder",
            "somebody looks at a product again and again, and does not put it into the cart",
            "browse",
            "browse-reminder",
            (
                Setting("views", "Looked at a product at least", 3, 1, 1_000, "times"),
                Setting("within", "within the last", 30 * DAYS, HOURS, LONGEST),
                Setting("idle", "and not any more for", 48 * HOURS, timedelta(minutes=1), LONGEST),
                EVERY,
            ),
        ),
        Kind(
            PRICE_DROP,
            "Price drop",
            "a product that somebody watches costs less",
            "price_drop",
            "price-drop",
            (
                Setting("percent", "Cheaper by at least", 0, 0, 99, "percent of what they saw, where they named none"),
                Setting("at_most_every", "At most one mail in", timedelta(0), timedelta(0), LONGEST, EVERY.help),
            ),
        ),
        Kind(
            BACK_IN_STOCK,
            "Back in stock",
            "a product that somebody waits for is there again",
            "back_in_stock",
            "back-in-stock",
            (
                Setting("per_piece", "People told per piece in stock", 2, 1, 1_000),
                Setting("wave_every", "The next of them after", 4 * HOURS, timedelta(minutes=1), LONGEST),
                Setting("at_most_every", "At most one mail in", timedelta(0), timedelta(0), LONGEST, EVERY.help),
            ),
        ),
    )
}


@dataclass(frozen=True)
class Behaviour:
    """`values`: every setting of its kind, by name. `cron`: none where it answers at once."""

    kind: str
    cron: str | None = DAILY
    values: Mapping[str, timedelta | int] = field(default_factory=dict)

    def span(self, name: str) -> timedelta:
        value = self.values[name]
        assert isinstance(value, timedelta)
        return value

    def number(self, name: str) -> int:
        value = self.values[name]
        assert isinstance(value, int)
        return value

    @property
    def is_at_once(self) -> bool:
        return self.cron is None

    @property
    def at_most_every(self) -> timedelta | None:
        return self.span("at_most_every") or None

    @property
    def turn(self) -> timedelta | None:
        """After which it is somebody's turn again."""
        return about(self.span("at_most_every")) or None


def about(span: timedelta) -> timedelta:
    """A little less: whoever looks once a week at ten must not find that it lacks some seconds."""
    return span - min(SLACK, span / 10)


def read(trigger: Mapping[str, Any]) -> Behaviour:
    """Raises Wrong."""
    kind = SPECS.get(trigger["behaviour"]) if isinstance(trigger.get("behaviour"), str) else None
    if kind is None:
        raise Wrong("behaviour", f"It must be one of: {', '.join(KINDS)}.")
    if unknown := trigger.keys() - {"behaviour", "when", *(one.name for one in kind.settings)}:
        raise Wrong(f"{min(map(str, unknown))[:60]}", "This word is not known here.")
    values = {one.name: _value(one, trigger.get(one.name)) for one in kind.settings}
    found = Behaviour(kind.name, _when(trigger.get("when")), values)
    if kind.name == ABANDONED_CART and found.span("idle_to") <= found.span("idle_from"):
        raise Wrong("idle_to", "It must be longer than idle_from.")
    return found


def _when(said: Any) -> str | None:
    if said is None:
        return DAILY
    if said == AT_ONCE:
        return None
    if not isinstance(said, str):
        raise Wrong("when", "It must be “at_once”, or a cron expression like 0 10 * * *.")
    try:
        return cron.read(said).expression
    except ValueError as error:
        raise Wrong("when", str(error)) from None


def _value(setting: Setting, said: Any) -> timedelta | int:
    if said is None:
        assert setting.otherwise is not None
        return setting.otherwise
    value = _number(setting, said) if isinstance(setting.otherwise, int) else _length(setting, said)
    if value < setting.least or value > setting.most:  # type: ignore[operator]
        raise Wrong(setting.name, f"It must be from {_said(setting.least)} to {_said(setting.most)}.")
    return value


def _number(setting: Setting, said: Any) -> int:
    if isinstance(said, bool) or not isinstance(said, int):
        raise Wrong(setting.name, "It must be a whole number.")
    return said


def _length(setting: Setting, said: Any) -> timedelta:
    if said in ("0h", "0d", "0m"):
        return timedelta(0)
    try:
        return spans.duration(said).length
    except ValueError as error:
        raise Wrong(setting.name, str(error)) from None


def _said(value: timedelta | int) -> str:
    if isinstance(value, int):
        return str(value)
    return spans.said(value) if value else "0h"
