"""{"funnel": "sales", "from": "applied", "to": "enrolled", "within": {"last": "30d"}}: a move between stages."""

from __future__ import annotations

from app.segments import words
from app.segments.conditions.event import often
from app.segments.frame import Frame
from app.segments.meaning import Meaning, Said, bounds, one
from app.segments.sets import Ids, Part
from app.segments.words import Words


def part(said: Said, frame: Frame) -> Part:
    return Ids(f"SELECT f.customer_id {_source(said, frame)}")


def _source(said: Said, frame: Frame) -> str:
    start = f" AND coalesce(f.from_stage, '') = {frame.bind(said['from'])}" if "from" in said else ""
    end = f" AND f.to_stage = {frame.bind(said['to'])}" if "to" in said else ""
    within = bounds("f.created_date", said.get("within"), frame)
    return f"FROM funnel_events f WHERE f.funnel_type = {frame.bind(said['funnel'])}{end}{start}{within}"


def sentence(said: Said) -> Words:
    start = words.phrase(" from {}", said["from"]) if "from" in said else []
    end = words.phrase(" to {}", said["to"]) if "to" in said else []
    return [*words.phrase("who moved in {}", said["funnel"]), *start, *end, *words.within(said.get("within"))]


def told(said: Said, frame: Frame, customer_id: int) -> str:
    sql = f"SELECT count(*), max(f.created_date) {_source(said, frame)} AND f.customer_id = :id"
    row = one(sql, frame, id=customer_id)
    return often(row[0], row[1], frame)


MEANING = Meaning(part, sentence, told)
