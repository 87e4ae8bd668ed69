"""A product as it is answered; what is sent stands with the other facts in shapes.py."""

from __future__ import annotations

import msgspec

from app.blueprints.api.shapes import Moment


class KnownProduct(msgspec.Struct, kw_only=True):
    """Price in minor units."""

    product_id: str
    name: str | None
    category: str | None
    price: int | None
    currency: str | None
    stock: int | None
    in_stock: bool | None
    image_url: str | None
    url: str | None
    created_date: Moment
    updated_date: Moment


class ProductList(msgspec.Struct):
    data: list[KnownProduct]
    has_more: bool
    next_cursor: str | None
