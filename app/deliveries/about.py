"""What all mails of a run are about, where it is the same for everybody: kept once, by whoever made the run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from app.deliveries.run import Run

Find = Callable[[Run], Mapping[str, Any]]
FINDERS: list[Find] = []


def told_by(find: Find) -> Find:
    """Rooms above this one make runs, and say what they are about."""
    FINDERS.append(find)
    return find


def of(run: Run) -> dict[str, Any]:
    return {name: value for find in FINDERS for name, value in find(run).items()}
