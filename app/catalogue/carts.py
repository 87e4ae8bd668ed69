"""Carts, each as a whole every time: an older one never overwrites a newer, an empty one empties.

A cart is somebody's: a customer's, else it waits under what named them (lead id, address), else it is a session's.
A session that turns out to be somebody's gives them its cart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import text

from app.catalogue import locks, products, waiting, whose
from app.catalogue.cart_keeping import WHOLE, Content, Key, Line, Shelf, remove, written
from app.catalogue.happened import KEPT, Happened, id_of
from app.catalogue.item import Item
from app.catalogue.screening import (
    LARGEST,
    LONGEST_KEY,
    Refused,
    check_items,
    check_link,
    check_text,
    check_time,
    check_who,
    nobody,
    screened,
    unknown_customer,
)
from app.customers.who import NOBODY, Found, Who
from app.db import db
from app.tally import Tally


@dataclass(frozen=True, slots=True)
class Incoming:
    """`said` may hold checkout_url: absent leaves it, None clears it."""

    index: int
    who: Who
    items: Sequence[Item]
    occurred_at: datetime
    session_id: str | None = None
    said: Mapping[str, Any] = field(default_factory=dict)

    @property
    def lines(self) -> list[Line]:
        """None of a product is no line of a cart."""
        return [item.as_json() for item in self.items if item.quantity]


def upsert_many(items: Sequence[Incoming], source: str, now: datetime) -> tuple[Tally, list[Happened]]:
    """As if they came one at a time; every cart that is not refused counts as an event. Never commits."""
    good, rejects = screened(items, lambda item: _check(item, now))
    found = whose.find([item.who for item in good if item.who.is_named], source)
    placed, strangers = screened(good, lambda item: _check_found(item, found))
    tally = Tally(received=len(items))
    shelf = Shelf(_keys(placed, found))
    for item in placed:
        outcome = shelf.put(_key(item, found), item.session_id, partial(_content, item, now))
        setattr(tally, outcome, getattr(tally, outcome) + 1)
    shelf.write(now)
    tally.refuse([*rejects, *strangers])
    return tally, _happened(placed, found, now)


def join(customer_ids: Sequence[int]) -> int:
    """Carts that wait for these people become theirs; of several the newest stays. Never commits."""
    fits = waiting.fitting("carts", customer_ids)
    if not fits:
        return 0
    return give(fits)


def join_missed(now: datetime) -> int:
    return join(waiting.missed("carts", now))


def give(carts: Mapping[int, int]) -> int:
    """These carts, by id, to these customers."""
    people = sorted(set(carts.values()))
    locks.take("carts", [f"customer_id:{person}" for person in people])
    rows = waiting.rows("carts", "id = ANY (:ids) OR customer_id = ANY (:people)", ids=list(carts), people=people)
    newest: dict[int, dict[str, Any]] = {}
    for row in rows:
        row["customer_id"] = carts.get(row["id"], row["customer_id"])
        newest[row["customer_id"]] = max(row, newest.get(row["customer_id"], row), key=lambda one: one["occurred_at"])
    stays = {row["id"]: row["customer_id"] for row in newest.values()}
    remove([row["id"] for row in rows if row["id"] not in stays])
    db.session.execute(GIVE, {"ids": list(stays), "people": list(stays.values())})
    return len(carts)


GIVE = text(
    """
    UPDATE carts c SET customer_id = given.customer_id, lms_lead_id = NULL, email_folded = NULL, session_id = NULL
      FROM unnest(CAST(:ids AS bigint[]), CAST(:people AS bigint[])) AS given(id, customer_id)
     WHERE c.id = given.id AND c.customer_id IS DISTINCT FROM given.customer_id
    """
)


def whole(lines: Sequence[Line], checkout_url: str | None, known: Mapping[str, products.Price]) -> dict[str, Any]:
    """What the event says of a cart. What a line does not say of its price, the product does."""
    nothing = products.Price(None, None)
    prices = [known.get(line["product_id"], nothing) for line in lines]
    pairs = zip(lines, prices, strict=True)
    currencies = {price.currency for price in prices}
    said = {
        "items": lines,
        "total": sum((line.get("price", price.amount) or 0) * line["quantity"] for line, price in pairs),
        "currency": currencies.pop() if len(currencies) == 1 else None,
        "checkout_url": checkout_url,
    }
    return {name: value for name, value in said.items() if value is not None}


def _content(item: Incoming, now: datetime, before: Content | None) -> Content:
    """Whatever was done to one product before that is in it already."""
    url = item.said.get("checkout_url", before.checkout_url if before else None)
    at = written(min(item.occurred_at, now))
    later = {name: moment for name, moment in (before.removed if before else {}).items() if moment > at}
    return Content(item.lines, url, item.occurred_at, {**later, WHOLE: at})


def _check(item: Incoming, now: datetime) -> None:
    if not (item.who.is_named or item.session_id):
        raise nobody(" or session_id")
    check_who(item.who)
    check_text("session_id", item.session_id, LONGEST_KEY)
    check_time("occurred_at", item.occurred_at, now)
    check_link("checkout_url", item.said.get("checkout_url"))
    check_items(item.items)
    if sum((one.price or 0) * one.quantity for one in item.items) > LARGEST:
        raise Refused("too_large", "items", f"All items together are worth more than {LARGEST:,}.")


def _check_found(item: Incoming, found: Mapping[Who, Found]) -> None:
    if item.who.customer_id and found[item.who].id is None:
        raise unknown_customer(item.who)


def _keys(items: Sequence[Incoming], found: Mapping[Who, Found]) -> list[Key]:
    sessions: list[Key] = [("session_id", item.session_id) for item in items if item.session_id]
    return [*(_key(item, found) for item in items), *sessions]


def _key(item: Incoming, found: Mapping[Who, Found]) -> Key:
    who, customer = item.who, found.get(item.who, NOBODY).id
    if customer:
        return "customer_id", customer
    if who.lms_lead_id:
        return "lms_lead_id", who.lms_lead_id
    return ("email_folded", who.email) if who.email else ("session_id", item.session_id)


def _happened(items: Sequence[Incoming], found: Mapping[Who, Found], now: datetime) -> list[Happened]:
    known = products.prices({item.product_id for cart in items for item in cart.items})
    return [_event(item, found, known) for item in items if item.occurred_at > now - KEPT]


def _event(item: Incoming, found: Mapping[Who, Found], known: Mapping[str, products.Price]) -> Happened:
    customer = found.get(item.who, NOBODY).id
    named = item.who if item.who.is_named else Who(anonymous_id=item.session_id)
    return Happened(
        index=item.index,
        name="cart_updated",
        who=Who(customer_id=customer) if customer else named,
        customer_id=customer,
        occurred_at=item.occurred_at,
        properties=whole(item.lines, item.said.get("checkout_url"), known),
        source_id=id_of("cart", [named.customer_id, named.lms_lead_id, named.email, item.session_id], item),
    )
