"""The grammar: a rule is a group (all, any, none) of rules, or a condition. Whatever is not known is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from app.operators import OPERATORS
from app.problem import Problem, Refused
from app.segments import inputs
from app.segments.fields import KINDS, Kind, kind_of
from app.segments.inputs import Reading

GROUPS = ("all", "any", "none")
DEEPEST = 10
MOST = 100  # conditions


@dataclass(frozen=True)
class Group:
    how: str
    rules: tuple[Rule, ...]
    path: str = ""


@dataclass(frozen=True)
class Condition:
    kind: Kind
    said: Mapping[str, Any]
    path: str = ""
    raw: Mapping[str, Any] = field(default_factory=dict)


Rule = Group | Condition


@dataclass(frozen=True)
class Known:
    """What a rule is read beside."""

    zone: ZoneInfo
    types: Mapping[str, str]


def read(raw: Any, known: Known) -> Rule:
    """The whole rule, or Refused with everything that is wrong with it."""
    reader = _Reader(known)
    rule = reader.rule(raw, "", 1)
    if reader.conditions > MOST:
        reader.wrong("", f"At most {MOST} conditions; these are {reader.conditions}.")
    if reader.problems or rule is None:
        raise Refused(reader.problems)
    return rule


def conditions(rule: Rule) -> list[Condition]:
    if isinstance(rule, Condition):
        return [rule]
    return [one for inner in rule.rules for one in conditions(inner)]


def segments_in(rule: Rule) -> set[int]:
    return {one.said["segment"] for one in conditions(rule) if one.kind.name == "segment"}


class _Reader:
    def __init__(self, known: Known) -> None:
        self.known = known
        self.problems: list[Problem] = []
        self.conditions = 0

    def wrong(self, path: str, message: str) -> None:
        self.problems.append(Problem(_sayable(path.lstrip(".")), _sayable(message)))

    def rule(self, raw: Any, path: str, depth: int) -> Rule | None:
        if not isinstance(raw, dict):
            self.wrong(path, "A rule is a group (all, any, none) or a condition.")
            return None
        if groups := [how for how in GROUPS if how in raw]:
            return self.group(groups[0], raw, path, depth)
        self.conditions += 1
        kind = kind_of(raw)
        if kind is None:
            words = ", ".join(sorted(str(word)[:40] for word in raw)) or "nothing"
            known = ", ".join(dict.fromkeys(one.marks[0] for one in KINDS.values()))
            self.wrong(path, f"No condition is known by: {words}. Known are {known}.")
            return None
        return self.condition(kind, raw, path)

    def group(self, how: str, raw: Mapping[str, Any], path: str, depth: int) -> Group | None:
        inner = f"{path}.{how}"
        if len(raw) > 1:
            others = ", ".join(sorted(str(word)[:40] for word in raw if word != how))
            self.wrong(inner, f"Beside “{how}” nothing else is understood: {others}.")
            return None
        if depth > DEEPEST:
            self.wrong(inner, f"Groups are nested at most {DEEPEST} deep.")
            return None
        if not isinstance(raw[how], list) or not raw[how]:
            self.wrong(inner, "A group holds a list with at least one rule.")
            return None
        if len(raw[how]) > MOST:
            self.wrong(inner, f"At most {MOST} conditions.")
            return None
        rules = [self.rule(one, f"{inner}[{number}]", depth + 1) for number, one in enumerate(raw[how])]
        return Group(how, tuple(rule for rule in rules if rule is not None), path.lstrip("."))

    def condition(self, kind: Kind, raw: Mapping[str, Any], path: str) -> Condition:
        for word in sorted(str(word) for word in raw.keys() - kind.names):
            self.wrong(f"{path}.{word[:60]}", "This word is not known here.")
        reading = Reading(raw, self.known.zone, self.known.types)
        said: dict[str, Any] = {}
        for part in kind.inputs:
            is_said = raw.get(part.name) is not None or (part.name in raw and part.kind != "value")
            if not is_said and (part.is_needed or self._wants(part.kind, raw)):
                self.wrong(f"{path}.{part.name}", "It is needed.")
            elif is_said:
                self.part(part, raw[part.name], reading, said, f"{path}.{part.name}")
        self._whole(kind, raw, said, path)
        return Condition(kind, said, path.lstrip("."), raw)

    def part(self, part: Any, raw: Any, reading: Reading, said: dict[str, Any], path: str) -> None:
        try:
            said[part.name] = inputs.read(part, raw, reading)
        except inputs.Wrong as error:
            self.wrong(f"{path}{error.path}", str(error))

    def _wants(self, part: str, raw: Mapping[str, Any]) -> bool:
        """A comparison says whether it needs a value."""
        op = raw.get("op")
        operator = OPERATORS.get(op) if isinstance(op, str) else None
        return part == "value" and operator is not None and operator.takes != "nothing"

    def _whole(self, kind: Kind, raw: Mapping[str, Any], said: Mapping[str, Any], path: str) -> None:
        """What only the parts together can tell."""
        if kind.name == "nth" and "nth" in said and said.get("of_n", 1) >= said["nth"].n:
            self.wrong(f"{path}.of_n", "It must come before the nth.")
        if kind.name == "move" and not raw.keys() & {"from", "to"}:
            self.wrong(path, "A move needs “from” or “to”, a stage “in_stage”.")


def _sayable(words: str) -> str:
    """Half a character, sent as a word that we do not know, could not be written into an answer."""
    return words.encode(errors="replace").decode()
