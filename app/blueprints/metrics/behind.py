"""The people behind a figure."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, abort, request
from flask.typing import ResponseReturnValue

from app import htmx, wording
from app.access import may
from app.blueprints.metrics import asked
from app.customers import directory as customers
from app.deliveries import directory
from app.metrics import people

door = Blueprint("metrics_people", __name__, url_prefix="/metrics/people")
SAID = {
    "sent": "got a mail",
    "arrived": "got a mail that did not bounce",
    "delivered": "had it delivered",
    "opened": "opened it",
    "clicked": "followed a link of it",
    "converted": "did what it was for",
    "unsubscribed": "unsubscribed by it",
    "bounced": "could not be reached",
    "complained": "reported it as spam",
    "failed": "did not get it, because it failed",
}


@door.get("/<what>")
@may("read")
def index(what: str) -> ResponseReturnValue:
    if what not in SAID:
        abort(404)
    wanted = asked.read(request.args, datetime.now(UTC), wording.zone())
    listing, args = people.PEOPLE, request.args
    path = {"what": what, **wanted.args(sort=None)}
    ask = listing.read(args.get("q", ""), [], None, args.get("cursor"), **path)
    page = listing.page(people.behind(wanted.scope, what, ask.q), ask)
    return htmx.answer(
        "metrics/people.html",
        "metrics/_people.html",
        asked=wanted,
        scope=wanted.scope,
        what=what,
        said=SAID[what],
        listing=listing,
        ask=ask,
        page=page,
        named=customers.named(row.customer_id for row in page.rows),
        runs=directory.names(row.run_id for row in page.rows),
    )
