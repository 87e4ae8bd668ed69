"""What somebody wants a segment to be: read, checked, and computed once before it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app import problem
from app.problem import Problem, Refused
from app.segments import audience, rules
from app.segments.audience import Audience
from app.segments.functions import registry
from app.segments.segment import TYPES, Segment

LONGEST_NAME = 200
LONGEST_DESCRIPTION = 2_000
LONGEST_SQL = 50_000


@dataclass(frozen=True)
class Definition:
    name: str
    type: str
    description: str = ""
    selection_sql: str | None = None
    handler_function: str | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict)
    rules: Mapping[str, Any] | None = None

    def kept(self) -> dict[str, Any]:
        """As a version holds it."""
        return {
            "name": self.name,
            "description": self.description,
            "type": self.type,
            "selection_sql": self.selection_sql,
            "handler_function": self.handler_function,
            "arguments": dict(self.arguments),
            "rules": self.rules,
        }


def of(segment: Segment) -> Definition:
    return Definition(
        segment.name,
        segment.type,
        segment.description,
        segment.selection_sql,
        segment.handler_function,
        segment.arguments,
        segment.rules,
    )


def problems(wanted: Definition) -> list[Problem]:
    """Of its form; that it can be computed is another question."""
    found = problem.of_text("name", wanted.name, LONGEST_NAME, is_needed=True)
    found += problem.of_text("description", wanted.description, LONGEST_DESCRIPTION)
    if wanted.type not in TYPES:
        return [*found, Problem("type", f"It must be one of: {', '.join(TYPES)}.")]
    return found + OWN[wanted.type](wanted)


def computed(wanted: Definition, now: datetime, own_id: int | None = None) -> Audience:
    """Its audience, or Unavailable; a list of its own has none before it is kept."""
    if wanted.type == "rules":
        return audience.of_rules(wanted.rules, now, own_id)
    answer = audience.answered(wanted.type, wanted.selection_sql, wanted.handler_function, wanted.arguments, now)
    return audience.of_answer(answer)


def _sql_problems(wanted: Definition) -> list[Problem]:
    return problem.of_text("selection_sql", wanted.selection_sql, LONGEST_SQL, is_needed=True)


def _function_problems(wanted: Definition) -> list[Problem]:
    if not wanted.handler_function:
        return [Problem("handler_function", "It is needed.")]
    found = registry.problems(wanted.handler_function, wanted.arguments)
    return [Problem(name if name == "handler_function" else f"arguments.{name}", said) for name, said in found.items()]


def _rules_problems(wanted: Definition) -> list[Problem]:
    try:
        rules.read(wanted.rules, audience.known())
    except Refused as refused:
        return [Problem(f"rules.{one.path}".rstrip("."), one.message) for one in refused.problems]
    return []


OWN = {"manual": lambda _: [], "sql": _sql_problems, "function": _function_problems, "rules": _rules_problems}
