"""Rules to begin with: one click inserts them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Example:
    label: str
    rules: Mapping[str, Any]


EXAMPLES = (
    Example(
        "Logged in every day since sign-up for ten days straight",
        {"streak": "login", "days": 10, "starting": "signup"},
    ),
    Example(
        "Bought a second time within a week of the first purchase",
        {"nth": {"event": "order_completed", "n": 2}, "within": "7d", "of_n": 1},
    ),
    Example(
        "Began a checkout and did not buy within a day",
        {
            "event": "checkout_started",
            "within": {"last": "7d"},
            "not_followed_by": "order_completed",
            "for": "24h",
        },
    ),
    Example(
        "Warm applicants",
        {
            "all": [
                {"funnel": "sales", "in_stage": "applied", "for": "7d"},
                {"event": "login", "times": {"at_least": 3}, "within": {"last": "30d"}},
                {"any": [{"attribute": "score", "op": "at_least", "value": 60}, {"interest": "data"}]},
                {"none": [{"mail": "sent", "within": {"last": "14d"}}]},
            ]
        },
    ),
    Example(
        "Spent 200 or more in the last 90 days",
        {"orders": "spent", "op": "at_least", "value": 20000, "within": {"last": "90d"}},
    ),
    Example(
        "Sleeping customers: bought once, not seen for 60 days",
        {
            "all": [
                {"orders": "count", "op": "at_least", "value": 1},
                {"none": [{"event": "login", "within": {"last": "60d"}}]},
            ]
        },
    ),
    Example(
        "Left a cart for a day and may get the mail about it",
        {"all": [{"cart": "idle", "for": "24h"}, {"consent": "abandoned_cart", "is": "given"}]},
    ),
    Example(
        "New in the last 30 days and not enrolled yet",
        {
            "all": [
                {"field": "created_date", "op": "within_last", "value": "30d"},
                {"none": [{"funnel": "sales", "in_stage": "enrolled"}]},
            ]
        },
    ),
)
