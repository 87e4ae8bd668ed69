"""A table as text, and the two figures that stand in most of its cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median as median_of


@dataclass
class Table:
    columns: Sequence[str]
    rows: list[Sequence[str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def show(self, title: str) -> None:
        lines = [self.columns, *self.rows]
        widths = [max(len(line[n]) for line in lines) for n in range(len(self.columns))]
        print(f"\n{title}\n")
        for number, line in enumerate(lines):
            print("  ".join(_cell(text, width, n) for n, (text, width) in enumerate(zip(line, widths, strict=True))))
            if number == 0:
                print("  ".join("-" * width for width in widths))
        for note in self.notes:
            print(f"\n{note}")


def _cell(text: str, width: int, number: int) -> str:
    return text.ljust(width) if number == 0 else text.rjust(width)


def p50(seconds: Sequence[float]) -> float:
    return median_of(seconds)


def p95(seconds: Sequence[float]) -> float:
    return sorted(seconds)[min(len(seconds) - 1, int(len(seconds) * 0.95))]


def ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f}"
