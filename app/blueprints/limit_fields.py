"""A cap and quiet hours as fields of a form: to what is meant, and back.

The form of an automation and Settings share them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app import spans
from app.problem import Problem

CAP, QUIET = ("cap_n", "cap_count", "cap_unit"), ("quiet_from", "quiet_to")
WORDS = (*CAP, *QUIET)
UNITS = (("d", "days"), ("h", "hours"), ("m", "minutes"))
BLANK = {"cap_count": "7", "cap_unit": "d"}
# Where the form shows what is wrong with a part of it.
PATHS = {
    "cap": "cap_n",
    "cap.n": "cap_n",
    "cap.per": "cap_count",
    "quiet_hours": "quiet_from",
    "quiet_hours.from": "quiet_from",
    "quiet_hours.to": "quiet_to",
}


def meant(form: Mapping[str, str]) -> dict[str, Any]:
    """Nothing for what was left empty; what cannot be read stays as it was typed, and is refused by its own check."""
    found: dict[str, Any] = {}
    if form["cap_n"]:
        found["cap"] = {"n": whole(form["cap_n"]), "per": form["cap_count"] + form["cap_unit"]}
    if form["quiet_from"] or form["quiet_to"]:
        found["quiet_hours"] = {"from": form["quiet_from"][:5], "to": form["quiet_to"][:5]}
    return found


def shown(limits: Mapping[str, Any]) -> dict[str, str]:
    """What the form shows of a cap and quiet hours that stand."""
    found = dict(BLANK)
    if cap := limits.get("cap"):
        per = spans.duration(cap["per"])
        found |= {"cap_n": str(cap["n"]), "cap_count": str(per.count), "cap_unit": per.unit}
    if quiet := limits.get("quiet_hours"):
        found |= {"quiet_from": quiet["from"], "quiet_to": quiet["to"]}
    return found


def whole(written: str) -> int | str:
    return int(written) if written.isascii() and written.isdecimal() and len(written) < 10 else written


def number(written: str) -> int | float | str:
    try:
        found = float(written)
    except ValueError:
        return written
    return int(found) if found.is_integer() else found


def placed(problems: list[Problem], more: Mapping[str, str]) -> dict[str, str]:
    """By the field that it is about; the first of each."""
    found: dict[str, str] = {}
    for one in problems:
        found.setdefault((PATHS | dict(more)).get(one.path, one.path), one.message)
    return found
