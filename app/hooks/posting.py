"""A call is made, and what was answered is written down. Killed in between, it is made again under the same id."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import update

from app.alerts import keeping as alerts
from app.claims import NotYet, Refused
from app.db import db
from app.hooks import calling, standard
from app.hooks.calling import Answer
from app.hooks.hook import Hook, HookAttempt
from app.pump import ON_ITS_WAY, STILL_HERE

GONE = 410
LONGEST = 500  # characters of an answer that are kept
FOR_LONG = timedelta(days=1)
# After a failure nothing else is tried there for as long as it has failed, within these.
SHORTEST_REST, LONGEST_REST = timedelta(seconds=5), timedelta(minutes=10)
SAID_GONE = "It answered 410 Gone: nobody listens there any more."
OFF = "The webhook is switched off."


class Unheard(NotYet):
    """Nobody took it: it is tried again, until that is given up."""


def post(attempt_id: int, now: datetime) -> Iterator[bool]:
    attempt = db.session.get_one(HookAttempt, attempt_id, populate_existing=True)
    hook = db.session.get_one(Hook, attempt.hook_id, populate_existing=True)
    if not hook.is_active:
        raise Refused(OFF)
    if hook.rests_until and now < hook.rests_until:
        raise NotYet("It failed a moment ago, and rests.", hook.rests_until - now)
    body = msgspec.json.encode(attempt.payload)
    hook_id, url = hook.id, hook.url
    headers = standard.headers(f"msg_{attempt.message_id.hex}", body, hook.secrets(now), now)
    yield ON_ITS_WAY  # no transaction is open while it goes
    answer = calling.call(url, body, headers)
    yield STILL_HERE  # whoever lost the row meanwhile writes nothing down
    _settle_hook(hook_id, answer, now)  # before its calls, as everybody takes them
    attempt = db.session.get_one(HookAttempt, attempt_id, populate_existing=True)
    attempt.tried_at, attempt.status, attempt.answer = now, answer.status, answer.said[:LONGEST]
    if answer.is_heard:
        attempt.done_at = now
        return
    yield STILL_HERE
    raise Refused(SAID_GONE) if answer.status == GONE else Unheard(_why(answer))


def switch_off(hook: Hook, why: str, now: datetime) -> None:
    """What waits for it is given up; somebody may try it again later."""
    hook.is_active, hook.off_reason, hook.failing_since, hook.rests_until = False, why, None, None
    waiting = HookAttempt.hook_id == hook.id, HookAttempt.waiting_since.is_not(None)
    db.session.execute(update(HookAttempt).where(*waiting).values(waiting_since=None, given_up_at=now, error=OFF))
    settle(hook.id, OFF)


def settle(hook_id: int, how: str) -> None:
    for cause in ("hook-failing", "hook-gone"):
        alerts.settle(f"{cause}:{hook_id}", how)


def _settle_hook(hook_id: int, answer: Answer, now: datetime) -> None:
    """Of one that answers as ever nothing is written; nor is anybody held up who tells it something."""
    hook = db.session.get_one(Hook, hook_id, populate_existing=True)
    if answer.is_heard and not hook.failing_since:
        return
    db.session.refresh(hook, with_for_update={"key_share": True})
    if not answer.is_heard:
        _failed(hook, answer, now)
    elif hook.failing_since:
        hook.failing_since = hook.rests_until = None
        settle(hook_id, "It answers again.")


def _failed(hook: Hook, answer: Answer, now: datetime) -> None:
    page = f"/settings/hooks/{hook.id}"
    if answer.status == GONE:
        switch_off(hook, SAID_GONE, now)
        alerts.sound(f"hook-gone:{hook.id}", f"The webhook “{hook.name}” was switched off", SAID_GONE, page)
        return
    hook.failing_since = hook.failing_since or now
    failing = now - hook.failing_since
    hook.rests_until = now + min(max(failing, SHORTEST_REST), LONGEST_REST)
    if failing >= FOR_LONG:
        said = "Nothing was taken for more than a day. What could not be told can be tried again there."
        alerts.sound(f"hook-failing:{hook.id}", f"The webhook “{hook.name}” does not answer", said, page)


def _why(answer: Answer) -> str:
    return f"It answered {answer.status}." if answer.status else answer.said
