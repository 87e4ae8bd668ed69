"""Orders of the shop, written in sets exactly as if they came one at a time.

The first time that an order is paid counts as the event `order_completed`; its key is the order's own id.
Whoever is not known yet, or named by an address that fits several, gets the order later (join).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import text

from app.catalogue import locks, waiting, whose
from app.catalogue.happened import KEPT, Happened
from app.catalogue.order import STATUSES
from app.catalogue.screening import (
    Refused,
    check_count,
    check_currency,
    check_items,
    check_key,
    check_text,
    check_time,
    check_who,
    needed,
    nobody,
    screened,
    unknown_customer,
)
from app.customers.who import NOBODY, Found, Who
from app.db import db
from app.tally import Tally

FIELDS = ("total", "currency", "status", "refunded_total", "items", "ref", "occurred_at")
OWNERS = ("customer_id", "lms_lead_id", "email_folded")
NEW = {"status": "paid", "refunded_total": 0, "items": [], "ref": None}

READ = text(
    f"""
    SELECT order_id, {", ".join(OWNERS + FIELDS)} FROM orders WHERE order_id = ANY (:ids) ORDER BY order_id FOR UPDATE
    """
)
WRITE = text(
    f"""
    INSERT INTO orders (order_id, {", ".join(OWNERS + FIELDS)}, created_date, updated_date)
    SELECT order_id, {", ".join(OWNERS + FIELDS)}, :now, :now
      FROM jsonb_to_recordset(CAST(:orders AS jsonb)) AS o(
           order_id text, customer_id bigint, lms_lead_id text, email_folded text, total bigint, currency text,
           status text, refunded_total bigint, items jsonb, ref text, occurred_at timestamptz)
     ORDER BY order_id
    ON CONFLICT (order_id) DO UPDATE
       SET {", ".join(f"{name} = excluded.{name}" for name in OWNERS + FIELDS)}, updated_date = :now
    """
)
JOIN = text(
    """
    UPDATE orders o SET customer_id = given.customer_id, lms_lead_id = NULL, email_folded = NULL, updated_date = now()
      FROM unnest(CAST(:ids AS bigint[]), CAST(:people AS bigint[])) AS given(id, customer_id)
     WHERE o.id = given.id AND o.customer_id IS NULL
    """
)


@dataclass(frozen=True, slots=True)
class Incoming:
    """`said` holds what was said of FIELDS (items as a list of Item): what is absent stays as it is."""

    index: int
    order_id: str
    who: Who
    said: Mapping[str, Any] = field(default_factory=dict)


def upsert_many(items: Sequence[Incoming], source: str, now: datetime) -> tuple[Tally, list[Happened]]:
    """Never commits."""
    good, rejects = screened(items, lambda item: _check(item, now))
    found = whose.find([item.who for item in good if item.who.is_named], source)
    held = _held({item.order_id for item in good})
    ledger = _Ledger(held, found, now)
    _, refused = screened(good, ledger.take)
    ledger.write()
    tally = ledger.tally
    tally.received = len(items)
    tally.refuse([*rejects, *refused])
    return tally, ledger.happened


def join(customer_ids: Sequence[int]) -> int:
    """Orders that wait for these people become theirs. Never commits."""
    return give(waiting.fitting("orders", customer_ids))


def join_missed(now: datetime) -> int:
    return join(waiting.missed("orders", now))


def give(orders: Mapping[int, int]) -> int:
    """These orders, by id, to these customers."""
    if not orders:
        return 0
    db.session.execute(
        text("SELECT id FROM orders WHERE id = ANY (:ids) ORDER BY order_id FOR UPDATE"), {"ids": [*orders]}
    )
    db.session.execute(JOIN, {"ids": list(orders), "people": list(orders.values())})
    return len(orders)


class _Ledger:
    """The orders that a set of items speaks of, locked, and what becomes of them."""

    def __init__(self, held: dict[str, dict[str, Any]], found: Mapping[Who, Found], now: datetime) -> None:
        self.held, self.found, self.now = held, found, now
        self.changed: set[str] = set()
        self.tally = Tally()
        self.happened: list[Happened] = []

    def take(self, item: Incoming) -> None:
        before = self.held.get(item.order_id)
        after = self._laid_over(before, item)
        _check_whole(after)
        outcome = "created" if before is None else "unchanged" if before == after else "updated"
        setattr(self.tally, outcome, getattr(self.tally, outcome) + 1)
        self.held[item.order_id] = after
        if outcome != "unchanged":
            self.changed.add(item.order_id)
        if after["status"] == "paid" and (before is None or before["status"] != "paid"):
            self._complete(item.index, after)

    def write(self) -> None:
        if self.changed:
            rows = msgspec.json.encode([self.held[key] for key in sorted(self.changed)]).decode()
            db.session.execute(WRITE, {"orders": rows, "now": self.now})

    def _laid_over(self, before: dict[str, Any] | None, item: Incoming) -> dict[str, Any]:
        said = {name: value for name, value in item.said.items() if name in FIELDS}
        after = dict(before) if before else _begun(item, self.now)
        after.update(said)
        if "items" in said:
            after["items"] = [one.as_json() for one in said["items"] or ()]
        if said.get("currency"):
            after["currency"] = said["currency"].upper()
        if after["status"] == "refunded" and "refunded_total" not in said and not after["refunded_total"]:
            after["refunded_total"] = after["total"]
        return after | self._owner(item, before)

    def _owner(self, item: Incoming, before: Mapping[str, Any] | None) -> dict[str, Any]:
        person = self.found.get(item.who, NOBODY).id
        if person:
            return {"customer_id": person, "lms_lead_id": None, "email_folded": None}
        if item.who.customer_id:
            raise unknown_customer(item.who)
        if before and (before["customer_id"] or not item.who.is_named):
            return {}
        if not item.who.is_named:
            raise nobody()
        return {"customer_id": None, "lms_lead_id": item.who.lms_lead_id, "email_folded": item.who.email}

    def _complete(self, index: int, order: Mapping[str, Any]) -> None:
        if order["occurred_at"] <= self.now - KEPT:
            return
        person = order["customer_id"]
        who = Who(person) if person else Who(lms_lead_id=order["lms_lead_id"], email=order["email_folded"])
        told = {name: order[name] for name in ("order_id", "total", "currency", "items", "ref")}
        told = {name: value for name, value in told.items() if value is not None}
        at, key = order["occurred_at"], order["order_id"]
        self.happened.append(Happened(index, "order_completed", who, person, at, told, key))


def _held(ids: set[str]) -> dict[str, dict[str, Any]]:
    if not ids:
        return {}
    locks.take("orders", ids)
    return {row["order_id"]: dict(row) for row in db.session.execute(READ, {"ids": list(ids)}).mappings()}


def _begun(item: Incoming, now: datetime) -> dict[str, Any]:
    for name in ("total", "currency"):
        if item.said.get(name) is None:
            raise Refused("missing", name, "A new order needs it.")
    return {"order_id": item.order_id, **dict.fromkeys(OWNERS), **NEW, "occurred_at": now}


def _check(item: Incoming, now: datetime) -> None:
    said = item.said
    check_key("order_id", item.order_id)
    check_who(item.who)
    needed(said, "total", "currency", "status", "refunded_total", "occurred_at")
    check_count("total", said.get("total"))
    check_count("refunded_total", said.get("refunded_total"))
    check_currency("currency", said.get("currency"))
    if said.get("status", "paid") not in STATUSES:
        raise Refused("bad_value", "status", f"One of {', '.join(STATUSES)}.")
    check_text("ref", said.get("ref"))
    check_time("occurred_at", said.get("occurred_at"), now)
    check_items(said.get("items") or ())


def _check_whole(order: Mapping[str, Any]) -> None:
    if order["refunded_total"] > order["total"]:
        raise Refused("bad_value", "refunded_total", f"More than the order's total of {order['total']:,}.")
