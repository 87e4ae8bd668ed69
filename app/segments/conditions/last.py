"""{"last": {"event": "order_completed"}, "where": [{property, op, value}]}: the latest of them is like this."""

from __future__ import annotations

from app.events import conditions
from app.segments import words
from app.segments.frame import Frame
from app.segments.meaning import Meaning, Said, day_said, one
from app.segments.sets import Ids, Part
from app.segments.words import Words

# Each is judged as it is read, so that the sort carries one bit and not its properties.
LATEST = """SELECT customer_id
  FROM (SELECT DISTINCT ON (e.customer_id) e.customer_id, {tests} AS fits
          FROM events e
         WHERE e.name = {name}
         ORDER BY e.customer_id, e.occurred_at DESC, e.id DESC) latest
 WHERE fits"""


def part(said: Said, frame: Frame) -> Part:
    tests = conditions.sql(said["where"], "e.properties", frame.bind, frame.now, frame.zone)
    return Ids(LATEST.format(name=frame.bind(said["last"]), tests=tests), is_once=True)


def sentence(said: Said) -> Words:
    return [*words.phrase("whose last {} was one", said["last"]), *words.where(said["where"])]


def told(said: Said, frame: Frame, customer_id: int) -> str:
    latest = """SELECT properties, occurred_at FROM events WHERE customer_id = :id AND name = :name
                 ORDER BY occurred_at DESC, id DESC LIMIT 1"""
    row = one(latest, frame, id=customer_id, name=said["last"])
    if row is None:
        return "never"
    held = [f"{one.name} {row.properties.get(one.name, 'not known')}" for one in said["where"]]
    return f"{', '.join(dict.fromkeys(held))}, on {day_said(row.occurred_at, frame)}"


MEANING = Meaning(part, sentence, told)
