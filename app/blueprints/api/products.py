"""/api/v1/products: what the catalogue knows. They come in by POST to the same address, in shop.py."""

from __future__ import annotations

from flask import Blueprint, Response

from app.access import key
from app.blueprints.api import lists
from app.blueprints.api.answers import answer
from app.blueprints.api.product_shapes import KnownProduct, ProductList
from app.blueprints.api.refusals import Refusal
from app.catalogue import directory
from app.catalogue.product import Product
from app.listing import LONGEST_SEARCH

door = Blueprint("api_products", __name__, url_prefix="/api/v1/products")


@door.get("")
@key("read")
def index() -> Response:
    limit, after, q = lists.limit(), lists.after(), lists.asked("q") or ""
    if len(q) > LONGEST_SEARCH:
        raise Refusal(422, "bad_q", f"A search is at most {LONGEST_SEARCH} characters long.")
    found = directory.after(after, limit + 1, q)
    shown, has_more = found[:limit], len(found) > limit
    cursor = lists.cursor(shown[-1].id) if has_more else None
    return answer(ProductList(list(map(_known, shown)), has_more, cursor))


@door.get("/<path:product_id>")
@key("read")
def show(product_id: str) -> Response:
    """The shop's own ids may hold slashes."""
    product = directory.find_by_key(product_id)
    if product is None:
        raise Refusal(404, "not_found", f"There is no product {product_id[:100]}.")
    return answer(_known(product))


def _known(product: Product) -> KnownProduct:
    return KnownProduct(**{name: getattr(product, name) for name in KnownProduct.__struct_fields__})
