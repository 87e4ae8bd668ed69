"""{"funnel": "sales", "in_stage": "applied", "for": "7d"}: where they stand now, and since when."""

from __future__ import annotations

from app.segments import words
from app.segments.frame import Frame
from app.segments.meaning import Meaning, Said, before_now, day_said, one
from app.segments.sets import Ids, Part
from app.segments.words import Words

# Moves into the stage are few beside all moves: each is looked at for a later one. That none of an earlier day is
# later, is said apart: comparing pairs takes a third of the time.
STANDING = """SELECT f.customer_id FROM funnel_events f
 WHERE f.funnel_type = {funnel} AND f.to_stage = {stage}{since}
   AND NOT EXISTS (SELECT FROM funnel_events l WHERE l.customer_id = f.customer_id AND l.funnel_type = {funnel}
                      AND l.created_date >= f.created_date AND (l.created_date, l.id) > (f.created_date, f.id))"""


def part(said: Said, frame: Frame) -> Part:
    since = f" AND {before_now('f.created_date', said['for'].length, frame)}" if "for" in said else ""
    funnel, stage = frame.bind(said["funnel"]), frame.bind(said["in_stage"])
    return Ids(STANDING.format(funnel=funnel, stage=stage, since=since), is_once=True)


def sentence(said: Said) -> Words:
    words_ = words.phrase("who are in {} stage {}", said["funnel"], said["in_stage"])
    return [*words_, *(words.phrase(" for at least {}", said["for"].said) if "for" in said else [])]


def told(said: Said, frame: Frame, customer_id: int) -> str:
    latest = """SELECT to_stage, created_date FROM funnel_events WHERE customer_id = :id AND funnel_type = :funnel
                 ORDER BY created_date DESC, id DESC LIMIT 1"""
    row = one(latest, frame, id=customer_id, funnel=said["funnel"])
    return f"{row.to_stage} since {day_said(row.created_date, frame)}" if row else "never moved in this funnel"


MEANING = Meaning(part, sentence, told)
