"""/api/v1/product-launches: the product database says what is new; everything else happens by itself."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from flask import Blueprint, Response

from app.access import key
from app.automations.keeping import NotReady
from app.automations.launches import launching
from app.automations.launches.wanted import Wanted
from app.blueprints.api import authored, launch_shapes, reading, taking
from app.blueprints.api.refusals import Refusal
from app.blueprints.api.shapes import said
from app.db import db
from app.problem import Problem, Refused
from app.receipts.idempotency import Answer

door = Blueprint("api_launches", __name__, url_prefix="/api/v1")
NEEDED = ("interest", "product_name", "product_link")  # whatever else comes is a fact, too


@door.post("/product-launches")
@key("ingest", "send")
def create() -> Response:
    body = reading.body()
    return taking.once(body, lambda now: _create(body, now), bell="automations.plan_runs")


def _create(body: bytes, now: datetime) -> Answer:
    wanted = _wanted(body)
    try:
        launch = launching.launch(wanted, "api", now, authored.by())
    except launching.Another as another:
        db.session.rollback()
        raise Refusal(409, "key_reused", str(another)) from None
    except (Refused, NotReady) as refused:
        db.session.rollback()
        raise _refused(refused.problems, "not_ready" if isinstance(refused, NotReady) else "invalid") from None
    return Answer(202, msgspec.json.encode(launch_shapes.StartedLaunch(launch.run_id)))


def _wanted(body: bytes) -> Wanted:
    read = authored.wanted(_without_plain_time(reading.one(body)), launch_shapes.ProductLaunch)
    whole = _whole(body)
    return Wanted(
        interest=read.interest.strip(),
        product_name=" ".join(read.product_name.split()),
        product_link=read.product_link.strip(),
        said={name: value for name, value in whole.items() if name not in NEEDED and value is not None},
        product_id=said(read.product_id),
        template_id=said(read.message_template_id),
        at=said(read.at),
        key=f"named-{own}" if (own := said(read.key)) else "",
    )


def _whole(body: bytes) -> dict[str, Any]:
    try:
        return reading.parts(body, dict[str, Any])
    except RecursionError:
        raise Refusal(422, "wrong_shape", "It is nested too deeply.") from None


def _without_plain_time(body: bytes) -> bytes:
    """`at` is when it goes out where it is a time, and else a fact like any other; a time lacks no offset."""
    parts = reading.parts(body, dict[str, msgspec.Raw])
    try:
        msgspec.json.decode(parts.get("at", b"null"), type=datetime | None)
    except (ValueError, RecursionError):
        return msgspec.json.encode({name: value for name, value in parts.items() if name != "at"})
    return body


def _refused(problems: list[Problem], code: str) -> Refusal:
    named = [Problem("message_template_id" if one.path == "template_id" else one.path, one.message) for one in problems]
    details = [{"code": code, "field": one.path, "message": one.message} for one in named]
    first = named[0]
    return Refusal(422, code, f"{first.path}: {first.message}" if first.path else first.message, details)
