"""When, as the form says it: something happens, somebody joins the segment, or a mail after that of another automation.

A trigger that says more than the form can show is kept as it is, until somebody chooses another kind.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from app import operators
from app.automations import directory, keeping, reactions
from app.automations.automation import Automation
from app.blueprints.merges import number
from app.blueprints.settings.saving import typed
from app.events import occurring
from app.events.directory import FUNNELS
from app.problem import Problem

ROWS = 5
KEPT = "kept"
EVENT, ENTERS, AFTER = reactions.KINDS
KINDS = (*reactions.KINDS, KEPT)
MOVE = ("funnel_type", "from_stage", "to_stage")  # fields of their own for the conditions that a move is known by
WORDS = (
    *("happening", "event_name", *MOVE, "wait_count", "wait_unit", "every_count", "every_unit", "unless_event"),
    *("after_automation", "after_count", "after_unit", "after_if"),
)
BLANK: dict[str, Any] = {
    **dict.fromkeys(WORDS, ""),
    "happening": "event",
    "wait_unit": "h",
    "every_count": "1",
    "every_unit": "d",
    "after_unit": "d",
    "after_count": "3",
    "where": [],
}
UNITS = (("m", "minutes"), ("h", "hours"), ("d", "days"))
WITHOUT = (
    ("", "in any case"),
    ("not_opened", "if it was not opened"),
    ("not_clicked", "if it was not clicked"),
    ("not_converted", "if it did not lead to its goal"),
)
NUMBER = re.compile(r"-?(0|[1-9]\d{0,14})(\.\d{1,15})?", re.ASCII)  # 01234 is no number: a post code is a text
LENGTH = re.compile(r"(\d+)([mhd])", re.ASCII)
WHERE = re.compile(r"trigger\.where\[(\d+)\](.*)", re.DOTALL)

Form = Mapping[str, Any]
Row = dict[str, str]  # property, op, as, value


def fields() -> dict[str, Any]:
    """As it was typed, to be shown again; blank rows are left out."""
    rows = [_row(number) for number in range(ROWS)]
    return {**typed(*WORDS), "where": [one for one in rows if one["property"] or one["value"]]}


def trigger(form: Form, held: Automation | None) -> tuple[dict[str, Any], list[Problem]]:
    """What was meant. What means the same as before is what it was, word for word."""
    if form["when"] == KEPT:
        return (dict(held.trigger) if held else {}), []
    meant, faults = _meant(form)
    if held is not None and _plain(held.trigger) == meant:
        return dict(held.trigger), faults
    return meant, faults


def shown(trigger: Mapping[str, Any]) -> dict[str, Any]:
    """What the form shows of it."""
    form = _fields_of(trigger)
    is_whole = form is not None and _is_clean(form) and _meant(form)[0] == _plain(trigger)
    return form if form is not None and is_whole else {"when": KEPT}


def placed(problems: Sequence[Problem], form: Form) -> list[Problem]:
    """At the fields of the form: the conditions of a move come first, and have no row."""
    own = _move(form) if form.get("when") == EVENT else []

    def place(found: re.Match[str]) -> str:
        index = int(found[1])
        if index < len(own):
            return f"trigger.{own[index]['property']}"
        return f"trigger.where[{index - len(own)}]{found[2]}"

    return [Problem(WHERE.sub(place, one.path, count=1), one.message) for one in problems]


def beside(form: Form, held: Automation | None) -> dict[str, Any]:
    """The choices of its fields, and what it would keep."""
    is_kept = held is not None and (form.get("when") == KEPT or shown_as_kept(held))
    return {
        "event_names": occurring.names(),
        "stages": occurring.stages(),
        "funnels": [("", "any funnel"), *FUNNELS],
        "ops": [(name, operators.OPERATORS[name].label) for name in operators.OF_PROPERTIES],
        "units": UNITS,
        "without": WITHOUT,
        "row_count": ROWS,
        "automations": _automations(form.get("after_automation", ""), held),
        "kept": dict(held.trigger) if held is not None and is_kept else None,
    }


def shown_as_kept(automation: Automation) -> bool:
    return reactions.kind_of(automation.trigger) in reactions.KINDS and shown(automation.trigger) == {"when": KEPT}


def _automations(chosen: str, held: Automation | None) -> list[tuple[str, str, str]]:
    """None comes after itself; an archived one stays where it is chosen."""
    found = [
        (str(key), name, "active" if is_active else "not active")
        for key, name, is_active in directory.choices()
        if held is None or key != held.id
    ]
    if chosen.isascii() and chosen.isdecimal() and all(key != chosen for key, *_ in found):
        one = keeping.find(int(chosen))
        return found + ([(chosen, one.name, "archived")] if one and one.archived_at else [])
    return found


def _row(number: int) -> Row:
    parts = ("property", "op", "as", "value")
    found = typed(*(f"where_{number}_{part}" for part in parts))
    return {part: found[f"where_{number}_{part}"] for part in parts}


def _meant(form: Form) -> tuple[dict[str, Any], list[Problem]]:
    if form["when"] == AFTER:
        return _after(form)
    wait = {"delay": _length(form, "wait"), "at_most_every": _length(form, "every")}
    if form["when"] == ENTERS:
        return _said({ENTERS: True, **wait}), []
    is_move = form["happening"] == reactions.FUNNEL
    name = reactions.FUNNEL if is_move else form["event_name"]
    where = [*_move(form), *map(_condition, form["where"])]
    unless = {"event": form["unless_event"]} if form["unless_event"] else None
    faults = [] if name else [Problem("trigger.event", "Say what happens: the name of an event.")]
    return _said({EVENT: name, "where": where or None, **wait, "unless": unless}), faults


def _after(form: Form) -> tuple[dict[str, Any], list[Problem]]:
    chosen = number(form["after_automation"]) if form["after_automation"] else None
    said = {"automation": chosen, "delay": _length(form, "after"), "if": form["after_if"] or None}
    return {AFTER: _said(said)}, [] if chosen else [Problem("trigger.after.automation", "Choose which automation.")]


def _said(parts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in parts.items() if value is not None}


def _length(form: Form, name: str) -> str | None:
    return f"{form[f'{name}_count']}{form[f'{name}_unit']}" if form[f"{name}_count"] else None


def _move(form: Form) -> list[dict[str, Any]]:
    if form["happening"] != reactions.FUNNEL:
        return []
    return [{"property": name, "op": "equals", "value": form[name]} for name in MOVE if form[name]]


def _condition(row: Row) -> dict[str, Any]:
    takes = operators.OPERATORS[row["op"]].takes if row["op"] in operators.OF_PROPERTIES else "nothing"
    found = {"property": row["property"], "op": row["op"]}
    return found if takes == "nothing" else {**found, "value": _value(takes, row)}


def _value(takes: str, row: Row) -> Any:
    if takes in ("many", "two"):
        words = [word.strip() for word in row["value"].split(",")]
        return [_read(takes, row["as"], word) for word in words if word]
    return _read(takes, row["as"], row["value"])


def _read(takes: str, as_: str, word: str) -> Any:
    """As it looks: 12 is a number, true is yes; unless it is a text, or has to be one."""
    if as_ == "text" or takes in ("text", "time", "duration"):
        return word
    if word in ("true", "false"):
        return word == "true"
    if not NUMBER.fullmatch(word):
        return word
    return float(word) if "." in word else int(word)


def _fields_of(trigger: Mapping[str, Any]) -> dict[str, Any] | None:
    """None: it has parts for which there is no field."""
    kind, form = reactions.kind_of(trigger), {**BLANK, "every_count": ""}
    form["when"] = kind
    try:
        if kind == AFTER:
            said = trigger[AFTER]
            more = {"after_automation": str(said["automation"]), "after_if": said.get("if") or ""}
            return {**form, **more, **_counted("after", said["delay"])}
        form |= _counted("wait", trigger.get("delay")) | _counted("every", trigger.get("at_most_every"))
        return form | _happening(trigger) if kind == EVENT else form
    except (KeyError, TypeError, AttributeError, ValueError):
        return None


def _counted(name: str, length: str | None) -> dict[str, str]:
    found = LENGTH.fullmatch(length or "")
    return {f"{name}_count": found[1], f"{name}_unit": found[2]} if found else {f"{name}_count": ""}


def _happening(trigger: Mapping[str, Any]) -> dict[str, Any]:
    is_move, where = trigger[EVENT] == reactions.FUNNEL, list(trigger.get("where") or [])
    own: dict[str, str] = {}
    while is_move and where and where[0]["property"] in MOVE and where[0].get("op", "equals") == "equals":
        if where[0]["property"] in own or not isinstance(where[0]["value"], str):
            break
        own[where[0]["property"]] = where.pop(0)["value"]
    if len(where) > ROWS:
        raise ValueError("More conditions than rows.")
    happening = reactions.FUNNEL if is_move else "event"
    unless = (trigger.get("unless") or {}).get("event", "")
    name = "" if is_move else trigger[EVENT]
    return {
        "happening": happening, "event_name": name, **own, "where": list(map(_shown, where)), "unless_event": unless
    }  # fmt: skip


def _shown(condition: Mapping[str, Any]) -> Row:
    op, value = condition.get("op", "equals"), condition.get("value")
    values = value if isinstance(value, list) else [] if value is None else [value]
    takes = operators.OPERATORS[op].takes
    is_text = any(isinstance(one, str) and _read(takes, "", one) != one for one in values)
    words = [str(one).lower() if isinstance(one, bool) else str(one) for one in values]
    return {"property": condition["property"], "op": op, "as": "text" if is_text else "", "value": ", ".join(words)}


def _plain(trigger: Mapping[str, Any]) -> dict[str, Any]:
    """The same with everything said that is meant by saying nothing, and nothing that means nothing."""
    found = {name: value for name, value in trigger.items() if value not in (None, [])}
    if isinstance(found.get("where"), list):
        found["where"] = [{"op": "equals", **one} if isinstance(one, dict) else one for one in found["where"]]
    for name in ("unless", AFTER):
        if isinstance(found.get(name), dict):
            found[name] = {key: value for key, value in found[name].items() if value not in (None, [])}
    return found


def _is_clean(form: Form) -> bool:
    """What a field would trim, or drop, cannot be shown in one."""
    words = [form[name] for name in WORDS] + [word for row in form["where"] for word in row.values()]
    return all(isinstance(one, str) and one == one.strip() and one.isprintable() for one in words)
