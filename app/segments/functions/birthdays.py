"""Whose birthday is today or soon, by the day in the team's zone."""

from __future__ import annotations

from calendar import isleap
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ARRAY, Select, Text, any_, bindparam, case, func, select

from app.customers.customer import Customer
from app.segments.functions.arguments import integer
from app.segments.functions.registry import segment_function

NAMES = ("birthday", "birthdate", "date_of_birth")
LOOKS, IS = "____-__-__", r"^\d{4}-"  # the first is quicker, the second is asked of whom the day fits


@segment_function(
    "birthdays",
    label="Birthdays",
    arguments=[integer("days", "Days ahead", least=0, most=366, help="0 is today, 7 is today and the next 7 days.")],
)
def birthdays(days: int, now: datetime, zone: ZoneInfo) -> Select[int]:
    """Whose birthday is today or in the next days, by an attribute birthday, birthdate or date_of_birth (1990-05-03).

    Whoever was born on 29 February has it on the 28th in other years.
    """
    today = now.astimezone(zone).date()
    held = [Customer.attributes[name].astext for name in NAMES]
    born = func.coalesce(*(case((one.like(LOOKS), one)) for one in held))
    ahead = bindparam("ahead", _as_written(today, days), type_=ARRAY(Text))
    return select(Customer.id).where(
        Customer.erased_at.is_(None), func.right(born, 5) == any_(ahead), born.regexp_match(IS)
    )


def _as_written(today: date, days: int) -> list[str]:
    """The days from today on as birthdays end: “05-03”."""
    ahead = [today + timedelta(days=number) for number in range(days + 1)]
    found = {f"{one:%m-%d}" for one in ahead}
    return sorted(found | {"02-29" for one in ahead if (one.month, one.day) == (2, 28) and not isleap(one.year)})
