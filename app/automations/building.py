"""The form of the cron builder: to an expression and back. What it cannot show stays an expression."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from app.automations import cron
from app.automations.cron import Cron
from app.automations.cron_fields import Field

MINUTES, HOURS, DAY, WEEK, MONTH = "minutes", "hours", "day", "week", "month"
REPEATS = (MINUTES, HOURS, DAY, WEEK, MONTH)
# Steps that fit into an hour and a day: */7 begins anew at each full hour, so “every seven minutes” would not be true.
MINUTE_STEPS = (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30)
HOUR_STEPS = (1, 2, 3, 4, 6, 8, 12)
MOST_TIMES = 24
TIME = re.compile(r"(\d{1,2})(?::(\d{2}))?", re.ASCII)
BETWEEN = re.compile(r"[\s,;]+", re.ASCII)


@dataclass(frozen=True)
class Form:
    """`every`: so many minutes or hours. Each of `minutes` of each of `hours`. No months: all of them. Sunday is 0."""

    repeat: str = DAY
    every: int = 1
    minutes: tuple[int, ...] = ()
    hours: tuple[int, ...] = ()
    weekdays: tuple[int, ...] = ()
    days: tuple[int, ...] = ()
    months: tuple[int, ...] = ()

    @property
    def times(self) -> str:
        return ", ".join(f"{hour:02}:{minute:02}" for hour in self.hours for minute in self.minutes)


def expression_of(form: Form) -> str:
    """Raises ValueError with a sentence for people."""
    if missing := _missing(form):
        raise ValueError(missing)
    return cron.read(_written(form)).expression


def form_of(expression: str) -> Form | None:
    """None: the form cannot show it. Raises ValueError for what is no expression."""
    found = cron.read(expression)
    return _repeating(found) if found.is_wild else _at_times(found)


def times_of(text: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """“9:00, 14:00” as its hours and minutes. Raises ValueError."""
    times = sorted({_time(word) for word in BETWEEN.split(text) if word})
    hours, minutes = _sorted(hour for hour, _ in times), _sorted(minute for _, minute in times)
    if len(times) != len(hours) * len(minutes):
        raise ValueError("One expression has the same minutes in each hour: 9:00 and 14:30 need two automations.")
    return hours, minutes


def _time(word: str) -> tuple[int, int]:
    matched = TIME.fullmatch(word)
    hour, minute = (int(matched[1]), int(matched[2] or 0)) if matched else (24, 0)
    if hour > 23 or minute > 59:
        raise ValueError(f"“{word[:20]}” is no time: write it like 9:00 or 17:30.")
    return hour, minute


def _missing(form: Form) -> str:
    if form.repeat == MINUTES:
        return "" if form.every in MINUTE_STEPS else "Choose every how many minutes."
    if form.repeat == HOURS:
        is_known = form.every in HOUR_STEPS and len(form.minutes) == 1 and 0 <= form.minutes[0] <= 59
        return "" if is_known else "Choose every how many hours, and at which minute from 0 to 59."
    return (_missing_times(form) or _missing_days(form)) if form.repeat in REPEATS else "Choose how often."


def _missing_times(form: Form) -> str:
    if not form.hours or not form.minutes:
        return "Write at what time, like 9:00."
    if len(form.hours) * len(form.minutes) > MOST_TIMES:
        return f"Write at most {MOST_TIMES} times, or choose every how many minutes."
    return ""


def _missing_days(form: Form) -> str:
    if form.repeat == WEEK and not form.weekdays:
        return "Choose at least one weekday."
    return "Choose at least one day of the month." if form.repeat == MONTH and not form.days else ""


def _written(form: Form) -> str:
    if form.repeat == MINUTES:
        return f"{_step(form.every)} * * * *"
    if form.repeat == HOURS:
        return f"{form.minutes[0]} {_step(form.every)} * * *"
    days = _list(form.days) if form.repeat == MONTH else "*"
    weekdays = _list(form.weekdays) if form.repeat == WEEK else "*"
    return f"{_list(form.minutes)} {_list(form.hours)} {days} {_list(form.months) or '*'} {weekdays}"


def _step(every: int) -> str:
    return "*" if every == 1 else f"*/{every}"


def _list(numbers: tuple[int, ...]) -> str:
    """1,2,3,5 as 1-3,5: three in a row are read more easily as a range."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and runs[-1][-1] == number - 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ",".join(f"{run[0]}-{run[-1]}" if len(run) > 2 else ",".join(map(str, run)) for run in runs)


def _repeating(found: Cron) -> Form | None:
    """Whoever wrote 0,30 for every hour means every half of one."""
    if not all(field.is_any for field in (found.day, found.month, found.weekday)):
        return None
    if found.hour.is_any and (every := _every(found.minute, MINUTE_STEPS, 60)):
        return Form(MINUTES, every)
    if found.hour.is_wild and len(found.minute.values) == 1 and (every := _every(found.hour, HOUR_STEPS, 24)):
        return Form(HOURS, every, found.minute.values)
    return None


def _every(field: Field, steps: tuple[int, ...], whole: int) -> int | None:
    return next((step for step in steps if field.values == tuple(range(0, whole, step))), None)


def _at_times(found: Cron) -> Form | None:
    if len(found.hour.values) * len(found.minute.values) > MOST_TIMES:
        return None
    if not found.day.is_any and not found.weekday.is_any:
        return None
    return Form(
        repeat=WEEK if not found.weekday.is_any else DAY if found.day.is_any else MONTH,
        minutes=found.minute.values,
        hours=found.hour.values,
        weekdays=() if found.weekday.is_any else found.weekday.values,
        days=() if found.day.is_any else found.day.values,
        months=() if found.month.is_any else found.month.values,
    )


def _sorted(numbers: Iterable[int]) -> tuple[int, ...]:
    return tuple(sorted(set(numbers)))
