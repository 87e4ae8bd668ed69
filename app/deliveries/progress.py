"""How a run stands at this moment: its account, how fast it goes, and what holds it up."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from app.db import db
from app.deliveries import accounts, directory, runs, stopping
from app.deliveries.account import ProviderAccount
from app.deliveries.batch import Batch
from app.deliveries.carriers import carrier
from app.deliveries.providers import Closed
from app.deliveries.run import OPEN, Run
from app.deliveries.runs import Account


@dataclass(frozen=True)
class Progress:
    """`rate` is mails a second, `left` seconds; None: nobody can say."""

    account: Account
    rate: float
    left: float | None
    held_up: str
    closed: ProviderAccount | None

    @property
    def to_send(self) -> int:
        """Whoever is not left out from the start."""
        return self.account.planned - sum(self.account.skipped.values())


def of(run: Run) -> Progress:
    account, is_open = runs.account(run), run.state in OPEN
    rate = directory.rate(run) if run.state == "sending" else 0.0
    return Progress(
        account=account,
        rate=rate,
        left=account.waiting / rate if rate else None,
        held_up=_held_up(run) if is_open else "",
        closed=closed_account() if is_open else None,
    )


def closed_account() -> ProviderAccount | None:
    """Of the provider that carries our mail."""
    try:
        return accounts.closed(carrier().name)
    except Closed:
        return None


def _held_up(run: Run) -> str:
    """What the latest try of a batch that still waits was told."""
    if stopping.is_stopped():
        return stopping.SAID
    if run.state != "sending":
        return ""
    said = select(Batch.error).where(Batch.run_id == run.id, Batch.waiting_since.is_not(None), Batch.error.is_not(None))
    return db.session.scalar(said.order_by(Batch.not_before.desc()).limit(1)) or ""
