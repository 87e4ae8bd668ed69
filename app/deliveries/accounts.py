"""The account at the provider: while it is closed nothing is posted, and the page says why."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Text, bindparam, exists, func, or_, select
from sqlalchemy.dialects.postgresql import insert

from app import running
from app.audit import Actor, record
from app.claims import NotYet
from app.db import db
from app.deliveries import alarms
from app.deliveries.account import ProviderAccount

# Of the provider that this installation has at the moment when it is asked.
OURS = bindparam("our_provider", callable_=lambda: running.config().mail_provider, type_=Text)
IS_CLOSED = exists().where(
    ProviderAccount.name == OURS,
    ProviderAccount.closed_for.is_not(None),
    or_(ProviderAccount.opens_at.is_(None), ProviderAccount.opens_at > func.now()),
)


def is_marked(name: str) -> ColumnElement[bool]:
    """As closed, even if its time is over by now: `must_be_open` sees to that."""
    return exists().where(ProviderAccount.name == name, ProviderAccount.closed_for.is_not(None))


def must_be_open(name: str, now: datetime) -> None:
    """Raises NotYet while it is closed."""
    account = db.session.get(ProviderAccount, name)
    if account is None or account.closed_for is None:
        return
    if account.opens_at is not None and account.opens_at <= now:
        _open(account)
        return
    raise NotYet(f"The account is closed: {account.closed_for}", timedelta(seconds=5))


def close(name: str, said: str, opens_at: datetime | None, now: datetime) -> None:
    closed = {"closed_for": said[:300], "closed_at": now, "opens_at": opens_at}
    new = insert(ProviderAccount).values(name=name, **closed)
    db.session.execute(new.on_conflict_do_update(index_elements=[ProviderAccount.name], set_=closed))
    alarms.closed(name, opens_at)


def reopen(name: str, by: Actor) -> None:
    """A person has seen to it."""
    account = db.session.get(ProviderAccount, name)
    if account is not None and account.closed_for is not None:
        record(by, "reopened", "provider account", (name, name), {"closed_for": account.closed_for}, None)
        _open(account)


def open_due(now: datetime) -> None:
    """Those whose time has come, also where no mail waits for it."""
    due = select(ProviderAccount).where(ProviderAccount.closed_for.is_not(None), ProviderAccount.opens_at <= now)
    for account in db.session.scalars(due.with_for_update(skip_locked=True)):
        _open(account)


def closed(name: str) -> ProviderAccount | None:
    account = db.session.get(ProviderAccount, name)
    return account if account is not None and account.closed_for is not None else None


def _open(account: ProviderAccount) -> None:
    account.closed_for = account.closed_at = account.opens_at = None
    alarms.opened(account.name)
