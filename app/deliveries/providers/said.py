"""What AWS answered where it is no yes, before it is classed. By itself, for whoever catches it loads no library."""

from __future__ import annotations


class Said(Exception):
    """`name`: of the error; none where it may have come from somebody between us and them."""

    def __init__(self, status: int, name: str, message: str) -> None:
        super().__init__(status, name, message)
        self.status, self.name, self.message = status, name, message
