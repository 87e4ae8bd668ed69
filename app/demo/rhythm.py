"""When people do things: the seasons of sign-up, the days of a week, the hours of a day in a person's own zone."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import accumulate
from zoneinfo import ZoneInfo

from app.demo.chance import wheel

DAY = 86400
YEARS = 2 * 365
# January and September bring the intakes; July and December are quiet.
MONTHS = (1.8, 1.1, 0.9, 0.85, 0.85, 0.8, 0.6, 1.0, 2.2, 1.3, 1.0, 0.6)
SIGN_UP_DAYS = (1.0, 1.05, 1.0, 0.95, 0.75, 0.5, 0.65)  # from Monday
VISIT_DAYS = (1.0, 1.0, 0.95, 0.9, 0.7, 0.45, 0.75)
SIGN_UP_HOURS = (1, 0, 0, 0, 0, 1, 2, 4, 6, 7, 7, 7, 8, 7, 6, 7, 8, 10, 14, 18, 20, 17, 10, 4)
VISIT_HOURS = (3, 1, 1, 0, 0, 1, 4, 9, 11, 10, 10, 9, 12, 11, 9, 9, 10, 11, 12, 15, 18, 17, 11, 6)
OFFICE_HOURS = (0, 0, 0, 0, 0, 0, 0, 1, 8, 14, 15, 12, 6, 10, 13, 12, 9, 4, 1, 0, 0, 0, 0, 0)

SIGN_UP = [hour * 3600 for hour in wheel(enumerate(SIGN_UP_HOURS))]
VISIT = [hour * 3600 for hour in wheel(enumerate(VISIT_HOURS))]
OFFICE = [hour * 3600 for hour in wheel(enumerate(OFFICE_HOURS))]

Throw = Callable[[], float]


class Calendar:
    """The two years before `now`, counted in days since 1970; days of other years are not asked for."""

    def __init__(self, now: int) -> None:
        self.now = now
        self.today = (now - 1) // DAY
        self.first = self.today - YEARS
        self.clock = clock()
        days = [date(1970, 1, 1) + timedelta(day) for day in range(self.first, self.today + 3)]
        self.written = [day.isoformat() for day in days]
        self.sign_ups = list(accumulate(self._weight(n, day) for n, day in enumerate(days[: YEARS + 1])))
        self.visit_days = [VISIT_DAYS[day.weekday()] for day in days]

    def sign_up_day(self, share: float) -> int:
        """The day on which this share of all people had signed up."""
        return self.first + min(bisect_right(self.sign_ups, share * self.sign_ups[-1]), YEARS)

    def stamp(self, moment: int) -> str:
        """2026-03-03 16:40:00+00, 0.2 µs: ten million times strftime would be a minute."""
        return self.written[moment // DAY - self.first] + self.clock[moment % DAY]

    def iso(self, moment: int) -> str:
        return self.written[moment // DAY - self.first] + "T" + self.clock[moment % DAY][1:9] + "+00:00"

    def day(self, moment: int) -> str:
        return self.written[moment // DAY - self.first]

    def is_quiet(self, day: int, throw: float) -> bool:
        """Does nobody come on this day, this time? Sundays more often than Mondays."""
        return throw > self.visit_days[day - self.first]

    def _weight(self, n: int, day: date) -> float:
        growth = 1 + 0.5 * n / YEARS
        return growth * MONTHS[day.month - 1] * SIGN_UP_DAYS[day.weekday()]


@cache
def clock() -> list[str]:
    """How each second of a day is written."""
    return [f" {h:02d}:{m:02d}:{s:02d}+00" for h in range(24) for m in range(60) for s in range(60)]


@cache
def offsets(zone: str, first: int) -> list[int]:
    """Seconds east of Greenwich at noon of each day from `first`; the hour that a change is off for does not show."""
    known = ZoneInfo(zone)
    noons = (datetime.fromtimestamp((first + n) * DAY + DAY // 2, UTC) for n in range(YEARS + 3))
    return [int((known.utcoffset(noon.astimezone(known)) or timedelta()).total_seconds()) for noon in noons]


def second_of(hours: list[int], throw: Throw) -> int:
    return hours[int(throw() * len(hours))] + int(throw() * 3600)
