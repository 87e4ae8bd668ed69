"""/api/v1/messages: one transactional mail to one person; and /api/v1/deliveries: what became of mails."""

from __future__ import annotations

from datetime import datetime

import msgspec
from flask import Blueprint, Response, request

from app.access import key
from app.blueprints.api import authored, lists, reading, run_shapes, taking
from app.blueprints.api.answers import answer
from app.blueprints.api.refusals import Refusal
from app.blueprints.api.runs import find
from app.blueprints.api.shapes import said
from app.content import versions, writing
from app.content.template import MessageTemplate, TemplateVersion
from app.customers import directory as customers
from app.customers import who
from app.customers.customer import Customer
from app.customers.who import Who
from app.deliveries import directory, messages
from app.deliveries.delivery import Delivery
from app.receipts.idempotency import Answer

door = Blueprint("api_messages", __name__, url_prefix="/api/v1")


@door.post("/messages")
@key("send")
def create() -> Response:
    body = reading.body()
    return taking.once(body, lambda now: _create(body, now), bell="deliveries.send")


@door.get("/deliveries")
@key("read")
def index() -> Response:
    """Of one run, in order of their ids: `after` names the last one that was read."""
    limit, after = lists.limit(), max(lists.after(), _number("after", 0))
    found = directory.deliveries_after(find(_number("run_id")).id, after, limit + 1)
    shown, has_more = [_known(one) for one in found[:limit]], len(found) > limit
    return answer(run_shapes.DeliveryList(shown, has_more, lists.cursor(shown[-1].id) if has_more else None))


@door.get("/deliveries/<int:delivery_id>")
@key("read")
def show(delivery_id: int) -> Response:
    delivery = directory.find_delivery(delivery_id)
    if delivery is None:
        raise Refusal(404, "not_found", f"There is no delivery {delivery_id}.")
    return answer(_known(delivery))


def _create(body: bytes, now: datetime) -> Answer:
    wanted = authored.wanted(body, run_shapes.Message)
    template, version = _published(wanted.message_template_id)
    customer, facts = _customer(wanted.who), said(wanted.facts) or {}
    delivery = messages.send(template, version, customer, facts, now, f"{authored.by().name} (API)")
    return Answer(202, msgspec.json.encode(run_shapes.Accepted(delivery.id)))


def _published(template_id: int) -> tuple[MessageTemplate, TemplateVersion]:
    template = writing.find(template_id)
    if template is None:
        raise _refused("unknown_template", "message_template_id", f"There is no template {template_id}.")
    if template.type != "email":
        raise _refused("not_an_email", "message_template_id", "WhatsApp messages are kept here, and never sent.")
    version = versions.published(template)
    if version is None:
        raise _refused("not_published", "message_template_id", f"“{template.name}” is not published yet.")
    return template, version


def _customer(named: Who) -> Customer:
    if not named.is_named:
        raise _refused("missing", "who", "Name somebody by customer_id, lms_lead_id or email.")
    found = who.find_many([named])[0]
    if found.is_ambiguous:
        raise _refused("ambiguous", "email", "Several customers have this address; name one by customer_id.")
    customer = customers.find(found.id) if found.id else None
    if customer is None:
        raise _refused("unknown_customer", "who", "Nobody here is called so.")
    return customer


def _refused(code: str, field: str, message: str) -> Refusal:
    return Refusal(422, code, message, [{"code": code, "field": field, "message": message}])


def _number(name: str, otherwise: int | None = None) -> int:
    written = request.args.get(name)
    if written is None and otherwise is not None:
        return otherwise
    if not (written and written.isascii() and written.isdecimal() and len(written) < 20 and int(written) < 2**63):
        raise Refusal(422, f"bad_{name}", f"{name} is a number.")
    return int(written)


def _known(delivery: Delivery) -> run_shapes.KnownDelivery:
    own = {name: getattr(delivery, name) for name in run_shapes.KnownDelivery.__struct_fields__}
    return run_shapes.KnownDelivery(**own | {"occasion": delivery.occasion or None})
