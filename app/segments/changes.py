"""What each version of a segment changed, as lines that were taken out or put in."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.segments import keeping, written
from app.segments.functions import registry
from app.segments.segment import Segment, SegmentVersion

MOST = 20  # versions
MOST_LINES = 60
LONGEST = 2_000  # lines that are compared


@dataclass(frozen=True)
class Line:
    sign: str  # + or -
    text: str


@dataclass(frozen=True)
class Step:
    version: int
    by: str
    at: datetime
    lines: list[Line]
    more: int  # lines that are not shown
    is_first: bool


def of(segment: Segment) -> list[Step]:
    """The latest first."""
    versions = keeping.versions(segment)[: MOST + 1]
    before = [*versions[1:], None]
    return [_step(one, former) for one, former in zip(versions, before, strict=True)][:MOST]


def lines_of(definition: Mapping[str, Any]) -> list[str]:
    """A definition as plain lines."""
    lines = [f"name: {definition.get('name', '')}"]
    lines += [f"description: {line}" for line in (definition.get("description") or "").splitlines()]
    lines += (definition.get("selection_sql") or "").splitlines()
    if definition.get("handler_function"):
        lines.append(registry.said(definition["handler_function"], definition.get("arguments") or {}))
    if definition.get("rules"):
        lines += written.of(definition["rules"]).splitlines()
    return lines


def _step(one: SegmentVersion, former: SegmentVersion | None) -> Step:
    lines = _differences(lines_of(former.definition), lines_of(one.definition)) if former else []
    shown, more = lines[:MOST_LINES], max(len(lines) - MOST_LINES, 0)
    return Step(one.version, one.by_name, one.created_date, shown, more, one.version == 1)


def _differences(before: list[str], after: list[str]) -> list[Line]:
    found = difflib.unified_diff(before[:LONGEST], after[:LONGEST], n=0, lineterm="")
    kept = [line for line in found if line[:1] in "+-" and line[:3] not in {"+++", "---"}]
    return [Line(line[0], line[1:]) for line in kept]
