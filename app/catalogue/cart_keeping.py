"""The carts that are spoken of, held until the commit, and what becomes of them.

A cart's `removed` says when products were taken out of it, and under WHOLE when the whole of it was told: whoever
puts one in before that comes too late. After an hour nobody is that late any more.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import delete, text

from app.catalogue import locks
from app.catalogue.cart import Cart
from app.catalogue.screening import MOST_ITEMS
from app.db import db

KEYS = ("customer_id", "lms_lead_id", "email_folded", "session_id")
Key = tuple[str, Any]  # one of KEYS, and its value
Line = dict[str, Any]
AT = "at"  # of a line: when it was last put in by itself
WHOLE = ""  # no product's name
REMEMBERED = timedelta(hours=1)

COLUMNS = "items, removed, checkout_url, occurred_at"
READ = text(
    f"""
    SELECT id, {", ".join(KEYS)}, {COLUMNS}
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
    "id bigint, customer_id bigint, lms_lead_id text, email_folded text, session_id text, items jsonb, removed jsonb,"
    " checkout_url text, occurred_at timestamptz"
)
INSERT = text(
    f"""
    INSERT INTO carts ({", ".join(KEYS)}, {COLUMNS}, created_date, updated_date)
    SELECT {", ".join(KEYS)}, {COLUMNS}, :now, :now
      FROM jsonb_to_recordset(CAST(:carts AS jsonb)) AS cart({ROW})
    """
)
UPDATE = text(
    f"""
    UPDATE carts c
       SET {", ".join(f"{name} = cart.{name}" for name in (*KEYS, *COLUMNS.split(", ")))}, updated_date = :now
      FROM jsonb_to_recordset(CAST(:carts AS jsonb)) AS cart({ROW})
     WHERE c.id = cart.id
    """
)


@dataclass(slots=True)
class Content:
    items: list[Line]
    checkout_url: str | None
    occurred_at: datetime
    removed: dict[str, str] = field(default_factory=dict)  # moments as they are written, which sort as they are

    def is_over(self, product_id: str, moment: datetime) -> bool:
        """What was done to this product then has been overtaken by what is known of it since."""
        return max(self.removed.get(product_id, ""), self.removed.get(WHOLE, "")) > written(moment)

    def line(self, product_id: str) -> Line | None:
        return next((line for line in self.items if line["product_id"] == product_id), None)


@dataclass(slots=True)
class Row:
    key: Key
    content: Content
    id: int | None = None
    is_changed: bool = False

    def put(self, content: Content) -> str:
        """What becomes of it: updated or unchanged. The moment alone is no change, but kept."""
        if content.occurred_at < self.content.occurred_at:
            return "unchanged"
        is_same = (told(content.items), content.checkout_url) == (told(self.content.items), self.content.checkout_url)
        content.items = self.content.items if is_same else [self._dated(line) for line in content.items]
        self.is_changed = self.is_changed or content != self.content
        self.content = content
        return "unchanged" if is_same else "updated"

    def change(self, content: Content) -> None:
        self.is_changed = self.is_changed or content != self.content
        self.content = content

    def _dated(self, line: Line) -> Line:
        known = self.content.line(line["product_id"]) or {}
        return {**line, AT: known[AT]} if AT in known and AT not in line else line


class Shelf:
    def __init__(self, keys: Sequence[Key]) -> None:
        locks.take("carts", [f"{name}:{value}" for name, value in keys])
        asked = {name: [value for of, value in keys if of == name] for name in KEYS}
        rows = db.session.execute(READ, asked).mappings() if keys else ()
        self.rows = {row.key: row for row in (_row(dict(row)) for row in rows)}
        self.gone: list[int] = []

    def put(self, key: Key, session_id: str | None, made: Callable[[Content | None], Content]) -> str:
        """`made` says what the cart holds, given what it held."""
        self.hand_over(session_id, key)
        row = self.rows.get(key)
        if row is not None:
            return row.put(made(row.content))
        self.rows[key] = Row(key, made(None), is_changed=True)
        return "created"

    def open(self, key: Key, session_id: str | None, moment: datetime) -> Row:
        """The cart, else an empty one."""
        self.hand_over(session_id, key)
        return self.rows.setdefault(key, Row(key, Content([], None, moment)))

    def hand_over(self, session_id: str | None, key: Key) -> None:
        """A session's cart to the person who it turned out to be: of two the newer stays."""
        if not session_id or key[0] == "session_id":
            return
        cart, own = self.rows.pop(("session_id", session_id), None), self.rows.get(key)
        if cart is None:
            return
        if own is None:
            cart.key, cart.is_changed = key, True
            self.rows[key] = cart
            return
        own.put(cart.content)
        self.gone += [cart.id] if cart.id else []

    def write(self, now: datetime) -> None:
        remove(self.gone)
        changed = [row for row in self.rows.values() if row.is_changed]
        for statement, rows in ((UPDATE, [r for r in changed if r.id]), (INSERT, [r for r in changed if not r.id])):
            if rows:
                written = msgspec.json.encode([_written(row, now) for row in rows]).decode()
                db.session.execute(statement, {"carts": written, "now": now})


def told(lines: Sequence[Line]) -> list[Line]:
    """As others see them: when a line was put in is our own affair."""
    return [{name: value for name, value in line.items() if name != AT} for line in lines]


def written(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def remove(ids: Collection[int]) -> None:
    if ids:
        db.session.execute(delete(Cart).where(Cart.id.in_(ids)))


def _row(row: Mapping[str, Any]) -> Row:
    key = next((name, row[name]) for name in KEYS if row[name] is not None)
    return Row(key, Content(row["items"], row["checkout_url"], row["occurred_at"], row["removed"]), row["id"])


def _written(row: Row, now: datetime) -> dict[str, Any]:
    name, value = row.key
    content = row.content
    return {
        "id": row.id,
        name: value,
        "items": content.items,
        "removed": _remembered(content.removed, now),
        "checkout_url": content.checkout_url,
        "occurred_at": content.occurred_at,
    }


def _remembered(removed: Mapping[str, str], now: datetime) -> dict[str, str]:
    """The latest, as many as a cart holds products: whoever takes out what nobody put in fills no cart up."""
    fresh = {of: at for of, at in removed.items() if at > written(now - REMEMBERED)}
    latest = sorted(fresh, key=lambda of: (of == WHOLE, fresh[of]))[-MOST_ITEMS:]
    return {of: fresh[of] for of in latest}
