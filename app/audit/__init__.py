"""Who did what, and what it was before and after."""

from app.audit.actor import COMMAND_LINE, SYSTEM, Actor
from app.audit.entry import Entry, record

__all__ = ["COMMAND_LINE", "SYSTEM", "Actor", "Entry", "record"]
