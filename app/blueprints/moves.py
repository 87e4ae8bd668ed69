"""Moves through a funnel as others write them in JSON: each one read for itself, so that a bad one is named."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated

import msgspec

from app.customers.who import Who, folded
from app.events.incoming import Incoming
from app.tally import Reject

MOST = 1000
PLACE = re.compile(r" - at `\$\.?(?P<field>[^`]*)`$")
NAMED = re.compile(r"field `(?P<field>[^`]*)`")

Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class Malformed(ValueError):
    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


class Move(msgspec.Struct, forbid_unknown_fields=True):
    funnel_type: str
    to_stage: str
    from_stage: str | None = None
    id: str | None = None
    customer_id: int | None = None
    lms_lead_id: str | None = None
    external_id: str | None = None
    email: str | None = None
    occurred_at: Moment | None = None
    created_date: Moment | None = None

    def as_fact(self, index: int, now: datetime) -> Incoming:
        who = Who(self.customer_id, self.lms_lead_id or self.external_id, folded(self.email or "") or None)
        at = self.occurred_at or self.created_date or now
        return Incoming(index, "funnel", who, self.funnel_type, at, self.id, {}, self.from_stage, self.to_stage)


def read(body: bytes, now: datetime) -> tuple[list[Incoming], list[Reject]]:
    """One object, or a list of them under `funnel_events`. Raises Malformed."""
    moves, rejects = [], []
    for index, item in enumerate(_items(body)):
        try:
            moves.append(msgspec.json.decode(item, type=Move).as_fact(index, now))
        except (ValueError, RecursionError) as error:
            rejects.append(_refused(index, error))
    return moves, rejects


def _items(body: bytes) -> list[msgspec.Raw]:
    try:
        said = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    except msgspec.ValidationError:
        raise Malformed(400, "wrong_shape", 'Send one move, or {"funnel_events": […]}.') from None
    except (ValueError, RecursionError):
        raise Malformed(400, "not_json", "The body is not JSON.") from None
    items = _listed(said["funnel_events"]) if said.keys() == {"funnel_events"} else [msgspec.Raw(body)]
    if len(items) > MOST:
        raise Malformed(413, "too_many", f"At most {MOST:,} moves at once.")
    return items


def _listed(said: msgspec.Raw) -> list[msgspec.Raw]:
    try:
        return msgspec.json.decode(said, type=list[msgspec.Raw])
    except msgspec.ValidationError:
        raise Malformed(400, "wrong_shape", "“funnel_events” must be a list.") from None


def _refused(index: int, error: Exception) -> Reject:
    if not isinstance(error, msgspec.ValidationError):
        return Reject(index, "invalid", "", "It is no JSON object in UTF-8.")
    said = str(error)
    found = PLACE.search(said) or NAMED.search(said)
    return Reject(index, "invalid", found["field"] if found else "", f"{PLACE.sub('', said)}.")
