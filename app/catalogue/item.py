"""A product in a cart or an order, with the price that was shown."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Item:
    product_id: str
    quantity: int = 1
    price: int | None = None  # minor units, of one piece
    name: str | None = None
    image_url: str | None = None
    url: str | None = None

    def as_json(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if value is not None}
