"""{"event": "login", "times": {"at_least": 3}, "within": {"last": "30d"}, "where": [{property, op, value}]}"""

from __future__ import annotations

from app.events import conditions
from app.segments import words
from app.segments.frame import Frame
from app.segments.inputs import Times
from app.segments.meaning import Meaning, Said, bounds, counted, day_said, one
from app.segments.sets import NOBODY, Ids, Part
from app.segments.words import Words


def part(said: Said, frame: Frame) -> Part:
    return as_often(happened(said["event"], said, frame), said.get("times"), frame)


def happened(name: str, said: Said, frame: Frame, alias: str = "e") -> str:
    """FROM … WHERE …: the events of this name, in this time, with these properties."""
    tests = conditions.sql(said.get("where") or [], f"{alias}.properties", frame.bind, frame.now, frame.zone)
    also = "" if tests == "true" else f" AND {tests}"
    within = bounds(f"{alias}.occurred_at", said.get("within"), frame)
    return f"FROM events {alias} WHERE {alias}.name = {frame.bind(name)}{within}{also}"


def as_often(source: str, times: Times | None, frame: Frame) -> Ids:
    """Those of a FROM … WHERE … who occur as often; “at most” and “never” are everyone but who occur more often."""
    if times is None or (times.how, times.count) == ("at_least", 1):
        return Ids(f"SELECT customer_id {source}")
    if times.how == "exactly" and times.count > 0:
        return _grouped(source, "=", times.count, frame)
    least = times.count if times.how == "at_least" else times.count + 1
    if least == 0:
        return Ids(NOBODY, is_complement=True)
    some = Ids(f"SELECT customer_id {source}") if least == 1 else _grouped(source, ">=", least, frame)
    return some if times.how == "at_least" else some.negated


def _grouped(source: str, sign: str, count: int, frame: Frame) -> Ids:
    having = f"HAVING count(*) {sign} CAST({frame.bind(count)} AS bigint)"
    return Ids(f"SELECT customer_id {source} GROUP BY customer_id {having}", is_once=True)


def sentence(said: Said) -> Words:
    times = said.get("times")
    never = is_never(times)
    did = words.phrase("who {} did {}", "never", said["event"]) if never else words.phrase("who did {}", said["event"])
    often = [] if never else words.times(times)
    return [*did, *often, *words.within(said.get("within")), *words.where(said.get("where"))]


def is_never(times: Times | None) -> bool:
    return times is not None and (times.how, times.count) in (("exactly", 0), ("at_most", 0))


def told(said: Said, frame: Frame, customer_id: int) -> str:
    source = happened(said["event"], said, frame)
    row = one(f"SELECT count(*), max(e.occurred_at) {source} AND e.customer_id = :id", frame, id=customer_id)
    return often(row[0], row[1], frame)


def often(count: int, last: object, frame: Frame) -> str:
    if not count:
        return "never"
    return f"{counted(count)}, {'on' if count == 1 else 'the last on'} {day_said(last, frame)}"


MEANING = Meaning(part, sentence, told)
