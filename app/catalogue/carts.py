"""Carts, each as a whole every time: an older one never overwrites a newer, an empty one empties.

A cart is somebody's: a customer's, else it waits under what named them (lead id, address), else it is a session's.
A session that turns out to be somebody's gives them its cart.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import delete, text

from app.catalogue import locks, products, waiting, whose
from app.catalogue.cart import Cart
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

KEYS = ("customer_id", "lms_lead_id", "email_folded", "session_id")
Key = tuple[str, Any]  # one of KEYS, and its value

READ = text(
    """
    SELECT id, customer_id, lms_lead_id, email_folded, session_id, items, checkout_url, occurred_at
      FROM carts
     WHERE customer_id = ANY (:customer_id)
        OR (customer_id IS NULL AND lms_lead_id = ANY (:lms_lead_id))
        OR (customer_id IS NULL AND lms_lead_id IS NULL AND email_folded = ANY (:email_folded))
        OR (customer_id IS NULL AND session_id = ANY (:session_id))
     ORDER BY id
       FOR UPDATE
    """
)
ROW = (
    "id bigint, customer_id bigint, lms_lead_id text, email_folded text, session_id text, items jsonb,"
    " checkout_url text, occurred_at timestamptz"
)
INSERT = text(
    f"""
    INSERT INTO carts ({", ".join(KEYS)}, items, checkout_url, occurred_at, created_date, updated_date)
    SELECT {", ".join(KEYS)}, items, checkout_url, occurred_at, :now, :now
      FROM jsonb_to_recordset(CAST(:carts AS jsonb)) AS cart({ROW})
    """
)
UPDATE = text(
    f"""
    UPDATE carts c
       SET {", ".join(f"{name} = cart.{name}" for name in (*KEYS, "items", "checkout_url", "occurred_at"))},
           updated_date = :now
      FROM jsonb_to_recordset(CAST(:carts AS jsonb)) AS cart({ROW})
     WHERE c.id = cart.id
    """
)


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
    def lines(self) -> list[dict[str, Any]]:
        """None of a product is no line of a cart."""
        return [item.as_json() for item in self.items if item.quantity]


@dataclass(slots=True)
class _Content:
    items: list[dict[str, Any]]
    checkout_url: str | None
    occurred_at: datetime


@dataclass(slots=True)
class _Row:
    key: Key
    content: _Content
    id: int | None = None
    is_changed: bool = False

    def put(self, content: _Content) -> str:
        """What becomes of it: updated or unchanged. The moment alone is no change, but kept."""
        if content.occurred_at < self.content.occurred_at:
            return "unchanged"
        is_same = (content.items, content.checkout_url) == (self.content.items, self.content.checkout_url)
        self.is_changed = self.is_changed or content != self.content
        self.content = content
        return "unchanged" if is_same else "updated"


def upsert_many(items: Sequence[Incoming], source: str, now: datetime) -> tuple[Tally, list[Happened]]:
    """As if they came one at a time; every cart that is not refused counts as an event. Never commits."""
    good, rejects = screened(items, lambda item: _check(item, now))
    found = whose.find([item.who for item in good if item.who.is_named], source)
    placed, strangers = screened(good, lambda item: _check_found(item, found))
    tally = Tally(received=len(items))
    shelf = _Shelf([*_keys(placed, found)])
    for item in placed:
        outcome = shelf.put(_key(item, found), item)
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
    _remove([row["id"] for row in rows if row["id"] not in stays])
    db.session.execute(GIVE, {"ids": list(stays), "people": list(stays.values())})
    return len(carts)


GIVE = text(
    """
    UPDATE carts c SET customer_id = given.customer_id, lms_lead_id = NULL, email_folded = NULL, session_id = NULL
      FROM unnest(CAST(:ids AS bigint[]), CAST(:people AS bigint[])) AS given(id, customer_id)
     WHERE c.id = given.id AND c.customer_id IS DISTINCT FROM given.customer_id
    """
)


class _Shelf:
    """The carts that a set of items speaks of, locked, and what becomes of them."""

    def __init__(self, keys: Sequence[Key]) -> None:
        locks.take("carts", [f"{name}:{value}" for name, value in keys])
        asked = {name: [value for of, value in keys if of == name] for name in KEYS}
        rows = db.session.execute(READ, asked).mappings() if keys else ()
        self.rows = {row.key: row for row in (_row(dict(row)) for row in rows)}
        self.gone: list[int] = []

    def put(self, key: Key, item: Incoming) -> str:
        if item.session_id and key[0] != "session_id":
            self._hand_over(("session_id", item.session_id), key)
        row = self.rows.get(key)
        said = item.said.get("checkout_url", row.content.checkout_url if row else None)
        content = _Content(item.lines, said, item.occurred_at)
        if row is not None:
            return row.put(content)
        self.rows[key] = _Row(key, content, is_changed=True)
        return "created"

    def _hand_over(self, session: Key, key: Key) -> None:
        cart, own = self.rows.pop(session, None), self.rows.get(key)
        if cart is None:
            return
        if own is None:
            cart.key, cart.is_changed = key, True
            self.rows[key] = cart
            return
        own.put(cart.content)
        self.gone += [cart.id] if cart.id else []

    def write(self, now: datetime) -> None:
        _remove(self.gone)
        changed = [row for row in self.rows.values() if row.is_changed]
        for statement, rows in ((UPDATE, [r for r in changed if r.id]), (INSERT, [r for r in changed if not r.id])):
            if rows:
                written = msgspec.json.encode([_written(row) for row in rows]).decode()
                db.session.execute(statement, {"carts": written, "now": now})


def _row(row: Mapping[str, Any]) -> _Row:
    key = next((name, row[name]) for name in KEYS if row[name] is not None)
    return _Row(key, _Content(row["items"], row["checkout_url"], row["occurred_at"]), row["id"])


def _written(row: _Row) -> dict[str, Any]:
    name, value = row.key
    content = row.content
    return {
        "id": row.id,
        name: value,
        "items": content.items,
        "checkout_url": content.checkout_url,
        "occurred_at": content.occurred_at,
    }


def _remove(ids: Collection[int]) -> None:
    if ids:
        db.session.execute(delete(Cart).where(Cart.id.in_(ids)))


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
        properties=_properties(item, known),
        source_id=id_of("cart", [named.customer_id, named.lms_lead_id, named.email, item.session_id], item),
    )


def _properties(item: Incoming, known: Mapping[str, products.Price]) -> dict[str, Any]:
    """What an item does not say of its price, the product does."""
    nothing = products.Price(None, None)
    prices = [known.get(line["product_id"], nothing) for line in item.lines]
    pairs = zip(item.lines, prices, strict=True)
    total = sum((line.get("price", price.amount) or 0) * line["quantity"] for line, price in pairs)
    currencies = {price.currency for price in prices}
    told = {
        "items": item.lines,
        "total": total,
        "currency": currencies.pop() if len(currencies) == 1 else None,
        "checkout_url": item.said.get("checkout_url"),
    }
    return {name: value for name, value in told.items() if value is not None}
