"""{"sequence": ["kyc_done", "loan_requested"], "within": "48h"}: one after the other, all within this time."""

from __future__ import annotations

from app.segments import words
from app.segments.frame import Frame
from app.segments.meaning import Meaning, Said, day_said, interval, one
from app.segments.sets import Ids, Part
from app.segments.words import Words


def part(said: Said, frame: Frame) -> Part:
    return Ids(f"SELECT e1.customer_id {_source(said, frame)}")


def _source(said: Said, frame: Frame) -> str:
    """From each first one: is there a second later, and a third later than that, in time?"""
    names, length = said["sequence"], interval(frame, said["within"].length)
    steps = [f"FROM events e1 WHERE e1.name = {frame.bind(names[0])}"]
    for number, name in enumerate(names[1:], 2):
        steps.append(
            f"SELECT FROM events e{number} WHERE e{number}.customer_id = e1.customer_id"
            f" AND e{number}.name = {frame.bind(name)} AND e{number}.occurred_at > e{number - 1}.occurred_at"
            f" AND e{number}.occurred_at <= e1.occurred_at + {length}"
        )
    return " AND EXISTS (".join(steps) + ")" * (len(steps) - 1)


def sentence(said: Said) -> Words:
    first, *rest = said["sequence"]
    then = [bit for name in rest for bit in words.phrase(" and then {}", name)]
    return [*words.phrase("who did {}", first), *then, *words.phrase(" within {}", said["within"].said)]


def told(said: Said, frame: Frame, customer_id: int) -> str:
    row = one(f"SELECT max(e1.occurred_at) {_source(said, frame)} AND e1.customer_id = :id", frame, id=customer_id)
    return f"begun on {day_said(row[0], frame)}" if row[0] else "not in this order and time"


MEANING = Meaning(part, sentence, told)
