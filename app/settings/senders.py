"""The addresses that mail may come from: exactly one is the default."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select

from app.audit import Actor, record
from app.db import db
from app.settings.addresses import is_address
from app.settings.sender import Sender


def everyone() -> Sequence[Sender]:
    return db.session.scalars(select(Sender).order_by(Sender.is_default.desc(), func.lower(Sender.email))).all()


def find(sender_id: int) -> Sender | None:
    return db.session.get(Sender, sender_id) if sender_id < 2**63 else None


def problems(name: str, email: str, reply_to: str, but: Sender | None = None) -> dict[str, str]:
    found = {}
    if not name or len(name) > 100 or any(c in name for c in "\r\n<>"):
        found["name"] = "A name of at most 100 characters, without angle brackets."
    if not is_address(email):
        found["email"] = "This is no e-mail address. It looks like hello@example.com."
    elif _is_taken(email, but):
        found["email"] = "This address is a sender already."
    if reply_to and not is_address(reply_to):
        found["reply_to"] = "This is no e-mail address. Leave it empty to get answers at the sender's."
    return found


def add(name: str, email: str, reply_to: str, by: Actor) -> Sender:
    is_first = not everyone()
    sender = Sender(name=name, email=email, reply_to=reply_to or None, is_default=is_first)
    db.session.add(sender)
    db.session.flush()
    record(by, "added", "sender", (sender.id, sender.email), None, _facts(sender))
    return sender


def change(sender: Sender, name: str, email: str, reply_to: str, by: Actor) -> None:
    before = _facts(sender)
    sender.name, sender.email, sender.reply_to = name, email, reply_to or None
    if before != _facts(sender):
        record(by, "changed", "sender", (sender.id, sender.email), before, _facts(sender))


def make_default(sender: Sender, by: Actor) -> None:
    before = next((s for s in everyone() if s.is_default), None)
    if before is sender:
        return
    if before:
        before.is_default = False
        db.session.flush()  # the unique index allows one default at every moment
    sender.is_default = True
    was = {"default": before.email} if before else None
    record(by, "made default", "sender", (sender.id, sender.email), was, {"default": sender.email})


def remove(sender: Sender, by: Actor) -> None:
    record(by, "removed", "sender", (sender.id, sender.email), _facts(sender))
    db.session.delete(sender)


def _is_taken(email: str, but: Sender | None) -> bool:
    same = select(Sender.id).where(func.lower(Sender.email) == email.lower())
    found = db.session.scalar(same)
    return found is not None and (but is None or found != but.id)


def _facts(sender: Sender) -> dict[str, Any]:
    return {"name": sender.name, "email": sender.email, "reply_to": sender.reply_to}
