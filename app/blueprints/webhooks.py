"""The doors of other systems' webhooks: signed calls instead of a sign-in, JSON instead of pages.

The headers are judged before the body is read. The same id again has no second effect and gets the same answer.
"""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, Response, current_app, jsonify, request

from app.access import public
from app.blueprints.api import reading, refusals
from app.blueprints.api.events import as_fact
from app.blueprints.api.refusals import Refusal
from app.blueprints.api.shapes import FunnelEvent
from app.db import db
from app.events import intake
from app.events.incoming import Origin
from app.queue import ring
from app.receipts import keep, signatures, sns, webhooks
from app.receipts.signatures import Signed
from app.tally import Tally
from app.tracking.receipts import hearing
from app.tracking.receipts.hearing import Call

door = Blueprint("webhooks", __name__, url_prefix="/webhooks")
TOO_LARGE = 413
LARGEST_OF_SNS = 512 * 1024  # twice what a message may have: inside JSON a letter can take more bytes


@door.post("/funnel")
@public
def funnel() -> Response:
    now = datetime.now(UTC)
    try:
        signed = signatures.read(request.headers, now)
        body = request.get_data(cache=False)
        signed.check(body, current_app.extensions["config"].funnel_webhook_secrets)
    except signatures.Refused as refused:
        return _refused("funnel", refused, now)
    answer = _answer_again(signed) or _take_in(signed, body, now)
    db.session.commit()
    ring("events")
    return answer


@door.post("/resend")
@public
def resend() -> Response:
    now = datetime.now(UTC)
    try:
        signed = signatures.read(request.headers, now, "svix-")
        body = request.get_data(cache=False)
        signed.check(body, current_app.extensions["config"].resend_webhook_secrets)
    except signatures.Refused as refused:
        return _refused("resend", refused, now)
    return _heard(Call("resend", signed.id, body), now)


@door.post("/ses")
@public
def ses() -> Response:
    """The signature stands in the body: who is not SNS has no more to say than SNS ever has."""
    now = datetime.now(UTC)
    request.max_content_length = LARGEST_OF_SNS
    try:
        message = sns.read(request.get_data(cache=False), current_app.extensions["config"].ses_topic_arns, now)
        if message.is_confirmation:
            sns.confirm(message)
    except signatures.Refused as refused:
        return _refused("ses", refused, now)
    except sns.Unreachable as unreachable:
        return refusals.answer(503, str(unreachable))
    return _heard(Call("ses", message.id, message.body), now)


def _heard(call: Call, now: datetime) -> Response:
    hearing.take(call, now)
    db.session.commit()
    return jsonify(received=1)


def _refused(which: str, refused: signatures.Refused, now: datetime) -> Response:
    webhooks.refused(now, which)
    return refusals.answer(401, str(refused), "bad_signature")


def _answer_again(signed: Signed) -> Response | None:
    receipt = webhooks.earlier("funnel", signed.id)
    return _answer(webhooks.tally_of(receipt)) if receipt else None


def _take_in(signed: Signed, body: bytes, now: datetime) -> Response:
    receipt_id = keep.begin()
    try:
        moves, rejects = reading.shaped(reading.items(body, "funnel_events"), FunnelEvent)
    except Refusal as refused:
        status = refused.status if refused.status == TOO_LARGE else 400
        keep.keep(receipt_id, "webhook", "funnel", request.path, body, status, Tally(), signed.id)
        return refusals.answer(status, str(refused), refused.code)
    tally = intake.store([as_fact(*one, now) for one in moves], Origin(receipt_id=receipt_id), now)
    tally.received += len(rejects)
    tally.refuse(rejects)
    keep.keep(receipt_id, "webhook", "funnel", request.path, body, 200, tally, signed.id)
    return _answer(tally)


def _answer(tally: Tally) -> Response:
    return jsonify(tally.as_json())
