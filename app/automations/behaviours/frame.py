"""Within what a look at the shop is put: when, for which automation, and who may be called by it at that moment.

What a behaviour asks for is a select of customer_id, about (what they are called for: never twice), product_id (none:
it is about a cart), place (among several products of one mail), at (when it happened) and told (what is kept of it).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from app.automations.behaviours.settings import Behaviour

RECENT = timedelta(days=90)  # an older change of a product is no news; views are kept no longer either
FRESH = timedelta(days=1)  # what answers at once looks back no further, where looking at everything takes seconds
# Not while something waits to be answered to them that was not set aside, and not before their turn.
IS_FREE = """
       NOT EXISTS (SELECT FROM trigger_waits held
                    WHERE held.automation_id = :automation AND held.customer_id = {who} AND held.outcome IS NULL
                      AND held.failed_at IS NULL)
       AND NOT EXISTS (SELECT FROM trigger_last turn
                        WHERE turn.automation_id = :automation AND turn.customer_id = {who} AND turn.at > :turn_after)
"""
IN_STOCK = "coalesce({product}.in_stock, {product}.stock > 0, true)"


# A day may have 25 hours, and a worker much to do: what lies between two looks is asked about by the second.
LONGER = timedelta(hours=7)


@dataclass(frozen=True)
class Frame:
    """`automation_id`: 0 where there is none yet. `audience`: a select of customer_id; none: everybody is meant.

    `before`: when it looked last.
    """

    behaviour: Behaviour
    now: datetime
    automation_id: int = 0
    audience: str = ""
    audience_said: Mapping[str, Any] = field(default_factory=dict)
    before: datetime | None = None

    def may_be_called(self, who: str) -> str:
        inside = f"AND {who} IN (SELECT customer_id FROM ({self.audience}) meant)" if self.audience else ""
        return f"({IS_FREE.format(who=who)} {inside})"

    def since(self, longest: timedelta, least: timedelta) -> datetime:
        """Of what is asked about from `least` to `longest` ago: nothing between two looks is left out."""
        first = self.now - longest
        return first if self.before is None else max(first - LONGER, min(first, self.before - least))

    @property
    def said(self) -> dict[str, Any]:
        every = self.behaviour.turn or timedelta(0)
        return {
            **self.audience_said,
            "now": self.now,
            "automation": self.automation_id,
            "turn_after": self.now - every,
            "recent": self.now - RECENT,
        }


def in_stock(product: str) -> str:
    """Nobody may know: then it is."""
    return IN_STOCK.format(product=product)


@dataclass(frozen=True)
class Asked:
    sql: str
    said: Mapping[str, Any]
