"""The local outbox: every mail that would have gone out, while none leaves this machine."""

from __future__ import annotations

from flask import Blueprint, Response, abort, url_for

from app import htmx
from app.access import may
from app.blueprints import asking
from app.blueprints.media.frames import framed
from app.deliveries import local_outbox
from app.deliveries.outbox_message import OutboxMessage

door = Blueprint("outbox", __name__, url_prefix="/outbox")


@door.get("")
@may("read")
def index() -> Response:
    listing = local_outbox.LISTING
    ask = asking.read(listing)
    page = listing.page(local_outbox.messages(), ask)
    return htmx.answer("outbox/index.html", "outbox/_results.html", listing=listing, ask=ask, page=page)


@door.get("/<int:message_id>")
@may("read")
def show(message_id: int) -> Response:
    message = _found(message_id)
    return htmx.answer("outbox/show.html", message=message, frame=url_for("outbox.frame", message_id=message.id))


@door.get("/<int:message_id>/frame")
@may("read")
def frame(message_id: int) -> Response:
    return framed(_found(message_id).html)


def _found(message_id: int) -> OutboxMessage:
    return local_outbox.find(message_id) or abort(404)
