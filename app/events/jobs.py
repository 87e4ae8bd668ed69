"""The back door of this room: what each fact sets off."""

from __future__ import annotations

from app.events import effects
from app.events.event_work import EventWork
from app.pump import SetWork, pump
from app.queue import job

EVENTS = SetWork("Effects of events", EventWork, "events", "events.take_effect")


@job("events")
def take_effect() -> int:
    return pump(EVENTS, effects.take)
