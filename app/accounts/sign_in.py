"""Is this the person? The same refusal, in the same time, for unknown people and for wrong passwords."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete

from app.accounts import passwords, throttle, users
from app.accounts.sign_in_failure import SignInFailure
from app.accounts.user import User
from app.db import db


@dataclass(frozen=True)
class Refusal:
    left: int  # tries before the pause
    pause_minutes: int  # what remains of a pause, 0 before it

    @property
    def is_pause(self) -> bool:
        return self.pause_minutes > 0


def authenticate(email: str, password: str, address: str, now: datetime) -> User | Refusal:
    """An invitation that nobody has accepted has no password yet and is refused like an unknown person."""
    account, place = throttle.account(email), throttle.place(address)
    throttle.hold(account, place)
    before = throttle.standing(now, account, place)
    if before.pause_minutes:
        return Refusal(0, before.pause_minutes)
    user = users.with_email(email)
    if passwords.matches(user.password_hash if user else None, password) and user:
        throttle.clear(account)
        _settle_in(user, password, now)
        return user
    throttle.count(now, account, place)
    return Refusal(before.left - 1, 0)


def confirm(user: User, password: str, now: datetime) -> Refusal | None:
    """Asks somebody who is here for the password again: a lost laptop may not guess for ever either."""
    account = throttle.account(user.email)
    throttle.hold(account)
    before = throttle.standing(now, account)
    if before.pause_minutes:
        return Refusal(0, before.pause_minutes)
    if passwords.matches(user.password_hash, password):
        throttle.clear(account)
        return None
    throttle.count(now, account)
    return Refusal(before.left - 1, 0)


def forget_old_failures(now: datetime) -> None:
    db.session.execute(delete(SignInFailure).where(SignInFailure.at < now - 2 * throttle.WINDOW))


def _settle_in(user: User, password: str, now: datetime) -> None:
    user.last_seen_at = now
    if passwords.is_outdated(user.password_hash or ""):
        user.password_hash = passwords.hashed(password)
