"""What a cart, an order or a watch list tells about behaviour: the floor above makes it an event."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec

from app.customers.who import Who

KEPT = timedelta(days=730)  # as long as behaviour: what is older is kept as a cart or an order only


@dataclass(frozen=True, slots=True)
class Happened:
    index: int  # of the item that told it
    name: str  # cart_updated, order_completed, watchlist_added
    who: Who  # the customer, once known; else what named them
    customer_id: int | None
    occurred_at: datetime
    properties: Mapping[str, Any]
    source_id: str | None = None  # the same again counts once


def id_of(kind: str, *told: object) -> str:
    """The same told again has the same id, whoever it was found to mean in between."""
    return f"{kind}-{hashlib.blake2b(msgspec.json.encode(told), digest_size=12).hexdigest()}"
