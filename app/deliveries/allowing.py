"""MAIL_ALLOW of a staging machine: whoever it does not name is not written to."""

from __future__ import annotations

from app import running


def is_allowed(email: str) -> bool:
    allowed = running.config().mail_allow
    folded = email.strip().lower()
    return not allowed or folded in allowed or folded.rpartition("@")[2] in allowed
