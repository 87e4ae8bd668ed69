"""The back doors of this room."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, exists, or_

from app import claims
from app.claims import Claim, NotYet
from app.clock import clock
from app.db import db
from app.deliveries import accounts, braking, carriers, notices, runs, sending, stopping, verification
from app.deliveries.batch import Batch
from app.deliveries.notice import Notice
from app.deliveries.run import Run
from app.deliveries.sender_check import SenderCheck
from app.pump import Do, Work, pump, reason
from app.queue import job


@dataclass(frozen=True)
class Sending(Work):
    """Nobody is left without a word: the mails of a batch that is set aside are accounted for."""

    def fail(self, claim: Claim, error: Exception, now: datetime) -> None:
        super().fail(claim, error, now)
        sending.give_up(claim.key)


@dataclass(frozen=True)
class Checking(Work):
    """A domain is never looked up for good and never set aside: it comes round again."""

    def finish(self, claim: Claim, now: datetime) -> None:
        at = verification.next_look(claim.key, now)
        claims.finish(SenderCheck, [claim], waiting_since=at, not_before=at, attempts=0)

    def fail(self, claim: Claim, error: Exception, now: datetime) -> None:
        wait = error.wait if isinstance(error, NotYet) else verification.HOURLY
        claims.put_off(SenderCheck, claim, now + wait, reason(error), 0)


SENDER_CHECKS = Checking(
    "Domains of senders", SenderCheck, "upkeep", "deliveries.check_senders", batch=1, is_clockwork=True
)
# While nothing may go out nobody turns over what waits for it.
IS_OPEN = and_(~stopping.IS_STOPPED, ~accounts.IS_CLOSED)
NOTICES = Work("Tests and notices", Notice, "send", "deliveries.post_notices", batch=1, only=(IS_OPEN,))
# What was on its way when its run was cancelled is still to be accounted for.
IS_LEFT = and_(Run.state == "cancelled", Batch.state == "posting")
IS_GOING = exists().where(Run.id == Batch.run_id, or_(and_(Run.state == "sending", IS_OPEN), IS_LEFT))
BATCHES = Sending(
    "Batches of mail",
    Batch,
    "send",
    "deliveries.send",
    batch=4,
    most=50,
    may_be_discarded=False,
    may_be_retried=False,  # its mails have failed by then: the page of their run tries those again
    only=(IS_GOING,),
    first=(Batch.lane,),
)


# A call that hangs is given up after 35 s, and may begin at the end of a slice: no alarm may cut it before.
@job("send", timeout=60)
def post_notices() -> int:
    return _pumped(NOTICES, notices.post)


@job("send", timeout=60)
def send() -> int:
    done = _pumped(BATCHES, _send)
    runs.finish_done(clock())
    db.session.commit()
    return done


def _send(batch_id: int, now: datetime) -> Iterator[bool]:
    yield from sending.send(batch_id, now)
    yield from braking.after(batch_id)


# The DNS has ten seconds for a domain, the provider as long for each of its pages.
@job("upkeep", timeout=120)
def check_senders() -> int:
    return pump(SENDER_CHECKS, verification.check)


def _pumped(work: Work, do: Do) -> int:
    try:
        carriers.ask()
        return pump(work, do)
    finally:
        carriers.rest()
