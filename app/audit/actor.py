"""Whoever acts: a person, a key, or the machine itself. Verbs of every room take one as `by`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Actor:
    kind: str  # user, key, system
    id: int | None
    name: str


SYSTEM = Actor("system", None, "The system")
COMMAND_LINE = Actor("system", None, "Command line")
