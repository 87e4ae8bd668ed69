"""What a render check found, counted so that it can be put down after any slice and taken up again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

HEAVY = 100 * 1024  # bytes; Gmail cuts at 102 KB
NAMED = 20  # people who are named for each thing that was found
WORST = 5
KINDS = ("missing", "empty", "skipped", "heavy", "failed")
# How much worse one thing is than another: a mail that cannot be drawn before one that lacks a name.
WEIGHTS = {"failed": 1000.0, "heavy": 100.0, "empty": 10.0, "missing": 3.0, "skipped": 1.0}


@dataclass
class Finding:
    """How many people it is true of, and some of them."""

    count: int = 0
    who: list[int] = field(default_factory=list)

    def add(self, customer_id: int) -> None:
        self.count += 1
        if len(self.who) < NAMED:
            self.who.append(customer_id)


@dataclass(frozen=True)
class Bad:
    """One mail that is worth a look."""

    customer_id: int
    score: float
    why: str


@dataclass
class Report:
    drawn: int = 0
    seconds: float = 0.0
    largest: int = 0  # bytes
    found: dict[str, dict[str, Finding]] = field(default_factory=lambda: {kind: {} for kind in KINDS})
    worst: list[Bad] = field(default_factory=list)

    @classmethod
    def read(cls, kept: Mapping[str, Any]) -> Report:
        if not kept:
            return cls()
        found = {kind: {name: Finding(**one) for name, one in kept["found"][kind].items()} for kind in KINDS}
        return cls(kept["drawn"], kept["seconds"], kept["largest"], found, [Bad(**one) for one in kept["worst"]])

    def kept(self) -> dict[str, Any]:
        return asdict(self)

    def count(self, kind: str) -> int:
        """Of findings; a person who lacks two fields counts twice."""
        return sum(one.count for one in self.found[kind].values())

    @property
    def is_clean(self) -> bool:
        return not any(self.found.values())

    @property
    def rate(self) -> float | None:
        return self.drawn / self.seconds if self.seconds > 0.05 else None

    def skipped(self, customer_id: int, by: str) -> None:
        self._add("skipped", by, customer_id)

    def failed(self, customer_id: int, why: str) -> None:
        self._add("failed", why, customer_id)
        self._rank(Bad(customer_id, WEIGHTS["failed"], why))

    def mail(self, customer_id: int, size: int, missing: Iterable[str], empty: Iterable[str]) -> None:
        named = {"missing": list(missing), "empty": list(empty), "heavy": ["weight"] if size > HEAVY else []}
        self.largest = max(self.largest, size)
        for kind, names in named.items():
            for name in names:
                self._add(kind, name, customer_id)
        if score := sum(WEIGHTS[kind] * len(names) for kind, names in named.items()):
            self._rank(Bad(customer_id, score + size / 1e9, _why(named, size)))

    def _add(self, kind: str, name: str, customer_id: int) -> None:
        self.found[kind].setdefault(name, Finding()).add(customer_id)

    def _rank(self, bad: Bad) -> None:
        if len(self.worst) < WORST or bad.score > self.worst[-1].score:
            self.worst = sorted([*self.worst, bad], key=lambda one: -one.score)[:WORST]


def _why(named: Mapping[str, list[str]], size: int) -> str:
    parts = [f"{size / 1024:.0f} KB"] if named["heavy"] else []
    parts += [f"nothing in {', '.join(named['empty'])}"] if named["empty"] else []
    parts += [f"lacks {', '.join(named['missing'])}"] if named["missing"] else []
    return "; ".join(parts)
