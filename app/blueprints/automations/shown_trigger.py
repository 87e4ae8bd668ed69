"""A trigger in words, the chain that it is part of, and what waits for its answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from app import operators, spans
from app.automations import awaited, following, keeping, reactions, triggers, waits
from app.automations.automation import Automation
from app.automations.reactions import Happening, Reaction
from app.customers import directory as customers
from app.events.conditions import Condition
from app.settings import team

WITHOUT = {
    "not_opened": "if it was not opened",
    "not_clicked": "if it was not clicked",
    "not_converted": "if it did not lead to its goal",
}
WHO = {
    "event": "Whoever it happens to",
    "enters_segment": "Whoever joins",
    "after": "Whoever got that mail",
    "behaviour": "Whoever it is about",
}
WAIT = ("event", "enters_segment")
MOST_LINKS = 20


@dataclass(frozen=True)
class Link:
    """`said`: how it comes after the one `above` it, by name where that is not the line before."""

    automation: Automation
    said: str = ""
    after: str = ""
    is_this: bool = False


def of(automation: Automation) -> dict[str, Any]:
    """What its page tells besides; of one that goes by the clock only who follows it."""
    links = list(_chain(automation))
    found: dict[str, Any] = {
        "chain": links if len(links) > 1 else [],
        "answers": triggers.kind_of(automation.trigger) in WHO,
        "needs_segment": triggers.needs_segment(automation.trigger),
    }
    return found | _waiting(automation) if found["answers"] else found


def _waiting(automation: Automation) -> dict[str, Any]:
    """What follows another mail, or looks at the shop, looks back: nobody waits there, unless it could not be done."""
    found, kind = awaited.of(automation), triggers.kind_of(automation.trigger)
    return {
        "who": WHO[kind],
        "awaited": found,
        "has_waits": kind in WAIT or bool(found.count or found.settled),
        "people": customers.named(one.customer_id for one in found.settled),
        "has_delay": kind in WAIT and reactions.read(automation.trigger, team.zone()).delay > reactions.AT_ONCE,
        "OUTCOMES": waits.OUTCOMES,
    }


def words(automation: Automation) -> str:
    """What it answers."""
    reaction = reactions.read(automation.trigger, team.zone())
    later = f", {spans.said(reaction.delay)} later" if reaction.delay else ""
    often = f", at most once in {spans.said(reaction.at_most_every)}" if reaction.at_most_every else ""
    if reaction.kind == "enters_segment":
        return f"When somebody joins its segment{later}{often}"
    if reaction.kind == "after":
        before = keeping.find(reaction.automation_id)
        named = f"“{before.name}”" if before else "an automation that was deleted"
        return f"{spans.said(reaction.delay).capitalize()} after {named}{_without(reaction)}"
    assert reaction.to is not None
    unless = f", {unless_of(automation)}" if reaction.unless else ""
    return f"When {_happens(reaction.to)}{later}{unless}{often}"


def unless_of(automation: Automation) -> str:
    """“unless order_completed happens first”, or nothing."""
    reaction = reactions.read(automation.trigger, team.zone()) if "unless" in automation.trigger else None
    return f"unless {_happens(reaction.unless)} first" if reaction and reaction.unless else ""


def _chain(automation: Automation) -> Iterator[Link]:
    """From the first down to this one, and all who follow."""
    above: Automation | None = None
    for one in following.chain(automation):
        yield Link(one, _step(one) if above else "", is_this=one.id == automation.id)
        above = one
    yield from _below(automation, {automation.id})


def _below(automation: Automation, seen: set[int]) -> Iterator[Link]:
    """Depth first, each once; who follows another than the line above says whom."""
    last = automation.id
    for one in following.followers(automation):
        if one.id in seen or len(seen) > MOST_LINKS:
            continue
        seen.add(one.id)
        yield Link(one, _step(one), "" if last == automation.id else automation.name)
        yield from _below(one, seen)
        last = one.id


def _step(one: Automation) -> str:
    reaction = reactions.read(one.trigger, ZoneInfo("UTC"))
    return f"{spans.said(reaction.delay)} later{_without(reaction)}"


def _without(reaction: Reaction) -> str:
    return f", {WITHOUT[reaction.without]}" if reaction.without else ""


def _happens(happening: Happening) -> str:
    if happening.name != reactions.FUNNEL:
        return f"{happening.name} happens{_where(happening.where)}"
    own = {one.name: one for one in happening.where if one.op == "equals"}
    funnel = f"the {own['funnel_type'].value} funnel" if "funnel_type" in own else "a funnel"
    stages = [f" {way} {own[name].value}" for way, name in (("from", "from_stage"), ("to", "to_stage")) if name in own]
    said = ("funnel_type", "from_stage", "to_stage")
    rest = [one for one in happening.where if one.name not in said or own.get(one.name) is not one]
    return f"somebody moves in {funnel}{''.join(stages)}{_where(rest)}"


def _where(conditions: Any) -> str:
    return f" ({' and '.join(map(_condition, conditions))})" if conditions else ""


def _condition(one: Condition) -> str:
    operator = operators.OPERATORS[one.op]
    if one.value is None:
        return f"{one.name} {operator.words}"
    values = one.value if isinstance(one.value, list) else [one.value]
    joined = " and " if operator.takes == "two" else ", "
    return f"{one.name} {operator.words} {joined.join(map(operators.written, values))}"
