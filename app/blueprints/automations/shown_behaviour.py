"""What people do in the shop, in words: the trigger, when it looks, its last looks, and what a call is about."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from app import money, spans, wording
from app.automations import callers, coming, cron, definition
from app.automations.automation import Automation
from app.automations.behaviours import settings
from app.automations.behaviours.settings import ABANDONED_CART, BACK_IN_STOCK, BROWSE, PRICE_DROP, Behaviour
from app.blueprints.automations.sent_behaviour import BEHAVIOUR, parted

MOST_NAMES = 4
NOBODY = {
    ABANDONED_CART: "No cart has been left alone for that long.",
    BROWSE: "Nobody looked at a product that often and then stopped.",
    PRICE_DROP: "No product that somebody watches costs less now.",
    BACK_IN_STOCK: "No product that somebody waits for is there again.",
}


@dataclass(frozen=True)
class About:
    """One thing that a mail is about, and what is said beside it."""

    name: str
    said: str = ""
    url: str = ""


def of(automation: Automation, now: datetime) -> dict[str, Any]:
    """What its page tells besides; of everything else nothing."""
    if BEHAVIOUR not in automation.trigger:
        return {"is_behaviour": False}
    behaviour, zone = settings.read(automation.trigger), ZoneInfo(definition.zone_of(automation))
    return {
        "is_behaviour": True,
        "is_at_once": behaviour.is_at_once,
        "next_looks": coming.next_runs(cron.read(behaviour.cron), now, zone) if behaviour.cron else [],
        "looks": callers.looks(automation),
    }


def words(trigger: Mapping[str, Any], zone: str = "") -> str:
    """When a cart is left alone for 24 to 48 hours, looked at every day at 10:00, at most one mail in 7 days"""
    behaviour = settings.read(trigger)
    every = behaviour.at_most_every
    often = f", at most one mail in {length(every)}" if every else ""
    return f"When {SENTENCES[behaviour.kind](behaviour)}, {_looks(behaviour, zone)}{often}"


def said(trigger: Mapping[str, Any], zone: str) -> str:
    """With its zone; of everything else nothing."""
    return words(trigger, zone) if BEHAVIOUR in trigger else ""


def about(facts: Mapping[str, Any]) -> list[About]:
    """What the mail would name."""
    if isinstance(cart := facts.get("cart"), Mapping):
        return [_cart(cart)]
    products = facts.get("products") or [facts.get("product")]
    return [_product(one) for one in products if isinstance(one, Mapping)]


def length(span: timedelta) -> str:
    count, unit = parted(span)
    return spans.Duration(count, unit).said


def _looks(behaviour: Behaviour, zone: str) -> str:
    if behaviour.cron is None:
        return "as soon as it happens"
    at = cron.words(cron.read(behaviour.cron))
    return f"looked at {_lowered(at)}".replace("at at ", "at ") + (f" ({zone})" if zone else "")


def _lowered(at: str) -> str:
    """“At 10:00” is every day."""
    is_daily = at.startswith("At ") and ":" in at and "," not in at
    return ("every day " if is_daily else "") + at[0].lower() + at[1:]


def _left_alone(behaviour: Behaviour) -> str:
    least, most = parted(behaviour.span("idle_from")), parted(behaviour.span("idle_to"))
    first = str(least[0]) if least[1] == most[1] else length(behaviour.span("idle_from"))
    return f"a cart is left alone for {first} to {length(behaviour.span('idle_to'))}"


def _looked(behaviour: Behaviour) -> str:
    times = wording.said(behaviour.number("views"), "time")
    within, idle = length(behaviour.span("within")), length(behaviour.span("idle"))
    return (
        f"somebody looks at a product at least {times} within {within}, not any more for {idle},"
        " and does not put it into the cart"
    )


def _cheaper(behaviour: Behaviour) -> str:
    percent = behaviour.number("percent")
    by = f", {percent} % or more where they named no price" if percent else ""
    return f"a product that somebody watches costs less{by}"


def _back(behaviour: Behaviour) -> str:
    told = wording.said(behaviour.number("per_piece"), "person", "people")
    every = length(behaviour.span("wave_every"))
    return f"a product that somebody waits for is there again ({told} told per piece, the next after {every})"


SENTENCES: dict[str, Callable[[Behaviour], str]] = {
    ABANDONED_CART: _left_alone,
    BROWSE: _looked,
    PRICE_DROP: _cheaper,
    BACK_IN_STOCK: _back,
}


def _cart(cart: Mapping[str, Any]) -> About:
    items = [one for one in cart.get("items") or [] if isinstance(one, Mapping)]
    names = [_counted(one) for one in items[:MOST_NAMES]]
    if len(items) > MOST_NAMES:
        names.append(f"{len(items) - MOST_NAMES} more")
    return About(", ".join(names) or "A cart", _worth(cart.get("total"), cart.get("currency")))


def _counted(item: Mapping[str, Any]) -> str:
    name, quantity = str(item.get("name") or "something"), item.get("quantity")
    return f"{quantity} × {name}" if isinstance(quantity, int) and quantity > 1 else name


def _product(product: Mapping[str, Any]) -> About:
    name = str(product.get("name") or product.get("id") or "A product")
    return About(name, ", ".join(_of_product(product)), str(product.get("url") or ""))


def _of_product(product: Mapping[str, Any]) -> Iterator[str]:
    currency = product.get("currency")
    old, new = product.get("old_price"), product.get("new_price", product.get("price"))
    if price := _worth(new, currency):
        before = _worth(old, currency)
        yield f"{before} → {price}" if before and old != new else price
    if isinstance(stock := product.get("stock"), int):
        yield f"{stock:,} in stock"
    if isinstance(views := product.get("views"), int):
        yield f"looked at {wording.said(views, 'time')}"


def _worth(minor: Any, currency: Any) -> str:
    return money.said(minor, currency) if isinstance(minor, int) and not isinstance(minor, bool) else ""
