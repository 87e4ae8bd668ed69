"""The part of the form that says what an automation is for. A goal that says more than fields can show is kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.automations.automation import Automation
from app.blueprints.automations.sent_trigger import LENGTH
from app.blueprints.merges import number

KEPT = "kept"
WORDS = ("goal_kind", "goal_event", "goal_segment_id", "goal_count", "goal_unit")
BLANK = {**dict.fromkeys(WORDS, ""), "goal_count": "7", "goal_unit": "d"}
# Where the form shows what is wrong with a part of it.
PLACES = {
    "goal": "goal_kind",
    "goal.event": "goal_event",
    "goal.segment": "goal_segment_id",
    "goal.within": "goal_count",
}


def meant(form: Mapping[str, Any], before: Automation | None) -> dict[str, Any] | None:
    """What cannot be read stays as it was typed, and is refused by its own check."""
    within = f"{form['goal_count']}{form['goal_unit']}"
    if form["goal_kind"] == "event":
        return {"event": form["goal_event"], "within": within}
    if form["goal_kind"] == "segment":
        return {"segment": number(form["goal_segment_id"]) or None, "within": within}
    return before.goal if before is not None and form["goal_kind"] == KEPT else None


def held(goal: Mapping[str, Any] | None) -> dict[str, str]:
    """What the form shows of it."""
    if goal is None:
        return {}
    within = LENGTH.fullmatch(str(goal.get("within")))
    if within is None or goal.get("where"):
        return {"goal_kind": KEPT}
    more = {"goal_count": within[1], "goal_unit": within[2]}
    if "segment" in goal:
        return {"goal_kind": "segment", "goal_segment_id": str(goal["segment"]), **more}
    return {"goal_kind": "event", "goal_event": str(goal["event"]), **more}
