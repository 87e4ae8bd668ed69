"""From a rule to one statement: each condition a set of ids, put together as the groups say."""

from __future__ import annotations

from app.segments import sets
from app.segments.conditions import MEANINGS
from app.segments.frame import Frame
from app.segments.rules import Condition, Group, Rule
from app.segments.sets import Part


def part(rule: Rule, frame: Frame) -> Part:
    if isinstance(rule, Condition):
        return MEANINGS[rule.kind.name].part(rule.said, frame)
    if rule.how == "any":
        return sets.any_of(_either(rule, frame))
    return sets.all_of(_every(rule, frame))


def _every(rule: Rule, frame: Frame) -> list[Part]:
    """What must hold at once, however it is nested: all of it is one look at people, not one for each group."""
    if isinstance(rule, Group) and rule.how == "all":
        return [one for inner in rule.rules for one in _every(inner, frame)]
    if isinstance(rule, Group) and rule.how == "none":
        return [one.negated for inner in rule.rules for one in _either(inner, frame)]
    return [part(rule, frame)]


def _either(rule: Rule, frame: Frame) -> list[Part]:
    if isinstance(rule, Group) and rule.how == "any":
        return [one for inner in rule.rules for one in _either(inner, frame)]
    return [part(rule, frame)]
