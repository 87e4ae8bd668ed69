"""Links that let somebody set a password. Only a hash is kept; each works once, and a newer one voids the older.

Somebody who forgot a password leaves a request, a row without a link yet: an admin makes the link and hands it over.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import joinedload

from app.accounts import throttle, users
from app.accounts.invitation import Invitation
from app.accounts.user import User
from app.audit import SYSTEM, Actor, record
from app.db import db

INVITATION, RESET, REQUEST = timedelta(days=7), timedelta(hours=2), timedelta(days=7)
SHOWN = 20


def issue(user: User, by: Actor, now: datetime) -> tuple[Invitation, str]:
    """The row and its token, which nobody can read from the row."""
    _lock(user)
    purpose, lasts = ("reset", RESET) if user.password_hash else ("invitation", INVITATION)
    token = secrets.token_urlsafe(32)
    _void(user)
    made = Invitation(user=user, purpose=purpose, token_hash=_hash(token), expires_at=now + lasts)
    db.session.add(made)
    db.session.flush()
    link = "an invitation link" if purpose == "invitation" else "a link for a new password"
    until = made.expires_at.isoformat(timespec="minutes")
    record(by, f"made {link} for", "user", (user.id, user.email), None, {"until": until})
    return made, token


def ask(email: str, address: str, now: datetime) -> None:
    """Forgotten: the same steps for everybody, a row only for somebody who is here."""
    account, place = throttle.account(email, "forgotten", 5), throttle.place(address, "forgotten from", 20)
    throttle.hold(account, place)
    if throttle.standing(now, account, place).pause_minutes:
        return
    throttle.count(now, account, place)
    user = users.with_email(email)
    if user and user.password_hash:
        _request(user, now)


def find(token: str, now: datetime) -> Invitation | None:
    live = select(Invitation).options(joinedload(Invitation.user)).where(Invitation.token_hash == _hash(token))
    return db.session.scalar(live.where(Invitation.used_at.is_(None), Invitation.expires_at > now))


def accept(invitation: Invitation, name: str, password: str, now: datetime) -> User | None:
    """None when somebody was quicker: a link works once, also when it is sent twice at once."""
    user = invitation.user
    _lock(user)
    mine = update(Invitation).where(Invitation.id == invitation.id, Invitation.used_at.is_(None))
    if db.session.scalar(mine.values(used_at=now).returning(Invitation.id)) is None:
        return None
    by = Actor("user", user.id, name)
    users.rename(user, name, by)
    users.change_password(user, password, by)
    throttle.clear(throttle.account(user.email))
    user.last_seen_at = now
    _void(user)
    return user


def waiting(now: datetime) -> Sequence[Invitation]:
    """Whoever waits for a link: asked for one, or was invited and has not come; the latest first."""
    invited = User.password_hash.is_(None)
    asked = Invitation.token_hash.is_(None) & (Invitation.expires_at > now)
    rows = select(Invitation).join(Invitation.user).options(joinedload(Invitation.user))
    open_ = rows.where(Invitation.used_at.is_(None), or_(invited, asked))
    return db.session.scalars(open_.order_by(Invitation.created_date.desc(), Invitation.id.desc()).limit(SHOWN)).all()


def _request(user: User, now: datetime) -> None:
    """A link that an admin has made already stays good: a stranger who asks cannot void it."""
    _lock(user)
    earlier = delete(Invitation).where(Invitation.user_id == user.id, Invitation.token_hash.is_(None))
    db.session.execute(earlier)
    db.session.add(Invitation(user=user, purpose="reset", token_hash=None, created_date=now, expires_at=now + REQUEST))
    record(SYSTEM, "noted a forgotten password of", "user", (user.id, user.email))


def _void(user: User) -> None:
    unused = delete(Invitation).where(Invitation.user_id == user.id, Invitation.used_at.is_(None))
    db.session.execute(unused)


def _lock(user: User) -> None:
    """First the person, then their links, in every verb: so nobody waits in a circle."""
    db.session.refresh(user, with_for_update=True)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
