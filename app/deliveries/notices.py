"""Notices are written by whoever has something to say, and handed to the provider by the clock."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from app import running
from app.audit import Actor
from app.claims import NotYet, Refused
from app.db import db
from app.deliveries import accounts, allowing, carriers, pace, stopping
from app.deliveries.notice import Notice
from app.deliveries.providers import NOT_KNOWN, TRUSTED, Busy, Closed, Disputed, Mail, Provider, Rejected, Unknown
from app.pump import ON_ITS_WAY, STILL_HERE
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


def post(notice_id: int, now: datetime) -> Iterator[bool]:
    """The steps of a batch, for one mail under the key of its row: killed anywhere, the same bytes go out again."""
    notice = db.session.get_one(Notice, notice_id, populate_existing=True)
    if notice.sent_at is not None:
        return
    provider = carriers.expected()
    if _is_given_up(notice, provider, now):
        raise Refused(NOT_KNOWN)
    if not allowing.is_allowed(notice.to_email):
        raise Refused("MAIL_ALLOW of this machine leaves this address out.")
    yield STILL_HERE  # nothing is held while a place is waited for
    pace.take(provider.name, pace.URGENT)
    if stopping.is_stopped():
        raise NotYet(stopping.SAID, timedelta(seconds=2))
    accounts.must_be_open(provider.name, now)
    is_first = notice.posted_at is None
    notice.posted_at, notice.sender = notice.posted_at or now, notice.sender or sender()
    mail = _mail(notice)
    yield ON_ITS_WAY  # from here on it may be out; no transaction is open while it goes
    try:
        outcome = provider.post(provider.pack([mail]), mail.key)[0]
        if outcome.refused:
            raise Rejected(outcome.refused)
        notice.sent_at, notice.provider_id = now, outcome.id
    except Unknown as unknown:
        raise _later(unknown, provider) from None
    except (Busy, Closed, Rejected) as refused:
        notice.posted_at = None if is_first else notice.posted_at  # an earlier post may have arrived
        if isinstance(refused, Closed):
            accounts.close(provider.name, str(refused), refused.opens_at, now)
        yield STILL_HERE
        raise _told(refused, now - notice.created_date) from None


def _is_given_up(notice: Notice, provider: Provider, now: datetime) -> bool:
    """For as long as the provider remembers its key, it is asked again."""
    return notice.posted_at is not None and not (provider.is_idempotent and now - notice.posted_at < TRUSTED)


def _later(unknown: Unknown, provider: Provider) -> NotYet | Refused:
    if isinstance(unknown, Disputed):
        return Refused(str(unknown))
    return NotYet(str(unknown)) if provider.is_idempotent else Refused(NOT_KNOWN)


def _told(refused: Busy | Closed | Rejected, tried: timedelta) -> NotYet | Refused:
    if isinstance(refused, Rejected) or (isinstance(refused, Busy) and refused.is_no_after(tried)):
        return Refused(str(refused))
    return NotYet(str(refused), refused.wait)


def _mail(notice: Notice) -> Mail:
    return Mail(
        key=f"notice-{notice.id}-{notice.created_date:%Y%m%d%H%M%S%f}",  # of no other database on the same account
        to=notice.to_email,
        sender=notice.sender or sender(),
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
