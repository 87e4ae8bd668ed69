"""{"segment": 12}: whoever is in another segment."""

from __future__ import annotations

from sqlalchemy import select

from app.db import db
from app.segments import words
from app.segments.frame import Frame
from app.segments.meaning import Meaning, Said
from app.segments.segment import Segment
from app.segments.sets import Part
from app.segments.words import Words


def part(said: Said, frame: Frame) -> Part:
    return frame.audience(said["segment"], frame)


def sentence(said: Said) -> Words:
    return words.phrase("who are in segment {}", _named(said["segment"]))


def told(said: Said, _frame: Frame, _customer_id: int) -> str:
    return _named(said["segment"])


def _named(segment_id: int) -> str:
    """A number says nothing to a marketer."""
    name = db.session.scalar(select(Segment.name).where(Segment.id == segment_id))
    return f"“{name}”" if name else f"{segment_id}, which is not there any more"


MEANING = Meaning(part, sentence, told)
