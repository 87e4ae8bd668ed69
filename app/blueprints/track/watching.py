"""/track/watchlist: a product is watched, or no longer."""

from __future__ import annotations

from flask import Blueprint, Response

from app.access import public
from app.blueprints.track import reading, telling
from app.blueprints.track.reading import Id, Minor
from app.blueprints.track.visiting import Said
from app.catalogue import watching
from app.catalogue.watching import Wish

door = Blueprint("track_watching", __name__, url_prefix="/track/watchlist")


class Wanted(Said, kw_only=True):
    product_id: Id
    target_price: Minor | None = None
    notify_on_price_drop: bool = True
    notify_on_restock: bool = True


class Unwanted(Said, kw_only=True):
    product_id: Id


@door.post("/add")
@public
def add() -> Response:
    said = reading.said(Wanted)
    wish = Wish(str(said.product_id), said.target_price, said.notify_on_price_drop, said.notify_on_restock)
    visitor, now = telling.begin(said)
    watched = telling.taken(watching.add, visitor, wish, now)
    return telling.end(watched.happened, now, watch_id=watched.id)


@door.post("/remove")
@public
def remove() -> Response:
    said = reading.said(Unwanted)
    visitor, now = telling.begin(said)
    return telling.end(telling.taken(watching.remove, visitor, str(said.product_id), now), now)
