"""/api/v1/product-launches: the product database says what is new; everything else happens by itself."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from flask import Blueprint, Response, request

from app import access
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
OWN = launch_shapes.ProductLaunch.__struct_fields__


@door.post("/product-launches")
@key("ingest", "send")
def create() -> Response:
    body = reading.body()
    return taking.once(body, lambda now: _create(body, now), bell="automations.plan_runs")


def _create(body: bytes, now: datetime) -> Answer:
    wanted = _wanted(body)
    try:
        launch = launching.launch(wanted, "api", now, authored.by())
    except (Refused, NotReady) as refused:
        db.session.rollback()
        raise _refused(refused.problems, "not_ready" if isinstance(refused, NotReady) else "invalid") from None
    return Answer(202, msgspec.json.encode(launch_shapes.StartedLaunch(launch.run_id)))


def _wanted(body: bytes) -> Wanted:
    read = authored.wanted(body, launch_shapes.ProductLaunch)
    whole = reading.parts(body, dict[str, Any])
    return Wanted(
        interest=read.interest.strip(),
        product_name=" ".join(read.product_name.split()),
        product_link=read.product_link.strip(),
        said={name: value for name, value in whole.items() if name not in OWN and value is not None},
        product_id=said(read.product_id),
        template_id=said(read.message_template_id),
        at=said(read.at),
        key=_key(said(read.key)),
    )


def _key(own: str | None) -> str:
    """Its own is the same for every system; an Idempotency-Key is that of one system."""
    header = request.headers.get("Idempotency-Key")
    return f"named-{own}" if own else f"api-{access.api_key().id}-{header}" if header else ""


def _refused(problems: list[Problem], code: str) -> Refusal:
    named = [Problem("message_template_id" if one.path == "template_id" else one.path, one.message) for one in problems]
    details = [{"code": code, "field": one.path, "message": one.message} for one in named]
    first = named[0]
    return Refusal(422, code, f"{first.path}: {first.message}" if first.path else first.message, details)
