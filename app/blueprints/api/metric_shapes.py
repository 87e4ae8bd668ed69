"""What other systems hear of what came of an automation's mails."""

from __future__ import annotations

from datetime import date

import msgspec


class Counted(msgspec.Struct, kw_only=True):
    """Of the mails sent in the range, whenever it happened. Opened and clicked by people; revenue in minor units."""

    sent: int
    delivered: int
    opened: int
    clicked: int
    converted: int
    unsubscribed: int
    bounced: int
    complained: int
    failed: int
    revenue: dict[str, int]


class CountedDay(Counted, kw_only=True):
    """`day`: on which the mails were sent, in the team's zone; of a range over a hundred days it begins a week."""

    day: date


class AutomationMetrics(Counted, kw_only=True):
    series: list[CountedDay]
