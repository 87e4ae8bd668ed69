"""What changed between two texts, line by line, for versions side by side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

AROUND = 3  # unchanged lines that are shown beside a change
MOST_LINES = 20_000


@dataclass(frozen=True)
class Line:
    """`kind`: same, gone, new, or gap for lines that are passed over; numbers count from 1."""

    kind: str
    text: str = ""
    before: int | None = None
    after: int | None = None


def of(before: str, after: str) -> list[Line]:
    """Empty where nothing changed."""
    old, new = before.splitlines()[:MOST_LINES], after.splitlines()[:MOST_LINES]
    if old == new:
        return []
    found: list[Line] = []
    for number, group in enumerate(SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(AROUND)):
        if number:
            found.append(Line("gap"))
        for opcode in group:
            found += _lines(opcode, old, new)
    return found


def _lines(opcode: tuple[str, int, int, int, int], old: list[str], new: list[str]) -> Iterator[Line]:
    tag, start, end, new_start, new_end = opcode
    if tag == "equal":
        for place in range(end - start):
            yield Line("same", old[start + place], start + place + 1, new_start + place + 1)
        return
    for place in range(start, end):
        yield Line("gone", old[place], before=place + 1)
    for place in range(new_start, new_end):
        yield Line("new", new[place], after=place + 1)
