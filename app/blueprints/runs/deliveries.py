"""One mail to one person: what became of it; and the mails that a customer got."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort

from app import htmx
from app.access import may, person
from app.automations import awaited, waits
from app.blueprints.automations import shown_trigger
from app.catalogue import codes
from app.customers import directory as customers
from app.deliveries import directory, local_outbox, runs, variants
from app.deliveries.delivery import Delivery
from app.deliveries.run import Run
from app.settings import conversions
from app.tracking import directory as tracking
from app.tracking import money
from app.tracking.receipts import directory as receipts

door = Blueprint("deliveries", __name__)
SHOWN, HITS = 10, 100


@door.get("/deliveries/<int:delivery_id>")
@may("read")
def show(delivery_id: int) -> Response:
    delivery = directory.find_delivery(delivery_id) or abort(404)
    run: Run = runs.find(delivery.run_id) or abort(404)
    hits = tracking.of_delivery(delivery.id, HITS + 1)
    return htmx.answer(
        "deliveries/show.html",
        delivery=delivery,
        facts=_facts(delivery),
        run=run,
        variant=variants.of_delivery(delivery),
        led_to=money.led_to(delivery.id, conversions.read().rule),
        customer=customers.find(delivery.customer_id),
        stayed_here=local_outbox.called(f"delivery-{delivery.id}"),
        hits=hits[:HITS],
        has_more_hits=len(hits) > HITS,
        receipts=receipts.of_delivery(delivery.id),
        KINDS=receipts.KINDS_SAID,
    )


@door.get("/customers/<int:customer_id>/mails")
@may("read")
def of_customer(customer_id: int) -> Response:
    customer = customers.find(customer_id) or abort(404)
    found = directory.of_customer(customer.id, SHOWN + 1)
    return htmx.answer(
        "deliveries/of_customer.html",
        "deliveries/_of_customer.html",
        customer=customer,
        found=found[:SHOWN],
        has_more=len(found) > SHOWN,
        awaited=awaited.of_customer(customer.id),
        unless_of=shown_trigger.unless_of,
        OUTCOMES=waits.OUTCOMES,
    )


def _facts(delivery: Delivery) -> dict[str, Any] | None:
    """A code is worth money: whoever only looks sees how it begins."""
    facts = delivery.facts
    if not facts or not facts.get("discount_code") or person().may("edit"):
        return facts
    return facts | {"discount_code": codes.masked(str(facts["discount_code"]))}
