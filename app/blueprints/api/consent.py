"""/api/v1/customers/7/consent and /api/v1/suppressions"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec
from flask import Blueprint, Response

from app import access
from app.access import key
from app.blueprints.api import consenting, reading, shapes, taking
from app.blueprints.api.answers import answer
from app.blueprints.api.consenting import EPOCH, Caller, Problem
from app.blueprints.api.refusals import Refusal
from app.blueprints.api.taking import Call
from app.consent import preferences, statements, suppressions
from app.customers import directory, upsert
from app.db import db
from app.settings import topics
from app.tally import Reject, Tally

door = Blueprint("api_consent", __name__, url_prefix="/api/v1")


@door.get("/customers/<int:customer_id>/consent")
@key("read")
def show(customer_id: int) -> Response:
    known = _find(customer_id)
    return answer(_standing(known, datetime.now(UTC)))


@door.put("/customers/<int:customer_id>/consent")
@key("ingest")
def put(customer_id: int) -> Response:
    said, now = _said(reading.body()), datetime.now(UTC)
    topics_known = consenting.known()
    if wrong := consenting.problem(said, topics_known, now):
        raise _refused(wrong)
    upsert.lock([str(customer_id)])  # a merge waits, or is over
    known = _find(customer_id)
    caller = Caller(f"{access.api_key().name} (API)", now)
    statements.hear(consenting.stated(known, said, topics_known, caller))
    db.session.commit()
    return answer(_changed(_standing(known, now), _kept_out(known, said)))


@door.post("/suppressions")
@key("ingest")
def post_suppressions() -> Response:
    return taking.take("suppressions", shapes.Suppression, _store)


def _said(body: bytes) -> shapes.Consent:
    good, rejects = reading.shaped([msgspec.Raw(reading.one(body))], shapes.Consent)
    if rejects:
        raise _refused(Problem(rejects[0].code, rejects[0].field, rejects[0].message))
    return good[0][1]


def _refused(wrong: Problem) -> Refusal:
    said = {"code": wrong.code, "field": wrong.field, "message": wrong.message}
    return Refusal(422, wrong.code, f"{wrong.field}: {wrong.message}" if wrong.field else wrong.message, [said])


def _find(customer_id: int) -> int:
    """A merged one means the survivor."""
    known = directory.find(customer_id) or directory.find(directory.survivor(customer_id) or 0)
    if known is None:
        raise Refusal(404, "not_found", f"There is no customer {customer_id}.")
    return known.id


def _standing(customer_id: int, now: datetime) -> shapes.CustomerConsent:
    slugs = {topic.id: topic.slug for topic in topics.everything()}
    told = [
        shapes.KnownStatement(
            slugs[one.topic_id], one.is_given, one.source, one.way, one.shown, one.reason, one.at, one.recorded_at
        )
        for one in preferences.history(customer_id)
    ]
    return shapes.CustomerConsent(
        topics=preferences.as_said(customer_id),
        statements=told,
        paused_until=preferences.paused_until(customer_id, now),
    )


def _changed(standing: shapes.CustomerConsent, kept_out: list[str]) -> shapes.ChangedConsent:
    return shapes.ChangedConsent(
        topics=standing.topics,
        statements=standing.statements,
        paused_until=standing.paused_until,
        kept_out=kept_out,
    )


def _kept_out(customer_id: int, said: shapes.Consent) -> list[str]:
    return [one.slug for one in preferences.of(customer_id) if said.topics.get(one.slug) and one.is_own_withdrawal]


def _store(items: Sequence[tuple[int, shapes.Suppression]], call: Call) -> Tally:
    rejects = [wrong for index, item in items if (wrong := _wrong(index, item, call.now))]
    bad = {wrong.index for wrong in rejects}
    listed = [_listed(index, item, call.now) for index, item in items if index not in bad]
    tally = suppressions.put_many(listed, call.said)
    tally.refuse(rejects)
    return tally


def _wrong(index: int, item: shapes.Suppression, now: datetime) -> Reject | None:
    if item.at and item.at > now + consenting.AHEAD:
        return Reject(index, "in_the_future", "at", "More than a day ahead: is the clock or the zone right?")
    if item.at and item.at < EPOCH:
        return Reject(index, "too_old", "at", "Before 1970: is the time right?")
    return None


def _listed(index: int, item: shapes.Suppression, now: datetime) -> suppressions.Incoming:
    reason, written = suppressions.understood(item.reason)
    return suppressions.Incoming(index, item.email, reason, item.at or now, item.note or written)
