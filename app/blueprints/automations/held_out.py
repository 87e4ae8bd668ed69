"""What an automation's mail brings, held against those who get nothing on purpose: both rates, and what they say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from flask import Blueprint, Response

from app import htmx, spans
from app.access import may
from app.automations.automation import Automation
from app.blueprints.automations import found
from app.deliveries import holdout, lift
from app.deliveries.lift import Group, Lift
from app.deliveries.winning import LEAST

door = Blueprint("automation_holdout", __name__, url_prefix="/automations/<int:automation_id>/holdout")
AT_LEAST = f"Fewer than {LEAST} of each say nothing."


@dataclass(frozen=True)
class Compared:
    """`lead`: the one thing to know; `more`: how sure that is, and what is missing."""

    mailed: Group
    held: Group
    lead: str
    more: str
    is_enough: bool


@door.get("")
@may("read")
def show(automation_id: int) -> Response:
    """Counting may take seconds, so pages ask for it by themselves."""
    automation = found(automation_id)
    share = holdout.share(automation.id, automation.limits)
    return htmx.answer(
        "automations/holdout.html",
        "automations/_holdout.html",
        automation=automation,
        share=share,
        compared=_compared(automation, share, datetime.now(UTC)) if share and automation.goal else None,
    )


def _compared(automation: Automation, share: float, now: datetime) -> Compared:
    goal = automation.goal or {}
    mailed, held = holdout.counts(automation.id, goal, share, now)
    judged = lift.judge(mailed, held)
    if judged is None:
        lead = "Nothing is known yet."
        more = f"People count once their run is finished and {spans.duration(goal['within']).said} after it are over."
        return Compared(mailed, held, lead, more, is_enough=False)
    return Compared(mailed, held, _lead(mailed, held, judged), _sure(mailed, held, judged), judged.is_enough)


def _lead(mailed: Group, held: Group, judged: Lift) -> str:
    if min(mailed.people, held.people) < LEAST:
        return _missing(judged)
    if not mailed.reached and not held.reached:
        return "Nobody has reached the goal yet."
    if not judged.difference:
        return "With the mail, as many reach the goal as without it."
    how = "more" if judged.difference > 0 else "fewer"
    relative = "" if judged.relative is None else f", which is {abs(judged.relative):.0%} {how}".replace("%", " %")
    people = f"{100 * abs(judged.difference):.1f} {how} of a hundred people"
    return f"With the mail, {people} reach the goal than without it{relative}{'' if judged.is_enough else ', so far'}."


def _sure(mailed: Group, held: Group, judged: Lift) -> str:
    if min(mailed.people, held.people) < LEAST:
        return AT_LEAST
    low, high = (f"{100 * one:+.1f}".replace("-", "−") for one in (judged.low, judged.high))
    between = f"In nineteen of twenty cases the true difference lies between {low} and {high}."
    if not judged.is_enough:
        return f"{between} {_missing(judged)}"
    people = round(judged.difference * mailed.people)
    return f"{between} About {people:,} people reached it because of the mail." if people > 0 else between


def _missing(judged: Lift) -> str:
    if judged.more:
        return f"Not enough data yet: about {judged.more:,} more people."
    if judged.difference:
        return "So small a difference no number of people would show."
    return "How many more people it takes is known once there is a difference."
