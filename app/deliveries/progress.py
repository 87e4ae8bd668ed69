"""How a run stands at this moment: its account, how fast it goes, and what holds it up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, text

from app.db import db
from app.deliveries import accounts, directory, discounting, quiet_hours, runs, stopping
from app.deliveries.account import ProviderAccount
from app.deliveries.batch import Batch
from app.deliveries.carriers import carrier
from app.deliveries.providers import Closed
from app.deliveries.run import OPEN, Run
from app.deliveries.runs import Account

HELD = text(
    """
    SELECT b.held_for AS why, min(b.not_before) AS first, max(b.not_before) AS last, count(*) AS people
      FROM batches b
      JOIN deliveries d ON d.run_id = b.run_id AND d.part = b.part AND d.state IN ('planned', 'sealed')
     WHERE b.run_id = :run AND b.waiting_since IS NOT NULL AND b.held_for IS NOT NULL AND b.not_before > now()
     GROUP BY b.held_for ORDER BY people DESC
    """
)


@dataclass(frozen=True)
class Held:
    """People whose mail waits for its time, because somebody set a limit."""

    why: str
    first: datetime
    last: datetime
    people: int


@dataclass(frozen=True)
class Progress:
    """`rate` is mails a second, `left` seconds; None: nobody can say."""

    account: Account
    rate: float
    left: float | None
    held_up: str
    closed: ProviderAccount | None
    held: list[Held]

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
        held=[Held(*row) for row in db.session.execute(HELD, {"run": run.id})] if is_open else [],
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
    is_said_above = Batch.held_for.in_((quiet_hours.NAME, discounting.NAME)).is_not(True)
    waits = Batch.run_id == run.id, Batch.waiting_since.is_not(None), is_said_above
    said = select(Batch.error).where(*waits, Batch.error.is_not(None))
    return db.session.scalar(said.order_by(Batch.not_before.desc()).limit(1)) or ""
