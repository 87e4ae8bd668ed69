"""What SES tells by SNS: one event a message, as event publishing or as feedback of an identity writes it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.tracking.receipts.told import Told, addresses, decoded, dig, ignored, moment, number, word, words

KINDS = {
    "Send": "sent",
    "Delivery": "delivered",
    "DeliveryDelay": "delivery_delayed",
    "Bounce": "bounced",
    "Complaint": "complained",
    "Reject": "failed",
    "Rendering Failure": "failed",
}
CONFIRMED = "SNS asked whether we want to hear of this topic, or no longer do."
PARTS = {"DeliveryDelay": "deliveryDelay", "Rendering Failure": "failure"}
HEADERS = {"delivery_id": "x-campus-delivery-id", "run_id": "x-campus-run-id", "notice_id": "x-campus-notice-id"}


def read(body: bytes, now: datetime) -> Told:
    """`body`: of SNS, signed; the message inside is JSON once more."""
    sns = decoded(body)
    if dig(sns, "Type") != "Notification":
        return ignored("ses", CONFIRMED, now)
    event = decoded(message) if isinstance(message := dig(sns, "Message"), str) else None
    kind = word(dig(event, "eventType")) or word(dig(event, "notificationType"))
    mail, part = dig(event, "mail"), dig(event, PARTS.get(kind, kind.lower()))
    provider_id = word(dig(mail, "messageId"))
    if kind not in KINDS or _is_taken_back(part):
        said = f"“{words(kind)}” changes nothing here." if kind else "It is no event."
        return ignored("ses", said, now, provider_id)
    return Told(
        "ses",
        provider_id,
        KINDS[kind],
        moment(dig(part, "timestamp") or dig(mail, "timestamp"), now),
        **_named(mail),
        to=addresses(dig(mail, "destination")),
        detail=_detail(KINDS[kind], part),
    )


def _is_taken_back(part: Any) -> bool:
    """Somebody moved the mail out of their spam again: that is told as a complaint, too."""
    return word(dig(part, "complaintFeedbackType")) == "not-spam"


def _named(mail: Any) -> dict[str, int | None]:
    """By the tags; feedback of an identity has none, but perhaps the headers of the mail."""
    tags, headers = dig(mail, "tags"), _headers(mail)
    return {name: number(dig(tags, name)) or number(headers.get(header)) for name, header in HEADERS.items()}


def _headers(mail: Any) -> Mapping[str, Any]:
    listed = dig(mail, "headers")
    found = listed if isinstance(listed, list) else []
    return {word(dig(one, "name")).lower(): dig(one, "value") for one in found}


def _detail(kind: str, part: Any) -> dict[str, Any]:
    people = dig(part, "bouncedRecipients") or dig(part, "delayedRecipients")
    first = people[0] if isinstance(people, list) and people else None
    said = (dig(first, "diagnosticCode"), dig(part, "reason"), dig(part, "errorMessage"), dig(part, "smtpResponse"))
    heard = next((found for one in said if (found := words(one))), "")
    detail: dict[str, Any] = {"said": heard} if heard else {}
    if kind == "bounced":
        type_, subtype = (word(dig(part, name)) for name in ("bounceType", "bounceSubType"))
        detail |= {"is_hard": type_ == "Permanent", "type": type_, "subtype": subtype}
    return detail
