"""/track/recommendations: what the shop may show somebody whom it has signed in. Nobody sees another's."""

from __future__ import annotations

from dataclasses import asdict

from flask import Blueprint, Response, jsonify, request

from app.access import public
from app.blueprints.api.refusals import Refusal
from app.blueprints.track import visiting
from app.blueprints.track.visiting import Said
from app.catalogue import recommending
from app.catalogue.recommending import Recommended
from app.catalogue.visitor import Visitor
from app.clock import clock
from app.customers import who

door = Blueprint("track_recommending", __name__, url_prefix="/track")


@door.get("/recommendations/<path:user_id>")
@public
def show(user_id: str) -> Response:
    token = request.args.get("token")
    if not token and "Authorization" not in request.headers:
        raise Refusal(401, "unauthorized", "Send a token: Authorization: Bearer …, or ?token=…")
    visitor = visiting.visitor(Said(token=token, session_id=request.args.get("session_id")))
    if visitor.lead != user_id:
        raise Refusal(403, "forbidden", "A token opens the recommendations of the person whom it names, and no others.")
    return jsonify(data=[asdict(one) for one in _of(visitor)])


def _of(visitor: Visitor) -> list[Recommended]:
    """Somebody who is not known here yet: by what they did in this session, else what is popular."""
    now, found = clock(), who.find_many([visitor.who])[0]
    if found.id is None:
        return recommending.of_session(visitor.session_id, now)
    return recommending.of_customers([found.id], now)[found.id]
