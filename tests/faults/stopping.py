"""What worker processes import: one of them stops at a named step, and a safeguard may be taken away.

STOP_AT: the step. STOP_TURN: at which time that a process comes there. STOP_MARK: a file that says that it has
happened; it happens once. STOP_BY: KILL, PAUSE as a machine that sleeps, or WAIT. WITHOUT: the safeguard.
"""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import Any

from app import claims, pump
from app.automations import answering, schedule, waits
from app.db import db
from app.deliveries import filling, pace, sealing, sending, splitting
from app.deliveries.batch import Batch
from app.deliveries.providers import resend, ses, smtp
from app.ops import tick

turns: Counter[str] = Counter()


def come_to(step: str) -> None:
    if step != os.environ.get("STOP_AT"):
        return
    turns[step] += 1
    if turns[step] >= int(os.environ.get("STOP_TURN", "1")) and _is_first():
        STOPS[os.environ.get("STOP_BY", "KILL")]()


def _is_first() -> bool:
    try:
        mark = os.open(os.environ["STOP_MARK"], os.O_CREAT | os.O_EXCL | os.O_WRONLY)
    except FileExistsError:
        return False
    os.write(mark, str(os.getpid()).encode())
    os.close(mark)
    return True


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _sleep() -> None:
    """With its listener, which would end it for being late; nor shall an alarm ring when it wakes up."""
    signal.alarm(0)
    os.kill(os.getppid(), signal.SIGSTOP)
    os.kill(os.getpid(), signal.SIGSTOP)


def _wait() -> None:
    """Until somebody lays a second file beside the first."""
    signal.alarm(0)
    go_on = Path(os.environ["STOP_MARK"] + ".go")
    while not go_on.exists():
        time.sleep(0.05)


STOPS = {"KILL": _die, "PAUSE": _sleep, "WAIT": _wait}


def _around(room: Any, name: str, before: str = "", after: str = "") -> None:
    real = getattr(room, name)

    @wraps(real)
    def done(*arguments: Any, **named: Any) -> Any:
        come_to(before)
        found = real(*arguments, **named)
        come_to(after)
        return found

    setattr(room, name, done)


def _claimed(real: Callable[[pump.Work], list[claims.Claim]]) -> Callable[[pump.Work], list[claims.Claim]]:
    def claim(work: pump.Work) -> list[claims.Claim]:
        is_mail = work.model is Batch
        come_to("before claim" if is_mail else "")
        taken = real(work)
        come_to("after claim" if is_mail and taken else "")
        return taken

    return claim


_around(sealing, "seal", after="in seal")
_around(sending, "_post", before="after seal")
_around(pace, "take", after="before posting")
_around(splitting, "cut", after="in cut")
for provider in (resend, smtp, ses):
    _around(provider, "post", before="before post", after="after post")
_around(filling, "fill", after="in plan")
_around(schedule, "fire", after="in fire")
_around(answering, "take", after="in answer")
_around(waits, "settle", after="in settle")
pump._claim = _claimed(pump._claim)


def _seal_anew() -> None:
    """On each try, whatever may be out already."""
    real = sending.send

    def send(batch_id: int, now: datetime) -> Iterator[None]:
        batch = db.session.get_one(Batch, batch_id, populate_existing=True)
        if batch.state == "posting":
            db.session.expire(batch)
            sealing.unseal(batch)
            db.session.commit()
        yield from real(batch_id, now)

    sending.send = send


def _confirm_nothing() -> None:
    claims.confirm = lambda *_said: None


def _ask_nobody() -> None:
    sealing.refusals = lambda *_said: {}


def _ring_nothing() -> None:
    tick.turn = list


WITHOUT = {
    "freeze": _seal_anew,
    "fencing": _confirm_nothing,
    "second look": _ask_nobody,
    "ringing again": _ring_nothing,
}
if "WITHOUT" in os.environ:
    WITHOUT[os.environ["WITHOUT"]]()
