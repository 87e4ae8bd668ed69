"""What a rule is compiled within: when it is asked, in whose days, and what its statement is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from app.segments.sets import Ids


@dataclass
class Frame:
    now: datetime
    zone: ZoneInfo
    types: Mapping[str, str]  # of attributes
    audience: Callable[[int, Frame], Ids]  # of another segment
    last_run: datetime | None = None  # what "since the last run" means; never before: since ever
    said: dict[str, Any] = field(default_factory=dict)

    def bind(self, value: Any) -> str:
        """A placeholder for the value: nothing that a person wrote ever stands in the statement itself."""
        name = f"p{len(self.said)}"
        self.said[name] = value
        return f":{name}"
