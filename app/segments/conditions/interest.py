"""{"interest": "festivals"}: the attribute “interest” is this word or holds it, without regard to capitals."""

from __future__ import annotations

import json

from app.segments import words
from app.segments.conditions import attribute
from app.segments.frame import Frame
from app.segments.meaning import Meaning, Said
from app.segments.sets import Part, Rows
from app.segments.words import Words


def part(said: Said, frame: Frame) -> Part:
    """As JSON a text stands in quotes, alone or in a list, and quotes within it are escaped: one look finds both."""
    written = frame.bind(json.dumps(said["interest"], ensure_ascii=False))
    return Rows(f"strpos(lower((c.attributes -> 'interest')::text), lower(CAST({written} AS text))) > 0")


def sentence(said: Said) -> Words:
    return words.phrase("who are interested in {}", said["interest"])


def told(_said: Said, frame: Frame, customer_id: int) -> str:
    return attribute.told({"attribute": "interest"}, frame, customer_id)


MEANING = Meaning(part, sentence, told)
