"""{"nth": {"event": "order_completed", "n": 2}, "within": "7d", "of_n": 1}: the 2nd within 7 days of the 1st."""

from __future__ import annotations

from app.segments import words
from app.segments.conditions.event import happened
from app.segments.frame import Frame
from app.segments.inputs import Nth
from app.segments.meaning import Meaning, Said, counted, interval, one
from app.segments.sets import Ids, Part
from app.segments.words import Words


def part(said: Said, frame: Frame) -> Part:
    nth, first = said["nth"], said.get("of_n", 1)
    numbered = (
        f"SELECT e.customer_id, e.occurred_at, row_number() OVER once AS place,"
        f" lead(e.occurred_at, {nth.n - first}) OVER once AS later {_source(nth, frame)}"
        f" WINDOW once AS (PARTITION BY e.customer_id ORDER BY e.occurred_at)"
    )
    length = interval(frame, said["within"].length)
    return Ids(
        f"SELECT customer_id FROM ({numbered}) numbered WHERE place = {first} AND later <= occurred_at + {length}",
        is_once=True,
    )


def _source(nth: Nth, frame: Frame) -> str:
    return happened(nth.event, {"where": nth.where}, frame)


def sentence(said: Said) -> Words:
    nth, first = said["nth"], said.get("of_n", 1)
    which = words.phrase("who did {} for the {} time", nth.event, ordinal(nth.n))
    after = words.phrase(" within {} of the {}", said["within"].said, ordinal(first))
    return [*which, *words.where(nth.where), *after]


def ordinal(n: int) -> str:
    ending = "th" if n % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"{n}{ending}"


def told(said: Said, frame: Frame, customer_id: int) -> str:
    nth, first = said["nth"], said.get("of_n", 1)
    sql = (
        f"SELECT count(*), (array_agg(at ORDER BY at))[{nth.n}] - (array_agg(at ORDER BY at))[{first}]"
        f" FROM (SELECT e.occurred_at AS at {_source(nth, frame)} AND e.customer_id = :id) theirs"
    )
    row = one(sql, frame, id=customer_id)
    if row[1] is None:
        return counted(row[0]) if row[0] else "never"
    days, hours = row[1].days, row[1].seconds // 3600
    return f"the {ordinal(nth.n)} came {counted(days, 'day')} and {counted(hours, 'hour')} after the {ordinal(first)}"


MEANING = Meaning(part, sentence, told)
