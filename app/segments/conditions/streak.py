"""{"streak": "login", "days": 10, "starting": "signup" | "any"}: on each of so many days in a row."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy import text

from app.db import db
from app.segments import words
from app.segments.frame import Frame
from app.segments.meaning import Meaning, Said, counted
from app.segments.sets import Ids, Part
from app.segments.words import Words

MOST_BITS = 62


def part(said: Said, frame: Frame) -> Part:
    days = said["days"]
    words_ = {"zone": frame.bind(frame.zone.key), "name": frame.bind(said["streak"]), "days": days, "before": days - 1}
    if said.get("starting") == "any":
        return Ids(ANY.format(**words_), is_once=True)
    shape = BITS if days <= MOST_BITS else COUNTED
    return Ids(FROM_SIGN_UP.format(**words_) + shape.format(**words_, all=2**days - 1), is_once=True)


# Which day after sign-up it was. Zones cost: the bounds before them pass over nine of ten events by the clock alone.
FROM_SIGN_UP = """SELECT customer_id
  FROM (SELECT e.customer_id,
               (e.occurred_at AT TIME ZONE {zone})::date - (c.created_date AT TIME ZONE {zone})::date AS day
          FROM events e
          JOIN customers c ON c.id = e.customer_id
         WHERE e.name = {name}
           AND e.occurred_at >= c.created_date - interval '26 hours'
           AND e.occurred_at <  c.created_date + interval '{days} days 2 hours') near
 WHERE day BETWEEN 0 AND {before}
 GROUP BY customer_id
"""
# A bit for each day: unlike different days these are gathered side by side.
BITS = "HAVING bit_or(CAST(1 AS bigint) << day) = {all}"
COUNTED = "HAVING count(DISTINCT day) = {days}"
# n days in a row: the day n - 1 places before is n - 1 days before.
ANY = """SELECT DISTINCT customer_id
  FROM (SELECT customer_id, day - lag(day, {before}) OVER (PARTITION BY customer_id ORDER BY day) AS took
          FROM (SELECT DISTINCT customer_id, (occurred_at AT TIME ZONE {zone})::date AS day
                  FROM events WHERE name = {name}) days) runs
 WHERE took = {before}"""
DAYS = text(
    """
    SELECT DISTINCT (e.occurred_at AT TIME ZONE :zone)::date AS day, (c.created_date AT TIME ZONE :zone)::date AS signup
      FROM customers c LEFT JOIN events e ON e.customer_id = c.id AND e.name = :name
     WHERE c.id = :id ORDER BY day
    """
)


def sentence(said: Said) -> Words:
    where = ", from the day of sign-up" if said.get("starting") != "any" else ""
    return words.phrase("who did {} on {}" + where, said["streak"], f"{counted(said['days'], 'day')} in a row")


def told(said: Said, frame: Frame, customer_id: int) -> str:
    asked = {"zone": frame.zone.key, "name": said["streak"], "id": customer_id}
    rows = db.session.execute(DAYS, asked).all()
    days = {row.day for row in rows if row.day}
    if not rows or not days:
        return "never"
    if said.get("starting") == "any":
        return f"at most {counted(_longest(days), 'day')} in a row"
    return _from_sign_up(rows[0].signup, days, said["days"])


def _from_sign_up(signup: date, days: set[date], wanted: int) -> str:
    """Names the first day that is missing: that is why."""
    for number in range(wanted):
        day = signup + timedelta(days=number)
        if day not in days:
            return f"not on {day.day} {day:%b %Y}, day {number + 1} of {wanted} (signed up on {_said(signup)})"
    return f"on each day from {_said(signup)} to {_said(signup + timedelta(days=wanted - 1))}"


def _longest(days: set[date]) -> int:
    longest = 0
    for day in days:
        if day - timedelta(days=1) not in days:
            length = 1
            while day + timedelta(days=length) in days:
                length += 1
            longest = max(longest, length)
    return longest


def _said(day: Any) -> str:
    return f"{day.day} {day:%b %Y}"


MEANING = Meaning(part, sentence, told)
