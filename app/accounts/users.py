"""The people of the team: who they are, what they may do, and that one admin always remains."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from app.accounts import passwords
from app.accounts.user import ROLES, User
from app.audit import Actor, record
from app.db import db
from app.settings.addresses import is_address

ROLES_SAID = (
    ("admin", "Admin: everything, also people and settings"),
    ("marketer", "Marketer: edit, send and activate"),
    ("editor", "Editor: edit, never send or activate"),
    ("viewer", "Viewer: read"),
)
SEEN_AGAIN = timedelta(minutes=5)


class Refused(Exception):
    """Why not, in a sentence for the person who asked."""


def find(user_id: int) -> User | None:
    return db.session.get(User, user_id) if user_id < 2**63 else None


def with_email(email: str) -> User | None:
    email = email.strip().lower()
    if "\0" in email:
        return None
    return db.session.scalar(select(User).where(func.lower(User.email) == email))


def active_admins() -> Sequence[User]:
    """Those who can sign in."""
    active = select(User).where(User.role == "admin", User.password_hash.is_not(None))
    return db.session.scalars(active.order_by(User.id)).all()


def can_anybody_sign_in() -> bool:
    return db.session.scalar(select(User.id).where(User.password_hash.is_not(None)).limit(1)) is not None


def name_problem(name: str) -> str:
    return "" if 0 < len(name) <= 100 and "\n" not in name else "A name of at most 100 characters."


def problems(name: str, email: str, role: str) -> dict[str, str]:
    found = {"name": said} if (said := name_problem(name)) else {}
    if not is_address(email):
        found["email"] = "This is no e-mail address. It looks like ines@example.com."
    elif with_email(email):
        found["email"] = "Somebody with this address is here already."
    if role not in ROLES:
        found["role"] = f"One of {', '.join(ROLES)}."
    return found


def invite(name: str, email: str, role: str, by: Actor) -> User:
    """Somebody who cannot sign in yet: a link lets them set their password."""
    user = _add(name, email, role, None)
    record(by, "invited", "user", (user.id, user.email), None, {"name": name, "role": role})
    return user


def create(name: str, email: str, role: str, password: str, by: Actor) -> User:
    user = _add(name, email, role, passwords.hashed(password))
    record(by, "created", "user", (user.id, user.email), None, {"name": name, "role": role})
    return user


def name_from(email: str) -> str:
    """ines.ortega@example.com is probably called Ines Ortega."""
    return email.partition("@")[0].replace(".", " ").title()[:100]


def rename(user: User, name: str, by: Actor) -> None:
    before, user.name = user.name, name
    if before != name:
        record(by, "renamed", "user", (user.id, user.email), {"name": before}, {"name": name})


def want_monday_mail(user: User, wanted: bool, by: Actor) -> None:
    before, user.wants_monday_mail = user.wants_monday_mail, wanted
    if before != wanted:
        record(
            by, "subscribed" if wanted else "unsubscribed", "user", (user.id, user.email), None, {"Monday mail": wanted}
        )


def change_role(user: User, role: str, by: Actor) -> None:
    _keep_an_admin(user, "There must be an admin. Make somebody else one first.", unless=role == "admin")
    before, user.role = user.role, role
    if before != role:
        end_sessions(user)
        record(by, "changed the role of", "user", (user.id, user.email), {"role": before}, {"role": role})


def remove(user: User, by: Actor) -> None:
    _keep_an_admin(user, "The last admin cannot go. Make somebody else one first.")
    record(by, "removed", "user", (user.id, user.email), {"name": user.name, "role": user.role})
    db.session.delete(user)
    db.session.flush()


def change_password(user: User, password: str, by: Actor) -> None:
    user.password_hash = passwords.hashed(password)
    end_sessions(user)
    record(by, "changed the password of", "user", (user.id, user.email))


def sign_out_everywhere(user: User, by: Actor) -> None:
    end_sessions(user)
    record(by, "ended all sessions of", "user", (user.id, user.email))


def end_sessions(user: User) -> None:
    """Every session carries the number it began with; none of them fits any more."""
    raised = update(User).where(User.id == user.id).values(session_epoch=User.session_epoch + 1)
    user.session_epoch = db.session.execute(raised.returning(User.session_epoch)).scalar_one()


def seen(user: User, now: datetime) -> bool:
    """Written every five minutes at the most; says whether it was written."""
    if user.last_seen_at and user.last_seen_at > now - SEEN_AGAIN:
        return False
    is_long_ago = or_(User.last_seen_at.is_(None), User.last_seen_at <= now - SEEN_AGAIN)
    db.session.execute(update(User).where(User.id == user.id, is_long_ago).values(last_seen_at=now))
    return True


def _add(name: str, email: str, role: str, password_hash: str | None) -> User:
    """The unique index decides, also when two admins invite the same person at once."""
    new = insert(User).values(name=name, email=email, role=role, password_hash=password_hash)
    user: User | None = db.session.scalar(new.on_conflict_do_nothing().returning(User))
    if user is None:
        raise Refused("Somebody with this address is here already.")
    return user


def _keep_an_admin(user: User, said: str, unless: bool = False) -> None:
    """Locks all admins who can sign in: of two who demote each other, the second one sees what the first did."""
    admins = select(User.id).where(User.role == "admin", User.password_hash.is_not(None))
    able = set(db.session.scalars(admins.order_by(User.id).with_for_update()))
    db.session.refresh(user, with_for_update=True)
    if not unless and able == {user.id}:
        raise Refused(said)
