"""A customer as somebody publishes them: only what was said, typed and checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

# What one may say of a customer beside attributes, in the order of the columns everywhere.
COLUMNS = ("lms_lead_id", "email", "first_name", "last_name", "mobile", "timezone", "created_date")


@dataclass(slots=True)
class Incoming:
    """`columns` and `attributes` hold what was said: a key that is absent leaves the value, None clears it."""

    index: int
    customer_id: int | None = None
    columns: Mapping[str, Any] = field(default_factory=dict)
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Source:
    """Who says it: `Source("LMS (API)")`, `Source("import 7", import_id=7)`."""

    said: str
    import_id: int | None = None


@dataclass(slots=True)
class Upserted:
    """The customers behind the items, in their order; None where an item was refused."""

    customer_ids: Sequence[int | None]
    # Who is new here, or can be named by more than before: what waited for them may join them.
    appeared: list[int]
    outcomes: Sequence[str | None] = ()  # of each item: created, updated, unchanged
