"""The back door of this room."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select

from app import claims
from app.claims import Claim, NotYet, Refused
from app.hooks import posting
from app.hooks.hook import Hook, HookAttempt
from app.hooks.posting import Unheard
from app.pump import Work, pump, reason
from app.queue import job

HOUR = timedelta(hours=1)
# Before the second, third, … call: about a day in all.
PAUSES = (timedelta(seconds=5), timedelta(minutes=5), HOUR / 2, 2 * HOUR, 5 * HOUR, 10 * HOUR, 6 * HOUR)


@dataclass(frozen=True)
class Calling(Work):
    """What nobody takes is given up and shown with its hook: it is no failure of ours that waits for a person."""

    def fail(self, claim: Claim, error: Exception, now: datetime) -> None:
        if isinstance(error, NotYet) and not isinstance(error, Unheard):
            _put_off(claim, error, now + error.wait, claim.attempts - 1)
        elif isinstance(error, Refused) or claim.attempts >= self.most:
            claims.finish(HookAttempt, [claim], given_up_at=now, error=reason(error))
        else:
            _put_off(claim, error, now + PAUSES[claim.attempts - 1], claim.attempts)


# One that rests, or is switched off, keeps no worker busy.
IS_CALLED = HookAttempt.hook_id.in_(
    select(Hook.id).where(Hook.is_active, or_(Hook.rests_until.is_(None), Hook.rests_until <= func.now()))
)
CALLS = Calling(
    "Calls of webhooks",
    HookAttempt,
    "upkeep",
    "hooks.call",
    batch=5,
    most=len(PAUSES) + 1,
    only=(IS_CALLED,),
)


# A call may begin at the end of a slice and takes ten seconds; looking a name up may take longer still.
@job("upkeep", timeout=60)
def call() -> int:
    return pump(CALLS, posting.post)


def _put_off(claim: Claim, error: Exception, until: datetime, attempts: int) -> None:
    """It waits from then on: a call that has its pauses is not late."""
    values = {"waiting_since": until, "not_before": until, "attempts": attempts, "error": reason(error)}
    claims.finish(HookAttempt, [claim], **values)
