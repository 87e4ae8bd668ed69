"""/track/interest and /track/event: what interests a visitor, and whatever else the shop wants to be known of them."""

from __future__ import annotations

from typing import Annotated, Any

from flask import Blueprint, Response
from msgspec import Meta

from app.access import public
from app.blueprints.track import reading, telling
from app.blueprints.track.telling import Timed
from app.catalogue import visiting
from app.customers import interests
from app.events import doings

door = Blueprint("track_events", __name__, url_prefix="/track")


class Interest(Timed, kw_only=True):
    interest: Annotated[str, Meta(min_length=1, max_length=2000)]


class Event(Timed, kw_only=True):
    name: Annotated[str, Meta(min_length=1, max_length=200)]
    properties: dict[str, Any] | None = None


@door.post("/interest")
@public
def interest() -> Response:
    said = reading.said(Interest)
    word = interests.tidy(said.interest)
    if not 0 < len(word) <= interests.LONGEST or not word.isprintable():
        raise telling.refusal("bad_value", "interest", f"A word or two, at most {interests.LONGEST} characters.")
    visitor, now = telling.begin(said)
    told = visiting.owner(visitor).did(doings.INTEREST_REGISTERED, said.moment(now), {"interest": word})
    return telling.end([told], now)


@door.post("/event")
@public
def event() -> Response:
    said = reading.said(Event)
    name = said.name.strip()
    if not name or not name.isprintable():
        raise telling.refusal("bad_value", "name", "A name is made of characters that can be seen.")
    if doings.is_ours(name):
        raise telling.refusal("reserved_name", "name", f"“{name}” is told by us alone: a page may not say it itself.")
    visitor, now = telling.begin(said)
    told = visiting.owner(visitor).did(name, said.moment(now), said.properties or {})
    return telling.end([told], now)
