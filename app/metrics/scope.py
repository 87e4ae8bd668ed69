"""Which mails a report is about: those sent in a range of days, of everything, of one automation or of one run."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

from app.metrics.ranges import Range

HUMAN, ALL = "human", "all"
Who = Literal["human", "all"]


@dataclass(frozen=True)
class Scope:
    """`who`: opens and clicks by people, or by machines as well; `rule`: whose credit a conversion is."""

    range: Range
    who: Who = "human"
    automation_id: int | None = None
    run_id: int | None = None
    rule: str = "last_click"

    @property
    def before(self) -> Scope:
        return replace(self, range=self.range.before())

    @property
    def is_everything(self) -> bool:
        return self.automation_id is None and self.run_id is None

    @property
    def said(self) -> dict[str, Any]:
        """For statements."""
        return {
            "zone": self.range.zone.key,
            "first": self.range.first,
            "last": self.range.last,
            "starts": self.range.starts,
            "ends": self.range.ends,
            "automation": self.automation_id,
            "run": self.run_id,
            "rule": self.rule,
        }

    def runs(self, column: str) -> str:
        """The condition that a column which names a run is of this scope."""
        if self.run_id is not None:
            return f"{column} = :run"
        if self.automation_id is not None:
            return f"{column} IN (SELECT id FROM runs WHERE automation_id = :automation)"
        return "true"
