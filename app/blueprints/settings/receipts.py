"""Settings → Receipts: where providers tell what became of mails, what they told, and what fits no mail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from flask import Blueprint, Response, abort, current_app, request
from flask.typing import ResponseReturnValue

from app import htmx
from app.access import may
from app.blueprints import asking
from app.receipts import webhooks
from app.tracking.receipts import directory

door = Blueprint("settings_receipts", __name__, url_prefix="/settings/receipts")


@dataclass(frozen=True)
class Ear:
    """Where one provider tells. `known`: how many secrets, or topics, are set."""

    provider: str
    address: str
    known: int
    refused: int | None


@door.get("")
@may("administer")
def index() -> ResponseReturnValue:
    if request.args.get("field"):
        return asking.moved_to_filter("settings_receipts.index")
    ask = asking.read(directory.LISTING)
    return htmx.answer(
        "settings/receipts/index.html",
        "settings/receipts/_results.html",
        listing=directory.LISTING,
        ask=ask,
        page=directory.LISTING.page(directory.rows(), ask),
        ears=_ears(),
        unmatched=directory.unmatched(),
        KINDS=directory.KINDS_SAID,
        PROVIDERS=directory.PROVIDERS_SAID,
    )


@door.get("/<int:receipt_id>")
@may("administer")
def show(receipt_id: int) -> Response:
    receipt = directory.find(receipt_id) or abort(404)
    call = webhooks.get(receipt.receipt_id, receipt.provider) if receipt.receipt_id else None
    return htmx.answer(
        "settings/receipts/show.html",
        receipt=receipt,
        call=call,
        body=webhooks.body_of(call) if call else None,
        KINDS=directory.KINDS_SAID,
        PROVIDERS=directory.PROVIDERS_SAID,
    )


def _ears() -> list[Ear]:
    config, now = current_app.extensions["config"], datetime.now(UTC)
    known = {"resend": len(config.resend_webhook_secrets), "ses": len(config.ses_topic_arns)}
    return [
        Ear(one, f"{config.base_url}/webhooks/{one}", count, webhooks.refused_lately(now, one))
        for one, count in known.items()
    ]
