"""An event or a funnel move as somebody publishes it: typed and checked, not yet joined to a customer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.customers.who import Who


@dataclass(slots=True)
class Incoming:
    index: int  # its place in the list that came
    kind: str  # event, funnel
    who: Who
    name: str  # of the event, or the funnel's type
    occurred_at: datetime
    source_id: str | None = None  # the source's own id: the same again counts once
    properties: Mapping[str, Any] = field(default_factory=dict)
    from_stage: str | None = None
    to_stage: str | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a set of events came in: a receipt of a call, or an import whose indexes are lines."""

    receipt_id: int | None = None
    import_id: int | None = None
