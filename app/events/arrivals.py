"""Where facts came in: which key, webhook or import brought them, and the raw record as it came."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import msgspec
from sqlalchemy import Connection, select

from app.db import db
from app.events.fact import Fact
from app.receipts.receipt import Receipt

WORDS = {"api": "{} (API)", "segment": "{} (Segment)", "webhook": "{} webhook"}
# Lists of items, under the key by which each door takes them.
PLURALS = ("events", "funnel_events", "orders", "carts", "customers", "batch")
SHOWN = 100_000  # characters


@dataclass(frozen=True)
class Arrival:
    """One call of another system."""

    id: int
    source: str
    sender: str
    path: str
    received_at: datetime

    @property
    def said(self) -> str:
        said = WORDS[self.source].format(self.sender)
        return said[0].upper() + said[1:]


@dataclass(frozen=True)
class Raw:
    text: str
    is_whole: bool  # as it came, not the item alone: it could not be told apart
    is_cut: bool = False


def of(facts: Iterable[Fact], connection: Connection | None = None) -> dict[int, Arrival]:
    ids = {fact.receipt_id for fact in facts if fact.receipt_id}
    wanted = select(Receipt.id, Receipt.source, Receipt.sender, Receipt.path, Receipt.received_at)
    rows = (connection or db.session.connection()).execute(wanted.where(Receipt.id.in_(ids))) if ids else ()
    return {row.id: Arrival(*row) for row in rows}


def said(fact: Fact, came: Mapping[int, Arrival]) -> str | None:
    if fact.import_id:
        return f"import {fact.import_id}"
    arrival = came.get(fact.receipt_id or 0)
    return arrival.said if arrival else None


def raw(fact: Fact) -> Raw | None:
    """None: the call is not kept any more, or there was none."""
    body = db.session.scalar(select(Receipt.body).where(Receipt.id == fact.receipt_id)) if fact.receipt_id else None
    if body is None:
        return None
    whole = zlib.decompress(body)
    item = _item(whole, fact.receipt_index or 0)
    text = _pretty(item if item is not None else whole)
    return Raw(text[:SHOWN], item is None, len(text) > SHOWN)


def _item(body: bytes, index: int) -> bytes | None:
    """The bytes that they sent, so that no number and no order of keys changes on the way."""
    try:
        said = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
        lists = [said[key] for key in PLURALS if key in said]
        return bytes(msgspec.json.decode(lists[0], type=list[msgspec.Raw])[index]) if lists else body
    except (msgspec.DecodeError, IndexError):
        return None


def _pretty(json: bytes) -> str:
    try:
        return msgspec.json.format(json, indent=2).decode()
    except msgspec.DecodeError:
        return json.decode(errors="replace")
