"""What the shop sells: every product of the vocabulary with its picture, its stock, and what they were before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from flask import current_app
from sqlalchemy import select

from app.catalogue import products
from app.catalogue.product import Product
from app.catalogue.products import Incoming
from app.db import db
from app.demo import words
from app.demo.plan import Plan

SHOP = "/demo-shop"
CURRENCY = "EUR"
SOURCE = "Shop (API)"
BEGAN = 90  # days ago
# What it was before, and for how many days it has been what it is now; in the order of days.
BEFORE: tuple[tuple[int, str, dict[str, Any]], ...] = (
    (40, "Sketchbook A4, dotted", {"price": 1450}),
    (33, "Portfolio review", {"price": 6500}),
    (21, "Headphones, closed", {"price": 14900}),
    (12, "Campus hoodie", {"price": 6990}),
    (9, "Beanie", {"stock": 6}),
    (6, "Weekend workshop: risograph", {"price": 15900}),
    (3, "Drawing tablet", {"price": 27900}),
    (2, "Field recorder", {"stock": 0}),
    (1, "Festival pass, two days", {"price": 7400}),
)
SOLD_OUT = ("Beanie",)
A_DOZEN = 12


def furnish(plan: Plan) -> None:
    """Only into an empty catalogue: what a shop has told is the shop's."""
    if db.session.scalar(select(Product.id).limit(1)):
        return
    every = words.words().products
    earliest = {name: said for _, name, said in reversed(BEFORE)}
    _tell(((one, earliest.get(one.name, {})) for one in every), plan.now_at - timedelta(days=BEGAN))
    for days, name, _ in BEFORE:
        later = [said for sooner, other, said in BEFORE if other == name and sooner < days]
        _tell(
            ((one, later[0] if later else {}) for one in every if one.name == name), plan.now_at - timedelta(days=days)
        )


def a_dozen(now: datetime) -> None:
    every = words.words().products
    apart = len(every) // A_DOZEN
    _tell(((one, {}) for one in every[::apart][:A_DOZEN]), now)


def _tell(told: Iterable[tuple[words.Product, Mapping[str, Any]]], at: datetime) -> None:
    items = [Incoming(place, one.id, _said(one) | dict(more)) for place, (one, more) in enumerate(told)]
    products.upsert_many(items, SOURCE, at)


def _said(one: words.Product) -> dict[str, Any]:
    base = current_app.extensions["config"].base_url
    return {
        "name": one.name,
        "category": one.category,
        "price": one.price,
        "currency": CURRENCY,
        "stock": 0 if one.name in SOLD_OUT else 3 + sum(map(ord, one.name)) % 40,
        "url": f"{base}{SHOP}/products/{one.id}",
        "image_url": f"{base}{SHOP}/pictures/{one.id}.svg",
    }
