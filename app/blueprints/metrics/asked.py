"""What the address of a metrics page asks for, and the addresses of its neighbours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from app.metrics import ranges
from app.metrics.scope import HUMAN, Scope
from app.settings import conversions

SORTS = ("sent", "delivered", "opened", "clicked", "converted", "unsubscribed", "bounced", "revenue")
SORT = "-sent"
PLAIN = {"range": ranges.DEFAULT, "who": HUMAN, "sort": SORT}  # as the page opens


@dataclass(frozen=True)
class Asked:
    range: str
    scope: Scope
    sort: str
    problem: str

    @property
    def is_custom(self) -> bool:
        return self.range == ranges.CUSTOM

    def args(self, **changes: Any) -> dict[str, Any]:
        """Only what differs from the page as it opens."""
        said = {
            "range": self.range,
            "from": self.scope.range.first if self.is_custom else None,
            "to": self.scope.range.last if self.is_custom else None,
            "who": self.scope.who,
            "automation": self.scope.automation_id,
            "sort": self.sort,
            **changes,
        }
        return {name: value for name, value in said.items() if value and PLAIN.get(name) != value}


def read(args: Mapping[str, str], now: datetime, zone: ZoneInfo) -> Asked:
    """Of the days a sentence says what is wrong with them; whatever else it does not know is as if nobody had asked."""
    days, sort = ranges.asked(args, now, zone), args.get("sort", "")
    return Asked(
        range=days.word,
        scope=Scope(
            days.range,
            "all" if args.get("who") == "all" else "human",
            _number(args.get("automation", "")),
            rule=conversions.read().rule,
        ),
        sort=sort if sort.removeprefix("-") in SORTS else SORT,
        problem=days.problem,
    )


def _number(written: str) -> int | None:
    return int(written) if written.isascii() and written.isdecimal() and len(written) < 19 else None
