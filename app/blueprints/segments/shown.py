"""A segment in words, and what stands beside its form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.problem import Refused
from app.segments import audience, rules, sentence, wall
from app.segments.functions import registry
from app.segments.segment import Segment
from app.segments.words import Words


@dataclass(frozen=True)
class Said:
    """Of rules the sentence, of a function its name and arguments; `refused` where they are no longer understood."""

    words: Words | None = None
    function: str = ""
    refused: str = ""


def of(segment: Segment) -> Said:
    if segment.type == "function":
        return Said(function=registry.said(segment.handler_function or "", segment.arguments))
    if segment.type != "rules":
        return Said()
    try:
        return Said(words=sentence.of(rules.read(segment.rules, audience.known())))
    except Refused as refused:
        return Said(refused=str(refused))


def beside(kind: str) -> dict[str, Any]:
    """The reporting schema and examples, for who writes SQL."""
    return {"views": wall.schema(), "examples": wall.EXAMPLES} if kind == "sql" else {}
