"""The back doors of this room."""

from __future__ import annotations

from app.customers import attribute_indexes
from app.customers.attribute_indexes import AttributeIndex
from app.pump import Work, pump
from app.queue import job

INDEXES = Work("Attribute indexes", AttributeIndex, "upkeep", "customers.build_indexes", batch=1)


@job("upkeep", timeout=3600)
def build_indexes() -> int:
    return pump(INDEXES, attribute_indexes.build)
