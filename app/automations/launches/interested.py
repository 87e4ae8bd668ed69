"""Who has an interest: who says so, and, where the team wants it, who showed it by what they did in the shop."""

from __future__ import annotations

from typing import Any

from app.settings.launches import Launches

LATELY = {"last": "90d"}


def rules(interest: str, settings: Launches) -> dict[str, Any]:
    """The word that a person is interested in is the category of a product."""
    of_category = [{"property": "category", "op": "equals", "value": interest}]
    shown: list[dict[str, Any]] = [{"interest": interest}]
    if settings.views:
        often = {"at_least": settings.views}
        shown.append({"event": "product_viewed", "times": often, "within": LATELY, "where": of_category})
    if settings.in_cart:
        shown.append({"event": "cart_added", "within": LATELY, "where": of_category})
    if settings.bought:
        shown.append({"orders": "count", "op": "at_least", "value": 1, "category": interest})
    return {"any": shown}
