"""{"event": "checkout_started", "within": {"last": "7d"}, "not_followed_by": "order_completed", "for": "24h"}"""

from __future__ import annotations

from app.segments import words
from app.segments.conditions.event import happened
from app.segments.frame import Frame
from app.segments.meaning import Meaning, Said, before_now, begun, day_said, interval, one
from app.segments.sets import Ids, Part
from app.segments.words import Words


def part(said: Said, frame: Frame) -> Part:
    return Ids(f"SELECT e.customer_id {_alone(said, frame)}")


def _alone(said: Said, frame: Frame) -> str:
    """The time for an answer has passed, and none came."""
    asked = happened(said["event"], said, frame)
    patience = said.get("for")
    passed = f" AND {before_now('e.occurred_at', patience.length, frame)}" if patience else ""
    # No answer is older than what is asked for: said again, or all months of answers are read.
    since = begun("a.occurred_at", said.get("within"), frame)
    until = f" AND a.occurred_at <= e.occurred_at + {interval(frame, patience.length)}" if patience else ""
    # At the same moment counts as an answer: better no reminder than a wrong one. An event is no answer to itself.
    sign = ">" if said["not_followed_by"] == said["event"] else ">="
    answer = (
        f"SELECT FROM events a WHERE a.customer_id = e.customer_id AND a.name = {frame.bind(said['not_followed_by'])}"
        f" AND a.occurred_at {sign} e.occurred_at{until}{since}"
    )
    return f"{asked}{passed} AND NOT EXISTS ({answer})"


def sentence(said: Said) -> Words:
    first = [
        *words.phrase("who did {}", said["event"]),
        *words.within(said.get("within")),
        *words.where(said.get("where")),
    ]
    then = words.phrase(" and did not {}", said["not_followed_by"])
    return [*first, *then, *(words.phrase(" within {} of it", said["for"].said) if "for" in said else [])]


def told(said: Said, frame: Frame, customer_id: int) -> str:
    row = one(f"SELECT max(e.occurred_at) {_alone(said, frame)} AND e.customer_id = :id", frame, id=customer_id)
    if row[0]:
        return f"unanswered on {day_said(row[0], frame)}"
    row = one(f"SELECT count(*) {happened(said['event'], said, frame)} AND e.customer_id = :id", frame, id=customer_id)
    return "each was answered, or there is still time" if row[0] else "never"


MEANING = Meaning(part, sentence, told)
