"""An audience that cannot be computed. It is empty and says why: never everybody, never half."""

from __future__ import annotations


class Unavailable(Exception):
    """`said` is for a marketer; line and column (from 1) point into their SQL, where there is some."""

    def __init__(self, said: str, line: int | None = None, column: int | None = None) -> None:
        super().__init__(said)
        self.said, self.line, self.column = said, line, column
