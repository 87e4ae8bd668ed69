"""What is wrong with a source, and where: a person reads it beside the editor, line by line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    line: int
    column: int
    message: str
    is_error: bool = True

    def __str__(self) -> str:
        return f"line {self.line}: {self.message}"


class Broken(Exception):
    """The source cannot become a mail; `problems` say why."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = list(problems)

    def __reduce__(self) -> tuple[type[Broken], tuple[list[Problem]]]:
        return Broken, (self.problems,)  # a child process hands it over
