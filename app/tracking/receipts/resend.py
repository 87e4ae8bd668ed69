"""What Resend tells: one event a call."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from app.tracking.receipts.told import Told, addresses, decoded, dig, ignored, moment, number, tags, word, words

KINDS = {
    "sent": "sent",
    "delivered": "delivered",
    "delivery_delayed": "delivery_delayed",
    "bounced": "bounced",
    "complained": "complained",
    "failed": "failed",
    "suppressed": "failed",
}
WHERE_WORDS_STAND = (("bounce", "message"), ("failed", "reason"), ("suppressed", "message"))


def read(body: bytes, now: datetime) -> Told:
    event = decoded(body)
    kind, mail = word(dig(event, "type")), dig(event, "data")
    if not kind or not isinstance(mail, dict):
        return ignored("resend", "It is no event.", now)
    provider_id = word(mail.get("email_id"))
    known = KINDS.get(kind.removeprefix("email."))
    if known is None:
        return ignored("resend", f"“{words(kind)}” changes nothing here.", now, provider_id)
    named = tags(mail.get("tags"))
    return Told(
        "resend",
        provider_id,
        known,
        moment(dig(event, "created_at"), now),
        number(named.get("delivery_id")),
        number(named.get("run_id")),
        number(named.get("notice_id")),
        addresses(mail.get("to")),
        _detail(known, mail),
    )


def _detail(kind: str, mail: dict[str, Any]) -> dict[str, Any]:
    said = next((found for path in WHERE_WORDS_STAND if (found := words(dig(mail, *path)))), "")
    detail: dict[str, Any] = {"said": said} if said else {}
    if kind == "bounced":
        type_, subtype = (word(dig(mail, "bounce", name)) for name in ("type", "subType"))
        detail |= {"is_hard": type_ == "Permanent", "type": type_, "subtype": subtype}
    return detail
