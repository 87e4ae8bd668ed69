"""The cron builder: fields on one side, the expression on the other, each follows the one that was touched last.

A form around it includes `automations/_cron.html`, and its door reads what was sent by `sent`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, available_timezones

from flask import Blueprint, Response, request
from werkzeug.datastructures import MultiDict

from app import htmx
from app.access import may
from app.automations import building, coming, cron
from app.automations.building import DAY, HOURS, MINUTES, MONTH, REPEATS, WEEK, Form
from app.automations.coming import Coming
from app.automations.cron import Cron
from app.settings import team

door = Blueprint("cron_builder", __name__, url_prefix="/automations/cron")

AT_NINE = Form(DAY, minutes=(0,), hours=(9,))
PRESETS = (
    ("0 * * * *", "Every hour"),
    ("0 9 * * *", "Daily at 9"),
    ("0 9 * * 1-5", "Weekdays at 9"),
    ("0 9 * * 1", "Mondays"),
    ("0 9 1 * *", "First of the month"),
)
BY_FORM, BY_PRESET, BY_EXPRESSION = "form", "preset", "cron"


@dataclass(frozen=True)
class Built:
    """Both sides. `is_own`: the form cannot show the expression. `trouble` is a sentence about one of the sides."""

    expression: str
    timezone: str
    form: Form = AT_NINE
    times: str = AT_NINE.times
    is_own: bool = True
    trouble: str = ""
    is_form_wrong: bool = False
    cron: Cron | None = None
    words: str = ""
    runs: list[Coming] = field(default_factory=list)
    changes: list[tuple[str, str, str]] = field(default_factory=list)
    team_zone: str = ""

    presets = PRESETS
    minute_steps = building.MINUTE_STEPS
    hour_steps = building.HOUR_STEPS


@door.post("")
@may("edit")
def show() -> Response:
    """What is wrong is an answer to show beside the fields, and no failure of the page."""
    built = sent(request.form, datetime.now(UTC))
    return htmx.answer("automations/cron.html", "automations/_cron.html", built=built, zones=team.zones())


@door.app_template_global("cron_built")
def _of_the_page(expression: str, timezone: str) -> Built:
    """In a form: what was sent where it is shown again, else what is kept."""
    now = datetime.now(UTC)
    return sent(request.form, now) if "cron_was" in request.form else of(expression, timezone, now)


def of(expression: str, timezone: str | None, now: datetime) -> Built:
    """`timezone`: none is the team's."""
    built = Built(expression, timezone or "", team_zone=team.zone().key)
    if built.timezone and built.timezone not in available_timezones():
        return replace(built, timezone="", trouble=f"There is no time zone “{built.timezone[:60]}”.")
    try:
        found, form = cron.read(expression), building.form_of(expression)
    except ValueError as error:
        return replace(built, trouble=str(error))
    runs = coming.next_runs(found, now, ZoneInfo(timezone or built.team_zone))
    built = replace(built, cron=found, words=cron.words(found), runs=runs, changes=coming.changes(found, runs))
    return built if form is None else replace(built, form=form, times=form.times or built.times, is_own=False)


def sent(form: MultiDict[str, str], now: datetime) -> Built:
    """Its `trouble` refuses the form around it; else its `expression` is what is meant."""
    timezone = form.get("timezone", "")
    try:
        return of(_written(form), timezone, now)
    except ValueError as error:
        times = form.get("cron_times", "")[:200]
        told = Built(form.get("cron", ""), timezone, _fields(form), times, is_own=False, team_zone=team.zone().key)
        return replace(told, trouble=str(error), is_form_wrong=True)


def _written(form: MultiDict[str, str]) -> str:
    """Raises ValueError where the fields make none."""
    touched = form.get("cron_touched") or _touched(form)
    if touched == BY_PRESET:
        return form.get("cron_preset", "")
    if touched == BY_FORM and form.get("cron_repeat") in REPEATS:
        return building.expression_of(_form(form))
    return form.get("cron", "")


def _touched(form: MultiDict[str, str]) -> str:
    """Without script: whichever side is no longer what the page had shown."""
    was = form.get("cron_was", "")
    if form.get("cron", "") != was:
        return BY_EXPRESSION
    if form.get("cron_preset", was) != was:
        return BY_PRESET
    return BY_FORM if form.get("cron_repeat") in REPEATS and _form(form) != _form_shown(was) else BY_EXPRESSION


def _form_shown(was: str) -> Form | None:
    try:
        return building.form_of(was)
    except ValueError:
        return None


def _form(form: MultiDict[str, str]) -> Form:
    """Raises ValueError for times that are none."""
    fields = _fields(form)
    if fields.repeat in (MINUTES, HOURS):
        return fields
    hours, minutes = building.times_of(form.get("cron_times", ""))
    return replace(fields, hours=hours, minutes=minutes)


def _fields(form: MultiDict[str, str]) -> Form:
    """All but the times, which people write as text."""
    repeat = form.get("cron_repeat", "")
    if repeat in (MINUTES, HOURS):
        every = _number(form.get(f"cron_every_{repeat}", ""))
        return Form(repeat, every, minutes=(_number(form.get("cron_minute", "")),) if repeat == HOURS else ())
    return Form(
        repeat,
        weekdays=_numbers(form, "cron_weekday") if repeat == WEEK else (),
        days=_numbers(form, "cron_day") if repeat == MONTH else (),
        months=_numbers(form, "cron_month"),
    )


def _numbers(form: MultiDict[str, str], name: str) -> tuple[int, ...]:
    return tuple(sorted({_number(word) for word in form.getlist(name)}))


def _number(word: str) -> int:
    """-1 fits nowhere."""
    return int(word) if word.isascii() and word.isdecimal() and len(word) < 4 else -1
