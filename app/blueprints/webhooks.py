"""The doors of other systems' webhooks: signed calls instead of a sign-in, JSON instead of pages.

The headers are judged before the body is read. The same id again has no second effect and gets the same answer.
"""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, Response, current_app, g, jsonify, request
from werkzeug.exceptions import HTTPException

from app.access import public
from app.blueprints import moves
from app.db import db
from app.events import intake
from app.events.incoming import Origin
from app.queue import ring
from app.receipts import keep, signatures, webhooks
from app.receipts.signatures import Signed
from app.tally import Tally

door = Blueprint("webhooks", __name__, url_prefix="/webhooks")


@door.post("/funnel")
@public
def funnel() -> Response:
    now = datetime.now(UTC)
    try:
        signed = signatures.read(request.headers, now)
        body = request.get_data(cache=False)
        signed.check(body, current_app.extensions["config"].funnel_webhook_secrets)
    except signatures.Refused as refused:
        webhooks.refused(now)
        return _error(401, "bad_signature", str(refused))
    answer = _answer_again(signed) or _take_in(signed, body, now)
    db.session.commit()
    ring("events")
    return answer


def _answer_again(signed: Signed) -> Response | None:
    receipt = webhooks.earlier(signed.id)
    return _answer(webhooks.tally_of(receipt)) if receipt else None


def _take_in(signed: Signed, body: bytes, now: datetime) -> Response:
    receipt_id = keep.begin()
    try:
        facts, rejects = moves.read(body, now)
    except moves.Malformed as malformed:
        keep.keep(receipt_id, "webhook", "funnel", request.path, body, malformed.status, Tally(), signed.id)
        return _error(malformed.status, malformed.code, str(malformed))
    tally = intake.store(facts, Origin(receipt_id=receipt_id), now)
    tally.received += len(rejects)
    tally.refuse(rejects)
    keep.keep(receipt_id, "webhook", "funnel", request.path, body, 200, tally, signed.id)
    return _answer(tally)


def _answer(tally: Tally) -> Response:
    return jsonify(tally.as_json())


@door.errorhandler(HTTPException)
def _http(error: HTTPException) -> Response:
    return _error(error.code or 500, error.name.lower().replace(" ", "_"), error.description or error.name)


def _error(status: int, code: str, message: str) -> Response:
    said = {"code": code, "message": message, "details": [], "request_id": g.get("request_id", "")}
    answer = jsonify(error=said)
    answer.status_code = status
    return answer
