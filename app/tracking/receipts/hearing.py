"""A receipt is heard: kept as it came, matched with its mail, and everything that follows, in one transaction.

It may come before we have written down ourselves that the mail is out; one that fits no mail is kept and tried again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, delete, insert, or_, text, update

from app.db import db
from app.deliveries import news
from app.receipts import keep, webhooks
from app.receipts.erasing import FORGOTTEN_BODY
from app.receipts.receipt import Receipt
from app.tally import Tally
from app.tracking import credit, judging
from app.tracking.receipts import bounces, lattice, matching, resend, ses
from app.tracking.receipts.delivery_receipt import DeliveryReceipt
from app.tracking.receipts.matching import Mail, Unmatched
from app.tracking.receipts.told import Told

READERS: dict[str, Callable[[bytes, datetime], Told]] = {"resend": resend.read, "ses": ses.read}
TRIED = timedelta(days=1)  # for so long what fits no mail is tried again
KEPT = timedelta(days=400)
# Only those whose mail is out by now: an account may serve others, of whose mails we hear all day.
COME_TRUE = text(
    """
    SELECT r.id FROM delivery_receipts r
      JOIN deliveries d ON d.id = CAST(r.detail ->> 'mail' AS bigint) AND d.run_id = CAST(r.detail ->> 'run' AS bigint)
     WHERE r.matched_at IS NULL AND r.created_date > :since
       AND d.state = ANY (:heard) AND (d.provider_id IS NULL OR d.provider_id = r.provider_id)
     ORDER BY r.id
    """
)
SETTLE = text(lattice.SETTLE)


@dataclass(frozen=True)
class Call:
    """One signed call of a provider, under the id that is the same whenever it comes again."""

    provider: str
    id: str
    body: bytes


def take(call: Call, now: datetime) -> None:
    """The same id again has no second effect."""
    if webhooks.earlier(call.provider, call.id) is not None:
        return
    receipt_id = keep.begin()
    mail = hear(READERS[call.provider](call.body, now), receipt_id, now)
    body = FORGOTTEN_BODY if mail is not None and mail.is_erased else call.body
    path, tally = f"/webhooks/{call.provider}", Tally(received=1, created=1)
    keep.keep(receipt_id, "webhook", call.provider, path, body, 200, tally, call.id)


def hear(told: Told, receipt_id: int | None, now: datetime) -> Mail | None:
    """`receipt_id`: of the call that it came with; none where we asked."""
    mail, why = _matched(told)
    settled = mail is not None or told.kind == "ignored"
    receipt = {
        "receipt_id": receipt_id,
        "provider": told.provider,
        "provider_id": told.provider_id,
        "kind": told.kind,
        "at": told.at,
        "delivery_id": mail.delivery_id if mail else None,
        "detail": _detail(told, mail, why),
        "matched_at": now if settled else None,
    }
    db.session.execute(insert(DeliveryReceipt).values(receipt))
    if mail is not None:
        _effect(told, mail, now)
    return mail


def match_again(now: datetime) -> Iterator[None]:
    """Whose mail was not there, or not out, when they came."""
    asked = {"since": now - TRIED, "heard": list(lattice.HEARD)}
    for receipt_id in db.session.scalars(COME_TRUE, asked).all():
        _try_again(receipt_id, now)
        yield


def forget_old(now: datetime) -> None:
    """What fits no mail is of no use without the call that it came with."""
    unmatched = and_(DeliveryReceipt.matched_at.is_(None), DeliveryReceipt.created_date < now - keep.KEPT)
    db.session.execute(delete(DeliveryReceipt).where(or_(DeliveryReceipt.created_date < now - KEPT, unmatched)))


def _matched(told: Told) -> tuple[Mail | None, str]:
    if told.kind == "ignored":
        return None, ""
    try:
        return matching.of(told), ""
    except Unmatched as unmatched:
        return None, str(unmatched)


def _detail(told: Told, mail: Mail | None, why: str = "") -> dict[str, Any]:
    """Of an erased person without a word."""
    if mail is not None and mail.notice_id is not None:
        return told.detail | {"notice_id": mail.notice_id}
    if mail is not None and mail.is_erased:
        return {name: value for name, value in told.detail.items() if name != "said"}
    return told.detail | ({"unmatched": why, "mail": told.delivery_id, "run": told.run_id} if why else {})


def _effect(told: Told, mail: Mail, now: datetime) -> None:
    if mail.delivery_id is not None:
        marks: dict[str, datetime | None] = dict.fromkeys(lattice.MARKS.values())
        if told.kind in lattice.MARKS:
            marks[lattice.MARKS[told.kind]] = told.at
        said = {"id": mail.delivery_id, "provider_id": told.provider_id, "at": told.at, **marks}
        db.session.execute(SETTLE, said | {"heard": list(lattice.HEARD), "open": list(lattice.OPEN)})
        news.tell([mail.delivery_id])
    if told.kind == "delivered" and mail.is_clicked and mail.delivery_id is not None:
        judging.judge([mail.delivery_id], (), now)  # a click within seconds of the delivery is a scanner's
    if mail.is_uncertain and mail.customer_id is not None:
        credit.again([mail.customer_id])  # it is one of the mails now that something may be put down to
    bounces.follow(told, mail, now)


def _try_again(receipt_id: int, now: datetime) -> None:
    """Read once more from the call that it came with: addresses and tags are kept nowhere else."""
    receipt = db.session.get(DeliveryReceipt, receipt_id, with_for_update=True, populate_existing=True)
    call = db.session.get(Receipt, receipt.receipt_id) if receipt and receipt.receipt_id else None
    if receipt is None or receipt.matched_at is not None or call is None:
        return
    told = READERS[receipt.provider](webhooks.whole(call), receipt.created_date)
    mail, why = _matched(told)
    if mail is None:
        receipt.detail = _detail(told, None, why)
        return
    receipt.detail, receipt.matched_at, receipt.delivery_id = _detail(told, mail), now, mail.delivery_id
    db.session.flush()
    _effect(told, mail, now)
    if mail.is_erased:
        db.session.execute(update(Receipt).where(Receipt.id == call.id).values(body=keep.packed(FORGOTTEN_BODY)))
