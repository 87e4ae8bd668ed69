"""Doors for Segment's libraries, which only need another host: identify, track, page, screen, alone or in batches.

userId is the lead id. What an anonymous visitor did waits, and joins the customer when both ids come together.
"""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from flask import Blueprint, Response, request

from app import access
from app.access import key
from app.blueprints.api import reading, taking
from app.blueprints.api.publishing import publish
from app.blueprints.api.refusals import Refusal
from app.blueprints.api.shapes import Customer, Text
from app.customers import who
from app.customers.who import Who, folded
from app.events import intake, pending
from app.events.incoming import Incoming, Origin
from app.receipts import keep
from app.receipts.idempotency import Answer
from app.tally import Reject, Tally

door = Blueprint("segment", __name__, url_prefix="/v1")
LARGEST = 5 * 1024 * 1024  # unpacked
FIELDS = {
    "email": "email",
    "firstName": "first_name",
    "first_name": "first_name",
    "lastName": "last_name",
    "last_name": "last_name",
    "phone": "mobile",
    "mobile": "mobile",
    "timezone": "timezone",
    "createdAt": "created_date",
    "created_at": "created_date",
    "created_date": "created_date",
}
NAMES = {"page": "page_viewed", "screen": "screen_viewed"}
DEEPEST = 3


class Message(msgspec.Struct, rename="camel", kw_only=True):
    """Whatever else a library adds is let pass."""

    type: str = ""
    user_id: Text | int | None = None
    anonymous_id: Text | None = None
    message_id: Text | None = None
    timestamp: str | None = None
    event: str | None = None
    name: str | None = None
    traits: dict[str, Any] | None = None
    properties: dict[str, Any] | None = None

    @property
    def lead(self) -> str | None:
        return str(self.user_id) if self.user_id not in (None, "") else None


class Batch(msgspec.Struct):
    batch: list[msgspec.Raw]


@door.post("/batch")
@key("ingest")
def batch() -> Response:
    body = _body()
    try:
        raw = reading.parts(body, Batch).batch
    except (ValueError, RecursionError):
        raise Refusal(400, "invalid_json", 'Send {"batch": […]}.') from None
    if len(raw) > reading.MOST:
        raise Refusal(413, "too_many_items", f"At most {reading.MOST:,} messages at once.")
    return taking.once(body, lambda now: _take(body, raw, None, now))


@door.post("/<any(identify, track, page, screen):kind>")
@key("ingest")
def one(kind: str) -> Response:
    body = _body()
    try:
        reading.parts(body, dict[str, msgspec.Raw])
    except (ValueError, RecursionError):
        raise Refusal(400, "invalid_json", "Send one message as a JSON object.") from None
    return taking.once(body, lambda now: _take(body, [msgspec.Raw(body)], kind, now))


def _take(body: bytes, raw: Sequence[msgspec.Raw], kind: str | None, now: datetime) -> Answer:
    receipt_id = keep.begin()
    messages, rejects = reading.shaped(raw, Message)
    tally = Tally(received=len(raw))
    tally.refuse(rejects)
    typed = [(index, message, kind or message.type) for index, message in messages]
    # People first, so that what they did finds them.
    for store in (_identify, _track):
        _add(tally, store(typed, receipt_id, now))
    _join_sessions(typed, now)
    keep.keep(receipt_id, "segment", access.api_key().name, request.path, body, 200, tally)
    return Answer(200, msgspec.json.encode({"success": True} | tally.as_json()))


Typed = Sequence[tuple[int, Message, str]]


def _identify(messages: Typed, _receipt_id: int, now: datetime) -> Tally:
    rejects, people = [], []
    for index, message, kind in messages:
        if kind != "identify":
            continue
        try:
            people.append((index, msgspec.convert(_person(message), Customer)))
        except (msgspec.ValidationError, ValueError) as error:
            rejects.append(reading.refused(index, error))
    tally = publish(people, f"{access.api_key().name} (Segment)", now)[0] if people else Tally()
    tally.refuse(rejects)
    return tally


