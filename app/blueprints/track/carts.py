"""/track/cart-add and /track/cart-remove: what a page of the shop puts into the cart or takes out of it."""

from __future__ import annotations

from typing import Annotated

from flask import Blueprint, Response
from msgspec import Meta

from app.access import public
from app.blueprints.track import reading, telling
from app.blueprints.track.reading import Id, Minor
from app.blueprints.track.telling import Timed
from app.catalogue import cart_lines
from app.catalogue.cart_lines import MOST, Change

door = Blueprint("track_carts", __name__, url_prefix="/track")

Quantity = Annotated[int, Meta(ge=1, le=MOST)]


class Cart(Timed, kw_only=True):
    product_id: Id
    product_name: Annotated[str, Meta(max_length=500)] | None = None
    product_price: Minor | None = None
    image_url: Annotated[str, Meta(max_length=2000)] | None = None
    url: Annotated[str, Meta(max_length=2000)] | None = None
    quantity: Quantity | None = None
    checkout_url: Annotated[str, Meta(max_length=2000)] | None = None

    @property
    def shown(self) -> dict[str, object]:
        said = {"name": self.product_name, "price": self.product_price, "image_url": self.image_url, "url": self.url}
        return {name: value for name, value in said.items() if value is not None}


@door.post("/cart-add")
@public
def add() -> Response:
    said = reading.said(Cart)
    visitor, now = telling.begin(said)
    change = Change(str(said.product_id), said.moment(now), said.quantity or 1, said.shown, said.checkout_url)
    changed = telling.taken(cart_lines.put_in, visitor, change, now)
    return telling.end(changed.happened, now, items=changed.lines)


@door.post("/cart-remove")
@public
def remove() -> Response:
    said = reading.said(Cart)
    visitor, now = telling.begin(said)
    change = Change(str(said.product_id), said.moment(now), said.quantity, said.shown)
    changed = telling.taken(cart_lines.take_out, visitor, change, now)
    return telling.end(changed.happened, now, items=changed.lines)
