"""{"attribute": "score", "op": "at_least", "value": 60}"""

from __future__ import annotations

import json

from app.comparing import Held
from app.segments import words
from app.segments.frame import Frame
from app.segments.meaning import Meaning, Said, interval, one
from app.segments.sets import Ids, Part, Rows
from app.segments.words import Words


def part(said: Said, frame: Frame) -> Part:
    if said["op"] == "changed_within":
        return changed(said["attribute"], False, said, frame)
    held = Held(
        "c.attributes", said["attribute"], frame.bind, frame.now, frame.zone, frame.types.get(said["attribute"])
    )
    return Rows(held.compare(said["op"], said.get("value")))


def changed(name: str, is_column: bool, said: Said, frame: Frame) -> Ids:
    since = f"CAST({frame.bind(frame.now)} AS timestamptz) - {interval(frame, said['value'].length)}"
    return Ids(
        f"SELECT customer_id FROM attribute_changes"
        f" WHERE at >= {since} AND name = {frame.bind(name)} AND is_column = {frame.bind(is_column)}"
    )


def sentence(said: Said) -> Words:
    return [words.Bit("whose "), *words.compared(said["attribute"], said["op"], said.get("value"))]


def told(said: Said, frame: Frame, customer_id: int) -> str:
    row = one("SELECT attributes -> :name FROM customers WHERE id = :id", frame, name=said["attribute"], id=customer_id)
    return "is not known" if row is None or row[0] is None else _written(row[0])


def _written(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "an empty list"
    return (value or "an empty text") if isinstance(value, str) else json.dumps(value)


MEANING = Meaning(part, sentence, told)
