"""What came back of a mail, as the doors tell it: kept aside at once, judged and counted later."""

from __future__ import annotations

import time
from uuid import uuid4

from flask import request

from app.tracking import stream
from app.tracking.stream import LONGEST_AGENT, Seen


def note(kind: str, delivery_id: int, place: int | None = None) -> None:
    agent = request.headers.get("User-Agent", "")
    kept = agent if agent.isprintable() else "".join(filter(str.isprintable, agent))
    stream.note(Seen(uuid4(), kind, time.time(), delivery_id, place, request.method, kept[:LONGEST_AGENT]))
