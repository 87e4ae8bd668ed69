"""The back doors of this room."""

from __future__ import annotations

from app.deliveries import notices
from app.deliveries.notice import Notice
from app.pump import Work, pump
from app.queue import job

NOTICES = Work("Tests and notices", Notice, "send", "deliveries.post_notices")


@job("send")
def post_notices() -> int:
    return pump(NOTICES, notices.post)
