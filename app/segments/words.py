"""What is said of a condition, as pieces: what was chosen stands apart from the words around it, to be marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app import operators
from app.events.conditions import Condition
from app.operators import OPERATORS
from app.segments.inputs import TIMES, Times, Within


@dataclass(frozen=True)
class Bit:
    text: str
    is_value: bool = False


Words = list[Bit]


def phrase(pattern: str, *values: object) -> Words:
    """`phrase("did {} twice", "login")`: the value becomes a bit of its own."""
    pieces = pattern.split("{}")
    bits = [Bit(pieces[0])]
    for value, piece in zip(values, pieces[1:], strict=True):
        bits += [Bit(str(value), is_value=True), Bit(piece)]
    return [bit for bit in bits if bit.text]


def joined(parts: Sequence[Words], by: str) -> Words:
    """`a, b and c`"""
    found: Words = []
    for number, part in enumerate(parts):
        glue = "" if number == 0 else f" {by} " if number == len(parts) - 1 else ", "
        found += [Bit(glue), *part] if glue else part
    return found


def plain(words: Words) -> str:
    return "".join(bit.text for bit in words)


def times(said: Times | None) -> Words:
    if said is None:
        return []
    return phrase(" " + TIMES[said.how] + " {}", f"{said.count:,} time" + ("" if said.count == 1 else "s"))


def within(said: Within | None) -> Words:
    if said is None:
        return []
    if said.last:
        return phrase(" in the last {}", said.last.said)
    if said.since_last_run:
        return phrase(" since {}", "the last run")
    start = phrase(" from {}", said.start.written) if said.start else []
    return start + (phrase(" until {}", said.end.written) if said.end else [])


def where(said: Sequence[Condition] | None) -> Words:
    if not said:
        return []
    return [Bit(" where "), *joined([compared(one.name, one.op, one.value) for one in said], "and")]


def compared(name: str, op: str, value: object) -> Words:
    """`score is at least 60`"""
    operator = OPERATORS[op]
    if operator.takes == "nothing":
        return phrase("{} " + operator.words, name)
    if op == "between" and isinstance(value, list):
        return phrase("{} is between {} and {}", name, *map(operators.written, value))
    return phrase("{} " + operator.words + " {}", name, operators.written(value))
