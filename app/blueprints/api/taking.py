"""How facts are taken in, the same for every noun: read, store, keep a receipt, answer, all in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec
from flask import Response, request

from app import access
from app.blueprints.api import reading
from app.blueprints.api.refusals import Refusal
from app.catalogue.happened import Happened
from app.customers.who import Who
from app.db import db
from app.events import intake
from app.events.incoming import Incoming, Origin
from app.queue import ring
from app.receipts import idempotency, keep
from app.receipts.idempotency import Answer
from app.tally import Tally

STORED = (200, 201, 202)

Shape = TypeVar("Shape", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True)
class Call:
    """One POST of facts: who sent it, when, and the receipt that its facts point at."""

    sender: str
    receipt_id: int
    now: datetime

    @property
    def said(self) -> str:
        return f"{self.sender} (API)"


Store = Callable[[Sequence[tuple[int, Any]], Call], Tally]


def take(plural: str, shape: type[Shape], store: Store) -> Response:
    body = reading.body()
    return once(body, lambda now: _take(body, plural, shape, store, now))


def once(body: bytes, work: Callable[[datetime], Answer], bell: str = "events") -> Response:
    """The work, unless this very call has been answered before; then the bell of whoever goes on with it."""
    now, call = datetime.now(UTC), _named(body)
    if call and (earlier := _earlier(call, now)):
        db.session.rollback()
        return _answer(earlier)
    answer = work(now)
    if call and answer.status in STORED:
        idempotency.remember(call, answer, now)
    db.session.commit()
    if bell:
        ring(bell)
    return _answer(answer)


def happened(told: Sequence[Happened], call: Call) -> None:
    """Orders and carts also count as events, each once."""
    facts = [
        Incoming(
            index=one.index,
            kind="event",
            who=Who(one.customer_id) if one.customer_id else one.who,
            name=one.name,
            occurred_at=one.occurred_at,
            source_id=one.source_id,
            properties=one.properties,
        )
        for one in told
    ]
    if facts:
        intake.store(facts, Origin(receipt_id=call.receipt_id), call.now)


def _take(body: bytes, plural: str, shape: type[Shape], store: Store, now: datetime) -> Answer:
    raw = reading.items(body, plural)
    good, rejects = reading.shaped(raw, shape)
    call = Call(access.api_key().name, keep.begin(), now)
    tally = store(good, call) if good else Tally()
    tally.received = len(raw)
    tally.refuse(rejects)
    status = 200 if tally.stored else 422
    keep.keep(call.receipt_id, "api", call.sender, request.path, body, status, tally)
    return Answer(status, msgspec.json.encode(tally.as_json()))


def _named(body: bytes) -> idempotency.Call | None:
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not 0 < len(key) <= idempotency.LONGEST or "\0" in key:
        raise Refusal(400, "bad_idempotency_key", f"An Idempotency-Key has 1 to {idempotency.LONGEST} characters.")
    return idempotency.Call(access.api_key().id, request.path, key, body)


def _earlier(call: idempotency.Call, now: datetime) -> Answer | None:
    try:
        return idempotency.earlier(call, now)
    except idempotency.InUse:
        raise Refusal(409, "idempotency_key_in_use", "The first call with this key has not ended yet.") from None
    except idempotency.Reused:
        said = "This key came with another body before; take a new key for a new call."
        raise Refusal(409, "idempotency_key_reused", said) from None


def _answer(answer: Answer) -> Response:
    return Response(answer.body, answer.status, mimetype="application/json")
