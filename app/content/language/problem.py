"""What is wrong with a template, and why a person gets no mail of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Problem:
    line: int
    message: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.message}"


class Refused(ValueError):
    """A template that is not taken, or a mail that would be too large for anybody."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = list(problems)


class Skip(Exception):
    """The template says: who lacks this field gets no mail."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field
