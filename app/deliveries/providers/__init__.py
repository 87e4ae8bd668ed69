"""Who carries mail away. A provider is one small file: its name, how much it takes at once, `pack` and `post`."""

from app.deliveries.providers.provider import (
    NOT_KNOWN,
    TRUSTED,
    Busy,
    Closed,
    Disputed,
    Mail,
    Outcome,
    Provider,
    Rejected,
    Unknown,
)

__all__ = [
    "NOT_KNOWN",
    "TRUSTED",
    "Busy",
    "Closed",
    "Disputed",
    "Mail",
    "Outcome",
    "Provider",
    "Rejected",
    "Unknown",
]
