"""What the form of a segment sent: as it was typed, and as the room understands it."""

from __future__ import annotations

from typing import Any

from flask import request

from app.blueprints.settings.saving import typed
from app.problem import Problem, Refused
from app.segments import written
from app.segments.definition import Definition
from app.segments.functions import registry
from app.segments.segment import Segment

ARGUMENT = "arguments."


def fields() -> dict[str, str]:
    """As it was typed, to be shown again."""
    return {name: value.replace("\r\n", "\n") for name, value in request.form.items() if name != "csrf_token"}


def wanted(kind: str) -> tuple[Definition, list[Problem]]:
    """What was meant, and what of it cannot be read at all."""
    words, form = typed("name", "description", "handler_function"), fields()
    read, faults = _rules(form.get("rules", "")) if kind == "rules" else (None, [])
    function = words["handler_function"] if kind == "function" else None
    definition = Definition(
        words["name"],
        kind,
        words["description"],
        selection_sql=form.get("selection_sql", "") if kind == "sql" else None,
        handler_function=function,
        arguments=registry.from_form(function, arguments(form)) if function else {},
        rules=read,
    )
    return definition, faults


def arguments(form: dict[str, str]) -> dict[str, str]:
    return {name.removeprefix(ARGUMENT): value for name, value in form.items() if name.startswith(ARGUMENT)}


def held(segment: Segment) -> dict[str, str]:
    """What the form shows before anybody has typed."""
    words = {
        "name": segment.name,
        "description": segment.description,
        "selection_sql": segment.selection_sql or "",
        "handler_function": segment.handler_function or "",
        "rules": written.of(segment.rules) if segment.rules else "",
    }
    return words | {f"{ARGUMENT}{name}": _shown(value) for name, value in segment.arguments.items()}


def by_path(problems: list[Problem]) -> dict[str, str]:
    """The first of each field; whatever is wrong within the rules stands below their field."""
    found: dict[str, str] = {}
    for one in problems:
        found.setdefault("rules" if one.path.startswith("rules") else one.path, one.message)
    return found


def _rules(typed: str) -> tuple[Any, list[Problem]]:
    try:
        return written.read(typed), []
    except Refused as refused:
        return None, [Problem("rules", one.message) for one in refused.problems]


def _shown(value: Any) -> str:
    return ("1" if value else "") if isinstance(value, bool) else str(value)
