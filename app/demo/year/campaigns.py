"""What the team sends: regularly, or in answer to what people do; and how well each of it is read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from app.demo.plan import Plan
from app.demo.rhythm import DAY
from app.demo.year.readers import Reader

ZONE = ZoneInfo("Europe/Berlin")
HOUR = 3600
QUIET = 90 * DAY


@dataclass(frozen=True)
class Campaign:
    """`opened`: of average readers; `clicked`: of those who opened; `moods`: what they come for (see `visits`).

    `name` is that of the automation, `on` and `at` say when it goes out, `whom` to whom; none: one by one. `since`: so
    many days ago it began. `gains`: how much better each of its versions does.
    """

    name: str
    template: str
    opened: float
    clicked: float
    moods: tuple[str, ...]
    on: Callable[[date], bool] | None = None
    at: time = time(10)
    whom: Callable[[Reader, int], bool] | None = None
    since: int = 364
    gains: tuple[float, ...] = (1.0,)


def _is_thursday(day: date) -> bool:
    return day.weekday() == 3


def _is_tuesday(day: date) -> bool:
    return day.weekday() == 1


def _is_first_tuesday(day: date) -> bool:
    return _is_tuesday(day) and day.day <= 7


def _is_before_an_open_day(day: date) -> bool:
    return day.weekday() == 2 and day.day <= 7 and day.month in {1, 3, 5, 9, 11}


def _is_the_twentieth(day: date) -> bool:
    """Of every second month."""
    return day.day == 20 and day.month % 2 == 1


def _everybody_else(reader: Reader, at: int) -> bool:
    return reader.signed_up < at and not _studies(reader, at)


def _studies(reader: Reader, at: int) -> bool:
    return reader.stage("service-delivery", at) in {"onboarding", "studying"}


def _asks(reader: Reader, at: int) -> bool:
    return reader.stage("sales", at) in {"enquired", "applied"}


def _has_applied(reader: Reader, at: int) -> bool:
    return reader.stage("sales", at) == "applied" and reader.was_there(at - 30 * DAY, at)


def _is_quiet(reader: Reader, at: int) -> bool:
    """Of three months nothing is heard, and they were there before."""
    return reader.signed_up < at - QUIET and not reader.was_there(at - QUIET, at)


WEEK, NEWS, OPEN_DAY, RETURN, WELCOME, CART, CART_AGAIN, INTERVIEW, RECEIPT = (
    "The week at Campus",
    "News of the month",
    "Open day",
    "Is it still a plan?",
    "Welcome",
    "Checkout reminder",
    "Second reminder",
    "Interview invitation",
    "",
)
CAMPAIGNS = (
    Campaign(WEEK, "The week at Campus", 0.55, 0.16, ("learn", "talk", "login", "look"), _is_thursday, time(17),
             _studies),
    Campaign(NEWS, "News of the month", 0.34, 0.10, ("browse", "look", "look", "buy", "search"), _is_first_tuesday,
             time(10), _everybody_else),
    Campaign(OPEN_DAY, "Open day invitation", 0.36, 0.17, ("open_day", "open_day", "browse"), _is_before_an_open_day,
             time(9), _asks, gains=(0.6, 1.7)),
    Campaign(RETURN, "We have not seen you for a while", 0.30, 0.26, ("login", "loan", "browse"), _is_the_twentieth,
             time(11), _is_quiet, since=330),
    Campaign(WELCOME, "A word of welcome", 0.62, 0.30, ("browse", "open_day", "search", "look")),
    Campaign(CART, "Abandoned cart", 0.50, 0.38, ("buy", "buy", "look"), since=240),
    Campaign(CART_AGAIN, "Abandoned cart", 0.38, 0.24, ("buy", "look"), since=236),
    Campaign(INTERVIEW, "Newsletter", 0.50, 0.18, ("browse", "login"), _is_tuesday, time(10), _has_applied, since=40,
             gains=(0.9, 1.1)),
    Campaign(RECEIPT, "Receipt of an order", 0.0, 0.0, ()),
)  # fmt: skip


def times(campaign: Campaign, plan: Plan) -> list[int]:
    """When it went out, until yesterday; in the team's own zone."""
    if campaign.on is None:
        return []
    last = (plan.now_at - timedelta(days=1)).date()
    days = (last - timedelta(days=back) for back in range(campaign.since, -1, -1))
    return [_moment(day, campaign.at) for day in days if campaign.on(day)]


def began(campaign: Campaign, plan: Plan) -> int:
    return plan.now - campaign.since * DAY


def day_of(moment: int) -> tuple[date, int]:
    """The team's day, and when it is over."""
    day = datetime.fromtimestamp(moment, UTC).astimezone(ZONE).date()
    return day, _moment(day + timedelta(days=1), time())


def _moment(day: date, at: time) -> int:
    return int(datetime.combine(day, at, ZONE).timestamp())
