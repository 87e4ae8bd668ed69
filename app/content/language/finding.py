"""How a rendered template reaches the given data: step by step through plain mappings and lists, nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.content.language.filters import LONGEST
from app.content.language.names import Path
from app.content.language.problem import Problem, Refused, Skip
from app.content.language.state import MOST_TURNS, Context, state_of


def find(root: Any, path: Path) -> Any:
    """For conditions: what is missing is None, and blanks are missing."""
    value = root
    for step in path:
        value = value.get(step) if type(value) is dict else _inside(value, step)
    if type(value) is str:
        return None if not value or value.isspace() else value if len(value) <= LONGEST else value[:LONGEST]
    return _plain(value)


def want(context: Context, root: Any, path: Path, name: str, instead: Any = None) -> Any:
    """For what is shown: notes what this person lacks."""
    value = root
    for step in path:
        value = value.get(step) if type(value) is dict else _inside(value, step)
    if type(value) is str and value and not value.isspace():
        return value if len(value) <= LONGEST else value[:LONGEST]
    value = None if type(value) is str else _plain(value)
    if value is None:
        state_of(context).missing[name] = None
        return instead
    return value


def must(context: Context, root: Any, path: Path, name: str) -> Any:
    value = want(context, root, path, name)
    if value is None:
        raise Skip(name)
    return value


def each(context: Context, root: Any, path: Path, name: str, line: int) -> Sequence[Any]:
    found, state = find(root, path), state_of(context)
    if not isinstance(found, list | tuple) or not found:
        state.empty[name] = None
        return ()
    state.turns -= len(found)
    if state.turns < 0:
        raise Refused([Problem(line, f"the loops of one mail may turn {MOST_TURNS:,} times in all")])
    return found


def _inside(value: Any, step: str | int) -> Any:
    if isinstance(value, dict):
        return dict.get(value, step)
    if isinstance(value, list | tuple) and isinstance(step, int) and step < len(value):
        return value[step]
    return None


def _plain(value: Any) -> Any:
    """A kind of text that has rules of its own (one that calls itself safe, say) is text like any other."""
    if isinstance(value, str):
        text = str.__str__(value)[:LONGEST]
        return None if not text or text.isspace() else text
    return value
