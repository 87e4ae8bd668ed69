"""Notices are written by whoever has something to say, and handed to the provider by the clock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from app import running
from app.audit import Actor
from app.claims import Refused
from app.db import db
from app.deliveries.notice import Notice
from app.deliveries.providers import Mail, Provider, outbox
from app.settings import senders


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
    outcome = provider().post([_mail(notice)])[0]
    if outcome.refused:
        raise Refused(outcome.refused)
    notice.sent_at, notice.provider_id = now, outcome.id


def provider() -> Provider:
    """The only one that there is so far."""
    return outbox


def _mail(notice: Notice) -> Mail:
    return Mail(
        key=f"notice-{notice.id}",
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
