"""What the forms of one-row settings share: the version they saw, and what they say when it is no longer true."""

from __future__ import annotations

from flask import request


def version_sent() -> int:
    text = request.form.get("version", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else -1


def changed_meanwhile() -> dict[str, str]:
    return {
        "version": "Somebody else saved these settings after you opened them."
        " Reload the page to see theirs; what you typed is still below."
    }


def typed(*names: str) -> dict[str, str]:
    """What was typed, without the blanks around it and without control characters that no setting needs."""
    return {name: _clean(request.form.get(name, "")) for name in names}


def number(text: str) -> float | None:
    """As people write it, 0.1 or 0,1; what is no number is outside of all limits."""
    try:
        return float(text.replace(",", ".")) if text else None
    except ValueError:
        return -1.0


def _clean(text: str) -> str:
    kept = (c for c in text.replace("\r\n", "\n") if c == "\n" or c.isprintable())
    return "".join(kept).strip()
