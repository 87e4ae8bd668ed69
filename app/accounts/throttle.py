"""How often somebody may fail: so many tries within a quarter of an hour, then a pause as long.

Who failed stands in the table as a keyed hash. A subject is locked while it is judged, so that tries at the same
moment are counted one after the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address
from math import ceil

from sqlalchemy import delete, func, select

from app import signing
from app.accounts.sign_in_failure import SignInFailure
from app.db import db

WINDOW = timedelta(minutes=15)
MINUTES = int(WINDOW.total_seconds() // 60)


@dataclass(frozen=True)
class Subject:
    hash: str
    most: int

    @property
    def lock(self) -> int:
        return int.from_bytes(bytes.fromhex(self.hash)[:8], signed=True)


@dataclass(frozen=True)
class Standing:
    left: int
    pause_minutes: int  # 0: not paused


def account(email: str, purpose: str = "account", most: int = 10) -> Subject:
    """Known or not: the limit of an address that nobody has is the same."""
    return Subject(signing.fingerprint(purpose, email.strip().lower()), most)


def place(address: str, purpose: str = "address", most: int = 50) -> Subject:
    return Subject(signing.fingerprint(purpose, _network(address)), most)


def hold(*subjects: Subject) -> None:
    """Until the end of the transaction; always in the same order, so that nobody waits in a circle."""
    for lock in sorted({subject.lock for subject in subjects}):
        db.session.execute(select(func.pg_advisory_xact_lock(lock)))


def standing(now: datetime, *subjects: Subject) -> Standing:
    """The worst of them."""
    found = [_standing(subject, now) for subject in subjects]
    return Standing(min(one.left for one in found), max(one.pause_minutes for one in found))


def count(now: datetime, *subjects: Subject) -> None:
    db.session.add_all(SignInFailure(subject=subject.hash, at=now) for subject in subjects)
    db.session.flush()


def clear(subject: Subject) -> None:
    db.session.execute(delete(SignInFailure).where(SignInFailure.subject == subject.hash))


def _standing(subject: Subject, now: datetime) -> Standing:
    last = _last_failures(subject)
    if len(last) == subject.most and last[0] - last[-1] < WINDOW and now < last[0] + WINDOW:
        return Standing(0, max(1, ceil((last[0] + WINDOW - now) / timedelta(minutes=1))))
    recent = sum(at > now - WINDOW for at in last)
    return Standing(max(subject.most - recent, 0), 0)


def _last_failures(subject: Subject) -> Sequence[datetime]:
    rows = select(SignInFailure.at).where(SignInFailure.subject == subject.hash)
    return db.session.scalars(rows.order_by(SignInFailure.at.desc()).limit(subject.most)).all()


def _network(address: str) -> str:
    """An IPv6 customer owns 2^64 addresses: they count as one."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return str(found)
    return str(found.ipv4_mapped or int(found) >> 64)
