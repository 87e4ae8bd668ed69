"""What is wrong with something that somebody wrote, and where it stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app import operators

PASSING = "It was made for a launch and goes with it: it is not changed, activated or deleted by hand."


@dataclass(frozen=True)
class Problem:
    """`path` as in blocks[2].href or all[0].value; empty: it is about the whole."""

    path: str
    message: str


class Refused(ValueError):
    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(problems[0].message)
        self.problems = list(problems)


class Passing(Exception):
    """It was made for one launch, and goes with it: nobody else changes it."""


def must_last(one: Any) -> None:
    if one.is_passing:
        raise Passing(PASSING)


def of_text(path: str, value: str | None, longest: int, *, is_needed: bool = False) -> list[Problem]:
    if not (value or "").strip():
        return [Problem(path, "It is needed.")] if is_needed else []
    try:
        operators.text(value, longest)
    except ValueError as error:
        return [Problem(path, str(error))]
    return []
