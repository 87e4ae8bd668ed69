"""What became of a file that somebody sent: a medium, new or there already, or why it was not taken."""

from __future__ import annotations

from dataclasses import dataclass, field

from app.content.medium import Medium


@dataclass(frozen=True)
class Arrival:
    name: str
    medium: Medium | None = None
    is_there_already: bool = False
    refused: str = ""
    said: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    is_saved: bool = False
