"""On Mondays at eight, in the team's zone, last week's figures go to whoever wants them; late until Tuesday noon.

Who gets it is written down in the transaction that writes the mail, under a key of person and week.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select, text

from app import wall_clock
from app.accounts.user import User
from app.audit import SYSTEM
from app.db import db
from app.deliveries import notices
from app.metrics.ranges import DAY, Range
from app.ops import monday_letter
from app.ops.monday_mail import MondayMail
from app.settings import team

AT, UNTIL = time(8), time(12)  # of Monday, and of the Tuesday after it
KEPT = timedelta(days=400)
MARK = text(
    """
    INSERT INTO monday_mails (user_id, monday)
    SELECT id, :monday FROM users WHERE wants_monday_mail AND password_hash IS NOT NULL
    ON CONFLICT DO NOTHING RETURNING user_id
    """
)


def send(now: datetime) -> int:
    """How many were written. Never commits."""
    zone = team.zone()
    monday = _due(now, zone)
    users = _marked(monday) if monday else []
    if monday and users:
        week = Range(monday - 7 * DAY, monday - DAY, zone)
        letter = monday_letter.of(week, now)
        for user in users:
            notices.write("monday", [user.email], letter.subject, letter.html(user), letter.text(user), SYSTEM)
    return len(users)


def forget_old(now: datetime) -> None:
    db.session.execute(delete(MondayMail).where(MondayMail.written_at < now - KEPT))


def _due(now: datetime, zone: ZoneInfo) -> date | None:
    """The Monday whose mail may go out at this moment."""
    today = wall_clock.shown(now, zone).date()
    monday = today - today.weekday() * DAY
    begins, ends = datetime.combine(monday, AT), datetime.combine(monday + DAY, UNTIL)
    return monday if wall_clock.first(begins, zone) <= now < wall_clock.first(ends, zone) else None


def _marked(monday: date) -> Sequence[User]:
    """Those for whom nobody has written it yet."""
    ids = db.session.scalars(MARK, {"monday": monday}).all()
    return db.session.scalars(select(User).where(User.id.in_(ids)).order_by(User.id)).all()
