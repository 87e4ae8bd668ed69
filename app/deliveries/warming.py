"""A new sender is trusted little by little: so many mails on the first day, more on each that follows.

A mail is counted before it is posted, by one statement that any number of workers may ask at once; a known refusal
gives its place back. What the day has no room for waits for the next one.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import select, text

from app import wall_clock
from app.db import db
from app.deliveries.batch import WarmDay
from app.settings import team
from app.settings.limits import WarmUp

NAME = "warm_up"
TAKE = text(
    """
    INSERT INTO warm_days (day, mails) VALUES (:day, :mails)
        ON CONFLICT (day) DO UPDATE SET mails = warm_days.mails + :mails WHERE warm_days.mails + :mails <= :most
    RETURNING day
    """
)
GIVE_BACK = text("UPDATE warm_days SET mails = greatest(0, mails - :mails) WHERE day = :day")


def room(plan: WarmUp, now: datetime) -> int | None:
    """How many may still go out today; none: any number."""
    most = plan.most_on(_day(now))
    return None if most is None else max(0, most - used(now))


def used(now: datetime) -> int:
    return db.session.scalar(select(WarmDay.mails).where(WarmDay.day == _day(now))) or 0


def take(plan: WarmUp, mails: int, now: datetime) -> bool:
    """Until the commit that the caller owes everybody else waits for this answer."""
    day = _day(now)
    most = plan.most_on(day)
    if most is None:
        return True
    said = {"day": day, "mails": mails, "most": most}
    return mails <= most and db.session.scalar(TAKE, said) is not None


def give_back(mails: int, posted_at: datetime) -> None:
    db.session.execute(GIVE_BACK, {"day": _day(posted_at), "mails": mails})


def tomorrow(now: datetime) -> datetime:
    """When the day of the team's zone after this one begins."""
    zone = team.zone()
    day = now.astimezone(zone).date() + timedelta(days=1)
    return wall_clock.first(datetime.combine(day, datetime.min.time()), zone)


def _day(now: datetime) -> date:
    return now.astimezone(team.zone()).date()
