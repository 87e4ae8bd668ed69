"""What one rendering keeps: what was missing, which loops were empty, and how often they may still turn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from jinja2.runtime import Context

MOST_TURNS = 20_000  # of all loops of one mail together

__all__ = ["Context", "State", "state_of"]


@dataclass(slots=True)
class State:
    zone: ZoneInfo
    missing: dict[str, None] = field(default_factory=dict)
    empty: dict[str, None] = field(default_factory=dict)
    turns: int = MOST_TURNS
    address: Callable[[int, str], str] | None = None  # what becomes of an address that was rendered


def state_of(context: Context) -> State:
    state: State = context.parent["_state"]
    return state