def _track(messages: Typed, receipt_id: int, now: datetime) -> Tally:
    facts, rejects = [], []
    for index, message, kind in messages:
        if kind == "identify":
            continue
        try:
            facts.append(_fact(index, message, kind, now))
        except _Refused as refused:
            rejects.append(Reject(index, refused.code, refused.field, str(refused)))
    tally = intake.store(facts, Origin(receipt_id=receipt_id), now) if facts else Tally()
    tally.refuse(rejects)
    return tally


def _person(message: Message) -> dict[str, Any]:
    """Fields have their own names; objects within traits become names with dots."""
    said: dict[str, Any] = {"attributes": {}}
    if message.lead:
        said["lms_lead_id"] = message.lead
    for name, value in (message.traits or {}).items():
        if name == "id" and str(value) == message.lead:
            continue  # some libraries say it twice
        if name in FIELDS:
            said[FIELDS[name]] = str(value) if isinstance(value, int | float) else value
        else:
            said["attributes"].update(_flat(name, value))
    return said


def _flat(name: str, value: Any, depth: int = 1) -> dict[str, Any]:
    if not isinstance(value, dict) or depth > DEEPEST:
        return {name: value}
    parts = [_flat(f"{name}.{inner}", one, depth + 1) for inner, one in value.items()]
    return {key: one for part in parts for key, one in part.items()}


class _Refused(Exception):
    def __init__(self, code: str, field: str, message: str) -> None:
        super().__init__(message)
        self.code, self.field = code, field


def _fact(index: int, message: Message, kind: str, now: datetime) -> Incoming:
    name = message.event if kind == "track" else NAMES.get(kind)
    if kind not in {"track", *NAMES}:
        said = f"“{kind[:40]}” is not taken in; identify, track, page and screen are."
        raise _Refused("not_supported", "type", said)
    if not name:
        raise _Refused("missing", "event", "A track names its event.")
    properties = dict(message.properties or {})
    if kind in NAMES and message.name:
        properties.setdefault("name", message.name)
    return Incoming(
        index, "event", _who(message), name, _moment(message.timestamp, now), message.message_id or None, properties
    )


def _who(message: Message) -> Who:
    if message.lead:
        return Who(lms_lead_id=message.lead)
    email = (message.traits or {}).get("email")
    if isinstance(email, str) and email:
        return Who(email=folded(email))
    return Who(anonymous_id=message.anonymous_id or None)


def _moment(written: str | None, now: datetime) -> datetime:
    if written is None:
        return now
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        raise _Refused("wrong_type", "timestamp", "It must be a time like 2026-10-22T10:04:00Z.") from None
    if moment.tzinfo is None:
        raise _Refused("wrong_type", "timestamp", "A time needs its offset, like 2026-10-22T10:04:00+02:00.")
    return moment


def _join_sessions(messages: Typed, now: datetime) -> None:
    both = {(one.anonymous_id, one.lead) for _, one, _ in messages if one.anonymous_id and one.lead}
    pairs = sorted((anonymous, lead) for anonymous, lead in both if anonymous and lead)
    found = who.find_many([Who(lms_lead_id=lead) for _, lead in pairs])
    for (anonymous, _), person in zip(pairs, found, strict=True):
        if person.id:
            pending.join_anonymous(anonymous, person.id, now)


def _add(tally: Tally, more: Tally) -> None:
    tally.created += more.created
    tally.updated += more.updated
    tally.unchanged += more.unchanged
    tally.refuse(more.rejects)


def _body() -> bytes:
    """Libraries pack large batches; a small body must not unpack into a large one."""
    said = reading.sent()
    if request.headers.get("Content-Encoding") != "gzip":
        return said
    try:
        unpacked = gzip.GzipFile(fileobj=io.BytesIO(said)).read(LARGEST + 1)
    except (OSError, EOFError, zlib.error):
        raise Refusal(400, "bad_encoding", "The body is not gzip.") from None
    if len(unpacked) > LARGEST:
        raise Refusal(413, "too_large", "A body has at most 5 MB, unpacked.")
    return unpacked
