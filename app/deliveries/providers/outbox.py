"""The local outbox: nothing leaves this machine. The page /outbox shows what would have."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from app.db import db
from app.deliveries.outbox_message import OutboxMessage
from app.deliveries.providers.provider import Mail, Outcome

name = "outbox"
is_idempotent = True
batch_size = 100


def post(mails: Sequence[Mail]) -> list[Outcome]:
    """The same key again is the same mail."""
    rows = [
        {
            "key": mail.key,
            "to_email": mail.to,
            "from_email": mail.sender,
            "subject": mail.subject,
            "html": mail.html,
            "text": mail.text,
            "headers": dict(mail.headers),
            "tags": dict(mail.tags),
        }
        for mail in mails
    ]
    db.session.execute(insert(OutboxMessage).values(rows).on_conflict_do_nothing(index_elements=["key"]))
    kept = select(OutboxMessage.key, OutboxMessage.id).where(OutboxMessage.key.in_([mail.key for mail in mails]))
    ids = {row.key: row.id for row in db.session.execute(kept)}
    return [Outcome(id=f"outbox-{ids[mail.key]}") for mail in mails]
