"""Whom a behaviour would call at this moment, and with what: nothing is written, nothing is sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class PreviewRow:
    customer_id: int
    name: str
    email: str | None
    about: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Preview:
    people: int = 0
    rows: Sequence[PreviewRow] = ()


def of(_trigger: Mapping[str, Any], _segment_id: int | None, _now: datetime, _most: int = 10) -> Preview:
    return Preview()
