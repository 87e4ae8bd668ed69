"""Who did what, and what it was before and after."""

from app.audit.actor import Actor
from app.audit.entry import Entry, record

__all__ = ["Actor", "Entry", "record"]
