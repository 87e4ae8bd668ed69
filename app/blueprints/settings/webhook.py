"""Settings → Webhook: where the funnel's calls go, which secret is set, and what came of the last ones."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, Response, abort, current_app

from app import htmx
from app.access import may
from app.blueprints import asking
from app.receipts import webhooks

door = Blueprint("settings_webhook", __name__, url_prefix="/settings/webhook")


@door.get("")
@may("administer")
def index() -> Response:
    config, now = current_app.extensions["config"], datetime.now(UTC)
    ask = asking.read(webhooks.LISTING)
    return htmx.answer(
        "settings/webhook/index.html",
        "settings/webhook/_results.html",
        listing=webhooks.LISTING,
        ask=ask,
        page=webhooks.LISTING.page(webhooks.deliveries(), ask),
        address=f"{config.base_url}/webhooks/funnel",
        secrets=len(config.funnel_webhook_secrets),
        refused=webhooks.refused_lately(now),
        example_at=f"{now:%Y-%m-%dT%H:%M:%SZ}",
    )


@door.get("/<int:receipt_id>")
@may("administer")
def show(receipt_id: int) -> Response:
    receipt = webhooks.get(receipt_id) or abort(404)
    return htmx.answer("settings/webhook/show.html", receipt=receipt, body=webhooks.body_of(receipt))
