"""Notices are written by whoever has something to say, and handed to the provider by the clock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from app import running
from app.audit import Actor
from app.claims import NotYet, Refused
from app.db import db
from app.deliveries import pace
from app.deliveries.carriers import carrier
from app.deliveries.notice import Notice
from app.deliveries.providers import Busy, Closed, Mail, Outcome, Rejected, Unknown
from app.settings import senders

TRUSTED = timedelta(hours=23)  # how long a provider remembers a key, with an hour to spare


def write(kind: str, to: Sequence[str], subject: str, html: str, text: str, by: Actor) -> list[Notice]:
    """One row each; nothing is handed over before the commit."""
    notices = [
        Notice(kind=kind, to_email=address, subject=subject, html=html, text=text, headers={}, by_name=by.name)
        for address in dict.fromkeys(to)
    ]
    db.session.add_all(notices)
    db.session.flush()
    return notices


def post(notice_id: int, now: datetime) -> None:
    """Under the key of its row: killed between the post and the record, it is posted again and still one mail."""
    notice = db.session.get_one(Notice, notice_id, populate_existing=True)
    if notice.sent_at is not None:
        return
    try:
        outcome = _handed_over(_mail(notice))
    except Unknown as unknown:
        raise _later(notice, str(unknown), now) from None
    if outcome.refused:
        raise Refused(outcome.refused)
    notice.sent_at, notice.provider_id = now, outcome.id


def _handed_over(mail: Mail) -> Outcome:
    try:
        provider = carrier()
        pace.take(provider.name, pace.URGENT)
        return provider.post(provider.pack([mail]), mail.key)[0]
    except Rejected as rejected:
        raise Refused(str(rejected)) from None
    except Busy as busy:
        raise NotYet(str(busy), busy.wait) from None
    except Closed as closed:
        raise NotYet(str(closed), timedelta(minutes=1)) from None


def _later(notice: Notice, said: str, now: datetime) -> NotYet | Refused:
    """Under the same key, for as long as the provider remembers it."""
    if now - notice.created_date < TRUSTED:
        return NotYet(said)
    return Refused("The provider's answer did not come; it may have been sent.")


def _mail(notice: Notice) -> Mail:
    return Mail(
        key=f"notice-{notice.id}-{notice.created_date:%Y%m%d%H%M%S%f}",  # of no other database on the same account
        to=notice.to_email,
        sender=sender(),
        subject=notice.subject,
        html=notice.html,
        text=notice.text,
        headers=notice.headers,
        tags={"notice_id": str(notice.id)},
    )


def sender() -> str:
    """The default sender of Settings, else the address that the environment names."""
    everyone = senders.everyone()
    if everyone:
        return f"{everyone[0].name} <{everyone[0].email}>"
    return running.config().mail_from
