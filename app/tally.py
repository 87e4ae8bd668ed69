"""What became of a set of items: `stored = created + updated + unchanged`, and each refused one by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Reject:
    index: int  # its place in the list that came
    code: str
    field: str
    message: str

    def as_json(self) -> dict[str, object]:
        return {"index": self.index, "code": self.code, "field": self.field, "message": self.message}


@dataclass
class Tally:
    received: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejects: list[Reject] = field(default_factory=list)
    kept_out: int = 0  # people whom somebody else wanted to subscribe, and who withdrew themselves

    @property
    def stored(self) -> int:
        return self.created + self.updated + self.unchanged

    def refuse(self, rejects: Sequence[Reject]) -> None:
        self.rejects = sorted([*self.rejects, *rejects], key=lambda reject: reject.index)

    def as_json(self) -> dict[str, object]:
        said: dict[str, object] = {
            "received": self.received,
            "stored": self.stored,
            "created": self.created,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "rejected": [reject.as_json() for reject in self.rejects],
        }
        return said | {"kept_out": self.kept_out} if self.kept_out else said
