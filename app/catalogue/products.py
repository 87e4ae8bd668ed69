"""Products of the shop, written in sets exactly as if they came one at a time, with what became of price and stock."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import insert, select, text

from app.catalogue import locks
from app.catalogue.product import Product, ProductChange
from app.catalogue.screening import check_count, check_currency, check_key, check_link, check_text, screened
from app.db import db
from app.tally import Reject, Tally

FIELDS = ("name", "category", "price", "currency", "stock", "in_stock", "image_url", "url")
REMEMBERED = ("price", "stock", "in_stock")  # what mails are sent about: each change is kept
CURRENCY = "currency"  # in another one a price is no lower and no higher

WRITE = text(
    f"""
    INSERT INTO products (product_id, {", ".join(FIELDS)}, import_id, created_date, updated_date)
    SELECT product_id, {", ".join(FIELDS)}, CAST(:import_id AS bigint), :now, :now
      FROM jsonb_to_recordset(CAST(:products AS jsonb)) AS product(
           product_id text, name text, category text, price bigint, currency text, stock bigint, in_stock boolean,
           image_url text, url text)
     ORDER BY product_id
    ON CONFLICT (product_id) DO UPDATE
       SET {", ".join(f"{name} = excluded.{name}" for name in FIELDS)}, updated_date = :now
    RETURNING product_id, id
    """
)


@dataclass(frozen=True, slots=True)
class Incoming:
    """`said` holds what was said of FIELDS: a key that is absent leaves the value, None clears it."""

    index: int
    product_id: str
    said: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class _State:
    values: dict[str, Any]
    is_known: bool
    is_changed: bool = False
    changes: list[tuple[str, Any, Any]] = field(default_factory=list)

    def take(self, said: Mapping[str, Any]) -> str:
        """What becomes of it: created, updated or unchanged."""
        before, was_known = self.values, self.is_known
        self.values = before | {name: said[name] for name in FIELDS if name in said}
        self.changes += [
            (name, before[name], self.values[name]) for name in FIELDS if before[name] != self.values[name]
        ]
        outcome = ("unchanged" if before == self.values else "updated") if was_known else "created"
        self.is_known, self.is_changed = True, self.is_changed or outcome != "unchanged"
        return outcome


@dataclass(frozen=True, slots=True)
class Price:
    amount: int | None  # minor units
    currency: str | None


def prices(product_ids: Collection[str]) -> dict[str, Price]:
    asked = select(Product.product_id, Product.price, Product.currency).where(Product.product_id.in_(product_ids))
    return {row.product_id: Price(row.price, row.currency) for row in db.session.execute(asked)} if product_ids else {}


def find(product_id: str) -> Product | None:
    return db.session.scalar(select(Product).where(Product.product_id == product_id))


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What an item would do; `changes`: (field, before, after)."""

    index: int
    outcome: str  # created, updated, unchanged
    name: str | None
    changes: Sequence[tuple[str, Any, Any]]
    currency: str | None


def foresee(items: Sequence[Incoming]) -> tuple[list[Foreseen], list[Reject]]:
    """As upsert_many would take them now; nothing is locked, nothing written."""
    good, rejects = screened(items, _check)
    states = _known({item.product_id for item in good})
    return [_foreseen(item, states[item.product_id]) for item in good], rejects


def _foreseen(item: Incoming, state: _State) -> Foreseen:
    before = state.values
    outcome = state.take(_completed(item.said))
    after = state.values
    changes = [(name, before[name], after[name]) for name in FIELDS if before[name] != after[name]]
    return Foreseen(item.index, outcome, after["name"], changes, after["currency"])


def upsert_many(
    items: Sequence[Incoming], source: str, now: datetime, import_id: int | None = None
) -> tuple[Tally, list[Any]]:
    """Never commits. Nothing of it counts as an event: the list is empty. Of a file all changes are remembered."""
    good, rejects = screened(items, _check)
    states = _states({item.product_id for item in good})
    tally = Tally(received=len(items))
    for item in good:
        outcome = states[item.product_id].take(_completed(item.said))
        setattr(tally, outcome, getattr(tally, outcome) + 1)
    _write({key: state for key, state in states.items() if state.is_changed}, source, now, import_id)
    tally.refuse(rejects)
    return tally, []


def _check(item: Incoming) -> None:
    check_key("product_id", item.product_id)
    for name in ("name", "category"):
        check_text(name, item.said.get(name))
    for name in ("price", "stock"):
        check_count(name, item.said.get(name))
    check_currency("currency", item.said.get("currency"))
    for name in ("image_url", "url"):
        check_link(name, item.said.get(name))


def _completed(said: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the stock says about being in stock, unless it is said; and currencies in capitals."""
    if said.get("currency"):
        said = {**said, "currency": said["currency"].upper()}
    if said.get("stock") is not None and said.get("in_stock") is None:
        said = {**said, "in_stock": said["stock"] > 0}
    return said


def _states(keys: set[str]) -> dict[str, _State]:
    locks.take("products", keys)
    return _known(keys)


def _known(keys: set[str]) -> dict[str, _State]:
    columns = [getattr(Product, name) for name in FIELDS]
    held = db.session.execute(select(Product.product_id, *columns).where(Product.product_id.in_(keys)))
    known = {row[0]: dict(zip(FIELDS, row[1:], strict=True)) for row in held}
    nothing = dict.fromkeys(FIELDS)
    return {key: _State(known.get(key, nothing), key in known) for key in keys}


def _write(states: Mapping[str, _State], source: str, now: datetime, import_id: int | None) -> None:
    if not states:
        return
    rows = [{"product_id": key, **state.values} for key, state in states.items()]
    given = {"products": msgspec.json.encode(rows).decode(), "now": now, "import_id": import_id}
    ids = {row.product_id: row.id for row in db.session.execute(WRITE, given)}
    said = {"source": source, "at": now, "import_id": import_id}
    changes = [
        {"product_id": ids[key], "name": name, "old": old, "new": new, **said}
        for key, state in states.items()
        for name, old, new in state.changes
        if import_id or name in REMEMBERED or (name == CURRENCY and old is not None)
    ]
    if changes:
        db.session.execute(insert(ProductChange), changes)
