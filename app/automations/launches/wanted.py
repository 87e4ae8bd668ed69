"""What somebody wants to launch: checked by its form, and told to every mail as its facts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import select

from app import operators
from app.catalogue.product import Product
from app.db import db
from app.problem import Problem, of_text

LONGEST = 200
LONGEST_LINK = 2_000
LONGEST_FACT = 2_000
LARGEST = 10_000  # bytes of all facts together: each mail of a run reads them
MOST_FACTS = 50
DEEPEST = 10
AHEAD = timedelta(days=365)
OWN = ("name", "url", "image_url", "price", "currency", "category")
# What may be sent of the product beside its name and link: by either name.
SENT = {"image_url": ("product_image_url", "image_url"), "price": ("product_price", "price"),
        "currency": ("product_currency", "currency")}  # fmt: skip


@dataclass(frozen=True)
class Wanted:
    """`said`: whatever else a template may name. `key`: whoever asks by it again finds this launch; none: a new one.

    `about`: what only the catalogue knows of the product, like its price before.
    """

    interest: str
    product_name: str
    product_link: str
    said: Mapping[str, Any] = field(default_factory=dict)
    product_id: str | None = None
    template_id: int | None = None
    at: datetime | None = None
    key: str = ""
    about: Mapping[str, Any] = field(default_factory=dict)


def problems(wanted: Wanted, now: datetime) -> list[Problem]:
    found = of_text("interest", wanted.interest, LONGEST, is_needed=True)
    found += of_text("product_name", wanted.product_name, LONGEST, is_needed=True)
    found += _of_link(wanted.product_link)
    if wanted.product_id is not None:
        found += of_text("product_id", wanted.product_id, 500)
    if wanted.at is not None and wanted.at > now + AHEAD:
        found.append(Problem("at", f"At most {AHEAD.days} days ahead."))
    return found + _of_facts(wanted.said)


def facts(wanted: Wanted) -> dict[str, Any]:
    own = {"interest": wanted.interest, "product_name": wanted.product_name, "product_link": wanted.product_link}
    named = {"product_id": wanted.product_id} if wanted.product_id else {}
    return {**wanted.said, **own, **named, "product": _product(wanted)}


def _product(wanted: Wanted) -> dict[str, Any]:
    """As it was sent; what was not said, as the catalogue knows it."""
    known = _known(wanted.product_id) if wanted.product_id else {}
    sent = {name: next((wanted.said[one] for one in names if one in wanted.said), None) for name, names in SENT.items()}
    if isinstance(sent["price"], bool) or not isinstance(sent["price"], int):
        sent["price"] = None  # a fact, but no price in minor units
    said = {name: value for name, value in sent.items() if value is not None}
    return {**known, **said, "name": wanted.product_name, "url": wanted.product_link, **wanted.about}


def _known(product_id: str) -> dict[str, Any]:
    product = db.session.scalar(select(Product).where(Product.product_id == product_id))
    if product is None:
        return {}
    named = {name: value for name in OWN if (value := getattr(product, name)) is not None}
    return {"product_id": product_id, **named}


def _of_link(link: str) -> list[Problem]:
    if found := of_text("product_link", link, LONGEST_LINK, is_needed=True):
        return found
    try:
        parts = urlsplit(link)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and not any(map(str.isspace, link))
    except ValueError:
        is_address = False
    return [] if is_address else [Problem("product_link", "It is the address of a page: http:// or https:// and more.")]


def _of_facts(said: Mapping[str, Any]) -> list[Problem]:
    if len(said) > MOST_FACTS:
        return [Problem("", f"At most {MOST_FACTS} further keys; these are {len(said)}.")]
    found = [problem for name, value in said.items() for problem in _of_fact(name, value)]
    if not found and len(json.dumps(said)) > LARGEST:
        found.append(Problem("", f"All facts together take at most {LARGEST:,} bytes."))
    return found


def _of_fact(name: str, value: Any) -> list[Problem]:
    path = name[:60]
    if not 0 < len(name) <= LONGEST or operators.UNKEEPABLE.search(name):
        return [Problem(path, f"A key has 1 to {LONGEST} characters, and no NUL.")]
    if name == "product":
        return [Problem(path, "It is made here, of product_name, product_link, product_price and product_image_url.")]
    return _of_value(path, value)


def _of_value(path: str, value: Any, depth: int = 0) -> list[Problem]:
    """The first of its problems, however deep."""
    if depth > DEEPEST:
        return [Problem(path, f"At most {DEEPEST} lists or objects within each other.")]
    if isinstance(value, dict | list):
        parts = [*value, *value.values()] if isinstance(value, dict) else value
        return next((found for one in parts if (found := _of_value(path, one, depth + 1))), [])
    if isinstance(value, int | float) and not -(2**63) < value < 2**63:
        return [Problem(path, "This number is too large.")]
    return of_text(path, value, LONGEST_FACT) if isinstance(value, str) else []
