"""The work of this room: a row for each fact. Who answers to facts stands above it, and takes them."""

from __future__ import annotations

from app.events.event_work import EventWork
from app.pump import SetWork

EVENTS = SetWork("Effects of events", EventWork, "events", "events.take_effect")
