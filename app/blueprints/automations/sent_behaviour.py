"""What people do in the shop, as the form says it: each kind with its own settings, and when it looks.

All four kinds stand in the form at once; a style shows the chosen one. What is left empty is as the kind has it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from flask import request

from app.automations.automation import Automation
from app.automations.behaviours import settings
from app.automations.behaviours.settings import AT_ONCE, SPECS, Kind, Setting
from app.blueprints import cron_builder, limit_fields
from app.blueprints.automations.sent_trigger import LENGTH
from app.blueprints.settings.saving import typed
from app.content import directory as templates
from app.problem import Problem

BEHAVIOUR, EVERY, NEVER = "behaviour", "at_most_every", "0h"
ALL = tuple((kind, one) for kind in SPECS.values() for one in kind.settings)
# A restock is old news by the morning.
LOOKS_AT_ONCE = (settings.BACK_IN_STOCK,)

Form = Mapping[str, Any]


def named(kind: Kind, one: Setting) -> str:
    return f"{kind.name}_{one.name}"


def parted(length: timedelta) -> tuple[int, str]:
    """48 hours are not yet said in days."""
    day, hour, minute = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
    if length >= 3 * day and not length % day:
        return length // day, "d"
    return (length // hour, "h") if not length % hour else (length // minute, "m")


def _shown(kind: Kind, one: Setting, value: timedelta | int | None) -> dict[str, str]:
    name = named(kind, one)
    if not isinstance(value, timedelta):
        return {name: "" if value is None else str(value)}
    count, unit = parted(value) if value else ("", "d")
    return {f"{name}_count": str(count), f"{name}_unit": unit}


BLANK = {"looks": "cron"} | {name: word for kind, one in ALL for name, word in _shown(kind, one, one.otherwise).items()}


def fields() -> dict[str, str]:
    """As it was typed; of a form that does not know them, the blanks."""
    return {**BLANK, **{name: said for name, said in typed(*BLANK).items() if name in request.form}}


def trigger(form: Form, now: datetime, held: Automation | None) -> tuple[dict[str, Any], list[Problem]]:
    """What was meant, every setting said. What means the same as before is what it was, word for word."""
    meant, faults = _meant(form, now)
    if held is not None and _is_same(held.trigger, meant):
        return dict(held.trigger), faults
    return meant, faults


def shown(trigger: Mapping[str, Any]) -> dict[str, str]:
    """What the form shows of it."""
    behaviour = settings.read(trigger)
    kind = SPECS[behaviour.kind]
    found = {"when": kind.name, "looks": AT_ONCE if behaviour.is_at_once else "cron"}
    if behaviour.cron:
        found["cron"] = behaviour.cron
    for one in kind.settings:
        written = LENGTH.fullmatch(str(trigger.get(one.name)))
        if written and int(written[1]):
            found |= {f"{named(kind, one)}_count": written[1], f"{named(kind, one)}_unit": written[2]}
        else:
            found |= _shown(kind, one, behaviour.values[one.name])
    return found


def placed(problems: Sequence[Problem], form: Form) -> list[Problem]:
    """In the words of the form: settings go by their labels there."""
    kind = SPECS.get(form.get("when", ""))
    return [Problem(one.path, _labelled(kind, one.message)) for one in problems] if kind else list(problems)


def proposed(kind: Kind) -> dict[str, str]:
    """What one of this kind mostly is: its name, what people can turn off, and the mail that came with the product."""
    starter = next((one for one in templates.starters() if one.starter == kind.starter and one.published), None)
    return {"name": kind.label, "topic": kind.topic, "template_id": str(starter.id) if starter else ""}


def begun(kind: Kind) -> dict[str, str]:
    """A form that is nearly done."""
    looks = AT_ONCE if kind.name in LOOKS_AT_ONCE else "cron"
    return {"when": kind.name, "looks": looks, **proposed(kind)}


def _is_same(before: Mapping[str, Any], meant: Mapping[str, Any]) -> bool:
    try:
        return BEHAVIOUR in before and settings.read(before) == settings.read(meant)
    except settings.Wrong:
        return False


def _meant(form: Form, now: datetime) -> tuple[dict[str, Any], list[Problem]]:
    kind = SPECS[form["when"]]
    when, faults = _looks(form, now)
    found = {one.name: _value(form, kind, one) for one in kind.settings}
    said = {name: value for name, value in found.items() if value is not None}
    return {BEHAVIOUR: kind.name, "when": when, **said}, faults


def _looks(form: Form, now: datetime) -> tuple[str, list[Problem]]:
    if form.get("looks") == AT_ONCE:
        return AT_ONCE, []
    if "cron" not in request.form:
        return settings.DAILY, []
    built = cron_builder.sent(request.form, now)
    return built.expression, [Problem("cron", built.trouble)] if built.trouble else []


def _value(form: Form, kind: Kind, one: Setting) -> Any:
    """Nothing typed: no limit of mails, else what the kind has. What cannot be read is refused by its own check."""
    name = named(kind, one)
    if isinstance(one.otherwise, int):
        written = form.get(name, "")
        return limit_fields.whole(written) if written else one.otherwise
    count, unit = form.get(f"{name}_count", ""), form.get(f"{name}_unit", "h")
    if count:
        return f"{count}{unit}"
    return NEVER if one.name == EVERY else "".join(map(str, parted(one.otherwise or timedelta(0))))


def _labelled(kind: Kind, message: str) -> str:
    for one in kind.settings:
        message = message.replace(f"than {one.name}.", f"than “{one.label.lower()}”.")
    return message
