"""The local outbox: nothing leaves this machine. The page /outbox shows what would have."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from app.db import db
from app.deliveries.outbox_message import OutboxMessage
from app.deliveries.providers.provider import Mail, Outcome

name = "outbox"
is_idempotent = True
batch_size = 100


def pack(mails: Sequence[Mail]) -> bytes:
    return msgspec.json.encode(mails)


def post(packed: bytes, _key: str) -> list[Outcome]:
    """In the transaction of whoever records it. Each mail has a key of its own: the same again is the same mail."""
    mails = msgspec.json.decode(packed, type=list[Mail])
    rows = [
        {
            "key": mail.key,
            "to_email": mail.to,
            "from_email": mail.sender,
            "subject": mail.subject,
            "html": mail.html,
            "text": mail.text,
            "headers": {**mail.headers, **({"Reply-To": mail.reply_to} if mail.reply_to else {})},
            "tags": dict(mail.tags),
        }
        for mail in mails
    ]
    db.session.execute(insert(OutboxMessage).values(rows).on_conflict_do_nothing(index_elements=["key"]))
    kept = select(OutboxMessage.key, OutboxMessage.id).where(OutboxMessage.key.in_([mail.key for mail in mails]))
    ids = {row.key: row.id for row in db.session.execute(kept)}
    return [Outcome(id=f"outbox-{ids[mail.key]}") for mail in mails]
