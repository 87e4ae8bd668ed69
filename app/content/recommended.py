"""`recommendations` in a mail: a list of products for each person, as plain data; asked only where a mail names it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from app.catalogue import recommending
from app.content import language

NAME = "recommendations"
Facts = dict[str, Any]


def is_named(fields: Sequence[Mapping[str, Any]]) -> bool:
    """By the fields of a version: as a whole, or one of its products."""
    return any(one["path"] == NAME or one["path"].startswith((f"{NAME}[", f"{NAME}.")) for one in fields)


def is_named_in(source: str) -> bool:
    """By a text of its own, like the subject of a run."""
    return is_named([{"path": one.path} for one in language.fields_of(source)])


def facts(customer_ids: Sequence[int], now: datetime) -> dict[int, Facts]:
    """For each of them; nobody to recommend anything to has an empty list."""
    found = recommending.of_customers(customer_ids, now)
    return {one: {NAME: [_plain(product) for product in some]} for one, some in found.items()}


def seen(customer_id: int, now: datetime) -> Facts:
    """For a preview: where there is nothing to recommend its samples stay."""
    found = facts([customer_id], now)[customer_id]
    return found if found[NAME] else {}


def _plain(product: recommending.Recommended) -> Facts:
    return {name: "" if value is None else value for name, value in asdict(product).items()} | {"price": product.price}
