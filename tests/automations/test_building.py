"""The form of the cron builder and its expression: the same, there and back, and at the same times."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.automations import building, cron
from app.automations.building import DAY, HOURS, MINUTES, MONTH, WEEK, Form
from tests.automations import clocks

ZONES = ("America/New_York", "Europe/London", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia")


def some(low: int, high: int, most: int):
    chosen = st.sets(st.integers(low, high), min_size=1, max_size=most)
    return chosen.map(lambda numbers: tuple(sorted(numbers)))


def none_or(chosen):
    return st.just(()) | chosen


WHEN = {"minutes": some(0, 59, 3), "hours": some(0, 23, 8), "months": none_or(some(1, 12, 12))}
# At least one that each month has.
DAYS = st.tuples(some(1, 28, 28), none_or(some(29, 31, 3))).map(lambda parts: parts[0] + parts[1])
FORMS = st.one_of(
    st.builds(Form, repeat=st.just(MINUTES), every=st.sampled_from(building.MINUTE_STEPS)),
    st.builds(Form, repeat=st.just(HOURS), every=st.sampled_from(building.HOUR_STEPS), minutes=some(0, 59, 1)),
    st.builds(Form, repeat=st.just(DAY), **WHEN),
    st.builds(Form, repeat=st.just(WEEK), weekdays=some(0, 6, 7), **WHEN),
    st.builds(Form, repeat=st.just(MONTH), days=DAYS, **WHEN),
)


@given(FORMS)
def test_from_the_form_to_the_expression_and_back_nothing_changes(form):
    assert building.form_of(building.expression_of(form)) == form


@given(FORMS, st.sampled_from(ZONES), st.sampled_from((0, 1)))
@example(Form(DAY, minutes=(30,), hours=(2,)), "America/New_York", 0)
@example(Form(DAY, minutes=(30,), hours=(1,)), "America/New_York", 1)
@example(Form(DAY, minutes=(15,), hours=(2,)), "Australia/Lord_Howe", 1)
@example(Form(HOURS, 2, minutes=(45,)), "Australia/Lord_Howe", 0)
@example(Form(MINUTES, 20), "Europe/London", 1)
@example(Form(DAY, minutes=(0,), hours=(10,)), "Pacific/Apia", 0)
def test_the_form_and_its_expression_mean_the_same_times(form, zone, which):
    day = clocks.CHANGES[zone][which]
    judge = clocks.real if form.repeat in (MINUTES, HOURS) else clocks.once
    expected = judge(zone, day, lambda shown: is_meant(form, shown))
    after, last = clocks.span(zone, day)
    read = cron.read(building.expression_of(form))
    found = cron.next_times(read, after, ZoneInfo(zone), len(expected) + 1)
    assert [one for one in found if one <= last] == expected


def is_meant(form: Form, shown: datetime) -> bool:
    if form.repeat == MINUTES:
        return shown.minute % form.every == 0
    if form.repeat == HOURS:
        return shown.hour % form.every == 0 and shown.minute in form.minutes
    is_day = {DAY: True, WEEK: shown.isoweekday() % 7 in form.weekdays, MONTH: shown.day in form.days}[form.repeat]
    is_month = not form.months or shown.month in form.months
    return is_day and is_month and shown.hour in form.hours and shown.minute in form.minutes


@pytest.mark.parametrize(
    ("form", "expression"),
    [
        (Form(MINUTES, 1), "* * * * *"),
        (Form(MINUTES, 15), "*/15 * * * *"),
        (Form(HOURS, 1, minutes=(0,)), "0 * * * *"),
        (Form(HOURS, 6, minutes=(30,)), "30 */6 * * *"),
        (Form(DAY, minutes=(0,), hours=(9,)), "0 9 * * *"),
        (Form(DAY, minutes=(0, 30), hours=(9, 14)), "0,30 9,14 * * *"),
        (Form(WEEK, minutes=(0,), hours=(9,), weekdays=(1, 2, 3, 4, 5)), "0 9 * * 1-5"),
        (Form(WEEK, minutes=(0,), hours=(10,), weekdays=(0, 2)), "0 10 * * 0,2"),
        (Form(MONTH, minutes=(0,), hours=(9,), days=(1, 15)), "0 9 1,15 * *"),
        (Form(MONTH, minutes=(0,), hours=(9,), days=(29,), months=(2,)), "0 9 29 2 *"),
        (Form(DAY, minutes=(0,), hours=(9,), months=(6, 7, 8, 12)), "0 9 * 6-8,12 *"),
    ],
)
def test_a_form_is_written_as_people_would(form, expression):
    assert building.expression_of(form) == expression
    assert building.form_of(expression) == form


@pytest.mark.parametrize(
    ("expression", "shown"),
    [
        ("@daily", Form(DAY, minutes=(0,), hours=(0,))),
        ("@hourly", Form(HOURS, minutes=(0,))),
        ("0,30 * * * *", Form(MINUTES, 30)),
        ("0 0-23/12 * * *", Form(HOURS, 12, minutes=(0,))),
        ("0 9 * * mon,sun", Form(WEEK, minutes=(0,), hours=(9,), weekdays=(0, 1))),
        ("0 9 1-31/10 jan *", Form(MONTH, minutes=(0,), hours=(9,), days=(1, 11, 21, 31), months=(1,))),
    ],
)
def test_other_ways_to_write_the_same_are_shown_too(expression, shown):
    assert building.form_of(expression) == shown


@pytest.mark.parametrize(
    "expression",
    [
        "*/7 * * * *",  # begins anew at each full hour
        "0 */5 * * *",
        "*/15 9-17 * * *",
        "* 9 * * *",
        "0 * * * 1",
        "5/15 * * * *",
        "0 9 13 * 5",
        "0-30 9 * * *",  # more times than anybody wants to see in a field
        "1,2 */2 * * *",
    ],
)
def test_what_the_form_cannot_show_stays_an_expression(expression):
    assert building.form_of(expression) is None


def test_no_expression_has_no_form():
    with pytest.raises(ValueError, match="It has 4 fields"):
        building.form_of("0 9 * *")


AT_NINE = Form(DAY, minutes=(0,), hours=(9,))


@pytest.mark.parametrize(
    ("form", "said"),
    [
        (Form(MINUTES, 7), "Choose every how many minutes."),
        (Form(HOURS, 5, minutes=(0,)), "Choose every how many hours, and at which minute from 0 to 59."),
        (Form(HOURS, 2), "Choose every how many hours, and at which minute from 0 to 59."),
        (Form(HOURS, 2, minutes=(60,)), "Choose every how many hours, and at which minute from 0 to 59."),
        (Form(DAY, minutes=(60,), hours=(9,)), "“60” is no minute: it is a number from 0 to 59."),
        (Form("now and then"), "Choose how often."),
        (Form(DAY), "Write at what time, like 9:00."),
        (replace(AT_NINE, minutes=(0, 30), hours=tuple(range(13))),
         "Write at most 24 times, or choose every how many minutes."),
        (replace(AT_NINE, repeat=WEEK), "Choose at least one weekday."),
        (replace(AT_NINE, repeat=MONTH), "Choose at least one day of the month."),
        (replace(AT_NINE, repeat=MONTH, days=(30, 31), months=(2,)),
         "It would never run: there is no day 30 in the months that are meant."),
    ],
)  # fmt: skip
def test_a_form_that_is_not_complete_says_what_is_missing(form, said):
    with pytest.raises(ValueError, match=f"^{re.escape(said)}$"):
        building.expression_of(form)


@pytest.mark.parametrize(
    ("text", "hours", "minutes"),
    [
        ("9:00", (9,), (0,)),
        (" 09:30 ", (9,), (30,)),
        ("14:00, 9:00", (9, 14), (0,)),
        ("9 17;21", (9, 17, 21), (0,)),
        ("9:00, 9:30, 10:00, 10:30", (9, 10), (0, 30)),
        ("", (), ()),
    ],
)
def test_times_are_read_as_people_write_them(text, hours, minutes):
    assert building.times_of(text) == (hours, minutes)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("25:00", "“25:00” is no time: write it like 9:00 or 17:30."),
        ("9:60", "“9:60” is no time: write it like 9:00 or 17:30."),
        ("nine", "“nine” is no time: write it like 9:00 or 17:30."),
        ("٩:٠٠", "“٩:٠٠” is no time: write it like 9:00 or 17:30."),
        ("-1:00", "“-1:00” is no time: write it like 9:00 or 17:30."),
        ("9" * 5_000, "“99999999999999999999” is no time: write it like 9:00 or 17:30."),
        ("9:00, 14:30", "One expression has the same minutes in each hour: 9:00 and 14:30 need two automations."),
    ],
)
def test_times_that_are_none_are_refused_with_a_sentence(text, said):
    with pytest.raises(ValueError, match=f"^{re.escape(said)}$"):
        building.times_of(text)
