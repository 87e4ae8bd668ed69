"""A whole rule as one sentence: “Customers who … and whose …, but not those who …”."""

from __future__ import annotations

from app.segments.conditions import MEANINGS
from app.segments.rules import Condition, Group, Rule
from app.segments.words import Bit, Words, joined


def of(rule: Rule) -> Words:
    if isinstance(rule, Group) and rule.how == "none":
        return [Bit("Customers"), *_but_not(rule), Bit(".")]
    return [Bit("Customers "), *_who(rule, is_top=True), Bit(".")]


def _who(rule: Rule, *, is_top: bool = False) -> Words:
    if isinstance(rule, Condition):
        return MEANINGS[rule.kind.name].words(rule.said)
    if rule.how == "none":
        return [Bit("who are "), Bit("not", is_value=True), Bit(" those "), *_either(rule)]
    if rule.how == "any":
        return _either(rule) if is_top or len(rule.rules) == 1 else [Bit("either "), *_either(rule)]
    return _every(rule)


def _either(group: Group) -> Words:
    return joined([_who(one) for one in group.rules], "or")


def _every(group: Group) -> Words:
    """What must hold first, what must not at the end."""
    wanted = [_who(one) for one in group.rules if not _is_none(one)]
    refused = [
        _but_not(one, with_comma=bool(wanted)) for one in group.rules if isinstance(one, Group) and _is_none(one)
    ]
    if not wanted:
        return joined([_who(one) for one in group.rules], "and")
    return [*joined(wanted, "and"), *(bit for words in refused for bit in words)]


def _is_none(rule: Rule) -> bool:
    return isinstance(rule, Group) and rule.how == "none"


def _but_not(group: Group, *, with_comma: bool = True) -> Words:
    return [Bit(", but " if with_comma else " but "), Bit("not", is_value=True), Bit(" those "), *_either(group)]
