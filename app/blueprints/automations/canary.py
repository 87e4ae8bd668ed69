"""The part of the form that says who goes first: as it was typed, and as the room understands it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

WORDS = ("canary_n", "canary_minutes")


def limits(form: Mapping[str, str]) -> dict[str, Any]:
    """Nothing typed: everybody at once. What is no number is left to the room, which says so."""
    typed = {name.removeprefix("canary_"): _number(form[name]) for name in WORDS if form[name]}
    return {"canary": typed} if typed else {}


def held(limits: Mapping[str, Any]) -> dict[str, str]:
    kept = limits.get("canary", {})
    return {name: str(kept.get(name.removeprefix("canary_"), "")) for name in WORDS}


def _number(written: str) -> int:
    return int(written) if written.isascii() and written.isdecimal() and len(written) < 10 else -1
