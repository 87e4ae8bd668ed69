"""The cron builder at the door: each side follows the other, also without script, and says what is wrong."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from werkzeug.datastructures import MultiDict

from app.automations.building import DAY, HOURS, MINUTES, MONTH, WEEK, Form
from app.blueprints import cron_builder

NOW = datetime(2026, 10, 20, 12, tzinfo=UTC)
HX = {"HX-Request": "true"}
AS_SHOWN = {"cron": "0 9 * * *", "cron_was": "0 9 * * *", "cron_preset": "0 9 * * *", "cron_repeat": "day",
            "cron_times": "09:00", "timezone": "Europe/Berlin"}  # fmt: skip


def sent(**changed: object) -> cron_builder.Built:
    return cron_builder.sent(MultiDict({**AS_SHOWN, **changed}), NOW)


@pytest.fixture(autouse=True)
def _app(app):
    return app


def ask(client, headers=HX, **changed):
    return client.post("/automations/cron", data={**AS_SHOWN, **changed}, headers=headers)


def value(page: str, name: str) -> str:
    found = re.search(rf'name="{name}"[^>]* value="([^"]*)"', page)
    assert found
    return found[1]


def test_the_expression_follows_the_fields(client_of, editor):
    chosen = {"cron_repeat": "week", "cron_weekday": ["0", "2"], "cron_times": "10:00", "cron_touched": "form"}
    page = ask(client_of(editor), **chosen).text
    assert value(page, "cron") == "0 10 * * 0,2"
    assert "<b>At 10:00, only on Sunday and Tuesday</b>, Europe/Berlin." in page
    assert "<main" not in page


def test_the_fields_follow_the_expression(client_of, editor):
    page = ask(client_of(editor), cron="30 8 1,15 6-8 *", cron_touched="cron").text
    assert '<option value="month" selected>' in page
    assert value(page, "cron_times") == "08:30"
    assert [day for day in range(1, 32) if f'aria-label="Day {day}" checked' in page] == [1, 15]
    assert re.findall(r'aria-label="(\w+)" checked', page) == ["June", "July", "August"]


def test_a_preset_sets_both_sides(client_of, editor):
    page = ask(client_of(editor), cron_preset="0 9 * * 1-5", cron_touched="preset").text
    assert value(page, "cron") == "0 9 * * 1-5"
    assert '<option value="week" selected>' in page
    assert 'value="0 9 * * 1-5" checked' in page
    assert 'value="0 9 * * *" checked' not in page


@pytest.mark.parametrize(("expression", "_name"), cron_builder.PRESETS)
def test_each_preset_can_be_shown_by_the_fields(expression, _name):
    built = sent(cron_preset=expression)
    assert (built.expression, built.is_own, built.trouble) == (expression, False, "")


def test_what_the_fields_cannot_show_stays_and_the_page_says_so(client_of, editor):
    page = ask(client_of(editor), cron="*/15 9-17 * * 1-5", cron_touched="cron").text
    assert '<option value="own" selected>' in page
    assert "the expression stays as it is" in page
    assert value(page, "cron") == "*/15 9-17 * * 1-5"


def test_a_wrong_expression_is_answered_with_its_sentence_and_no_runs(client_of, editor):
    answer = ask(client_of(editor), cron="0 0 10 * * ?", cron_touched="cron")
    assert answer.status_code == 200
    assert "It has six fields, and needs five, without seconds and year: 0 10 * * *" in answer.text
    assert "<ol" not in answer.text


def test_wrong_times_leave_the_expression_as_it_is(client_of, editor):
    page = ask(client_of(editor), cron_times="9:00, 14:30", cron_touched="form").text
    assert "One expression has the same minutes in each hour" in page
    assert value(page, "cron") == "0 9 * * *"
    assert value(page, "cron_times") == "9:00, 14:30"


def test_the_next_ten_runs_mark_the_days_on_which_the_clock_changes():
    built = sent(cron="0 10 * * 0,2")
    assert [(run.said, run.offset, run.change) for run in built.runs[:3]] == [
        ("Sun 25 Oct, 10:00", "+01:00", "clocks go back"),
        ("Tue 27 Oct, 10:00", "+01:00", ""),
        ("Sun 1 Nov, 10:00", "+01:00", ""),
    ]
    assert len(built.runs) == 10
    assert built.changes == [("clocks go back", "Sunday 25 October 2026", "A time that comes twice runs once.")]


@pytest.mark.parametrize(
    ("expression", "now", "said"),
    [
        ("30 2 * * *", datetime(2026, 3, 27, tzinfo=UTC), "A time that is left out runs right after the change."),
        ("0 * * * *", datetime(2026, 3, 29, tzinfo=UTC), "It goes on in real time: what is left out does not run."),
        ("0 * * * *", datetime(2026, 10, 24, 23, tzinfo=UTC), "It goes on in real time: what comes twice runs twice."),
    ],
)
def test_it_says_what_a_change_of_the_clock_does_to_the_runs(expression, now, said):
    assert cron_builder.of(expression, "Europe/Berlin", now).changes[0][2] == said


def test_runs_of_another_year_name_it():
    assert [run.said for run in cron_builder.of("0 0 1 1 *", "UTC", NOW).runs[:2]] == [
        "Fri 1 Jan 2027, 00:00",
        "Sat 1 Jan 2028, 00:00",
    ]


def test_without_a_zone_it_is_the_teams(client_of, editor):
    page = ask(client_of(editor), timezone="").text
    assert "<b>At 09:00</b>, UTC." in page


def test_a_zone_that_does_not_exist_is_said():
    assert sent(timezone="Mars/Olympus").trouble == "There is no time zone “Mars/Olympus”."


@pytest.mark.parametrize(
    ("changed", "expression"),
    [
        ({}, "0 9 * * *"),
        ({"cron": "0 8 * * *"}, "0 8 * * *"),
        ({"cron_times": "9:00, 12:00"}, "0 9,12 * * *"),
        ({"cron_times": "9"}, "0 9 * * *"),
        ({"cron_preset": "0 * * * *"}, "0 * * * *"),
        ({"cron_repeat": "minutes", "cron_every_minutes": "20"}, "*/20 * * * *"),
        ({"cron_repeat": "hours", "cron_every_hours": "6", "cron_minute": "5"}, "5 */6 * * *"),
        ({"cron_repeat": "month", "cron_day": ["1", "15"], "cron_month": ["12"]}, "0 9 1,15 12 *"),
        ({"cron_repeat": "own"}, "0 9 * * *"),
        # Whoever writes an expression means it, whatever the fields still say.
        ({"cron": "0 8 * * *", "cron_times": "12:00", "cron_preset": "0 * * * *"}, "0 8 * * *"),
        # The page had shown something that the fields could not.
        ({"cron": "*/7 * * * *", "cron_was": "*/7 * * * *", "cron_preset": "*/7 * * * *", "cron_repeat": "own"},
         "*/7 * * * *"),
        ({"cron": "*/7 * * * *", "cron_was": "*/7 * * * *", "cron_preset": "*/7 * * * *"}, "0 9 * * *"),
        ({"cron": "no", "cron_was": "no", "cron_preset": "no"}, "0 9 * * *"),
    ],
)  # fmt: skip
def test_without_script_the_side_that_was_changed_is_meant(changed, expression):
    assert sent(**changed).expression == expression


def test_an_expression_alone_is_enough():
    built = cron_builder.sent(MultiDict({"cron": "@daily"}), NOW)
    assert (built.expression, built.timezone, built.trouble) == ("@daily", "", "")
    assert built.form == Form(DAY, minutes=(0,), hours=(0,))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"cron_repeat": MINUTES, "cron_every_minutes": "7"}, "Choose every how many minutes."),
        ({"cron_repeat": MINUTES}, "Choose every how many minutes."),
        ({"cron_repeat": HOURS, "cron_every_hours": "²", "cron_minute": "0"},
         "Choose every how many hours, and at which minute from 0 to 59."),
        ({"cron_repeat": HOURS, "cron_every_hours": "2", "cron_minute": "99999999999"},
         "Choose every how many hours, and at which minute from 0 to 59."),
        ({"cron_repeat": WEEK}, "Choose at least one weekday."),
        ({"cron_repeat": WEEK, "cron_weekday": "8"}, "“8” is no weekday: it is a number from 0 to 7."),
        ({"cron_repeat": MONTH}, "Choose at least one day of the month."),
        ({"cron_repeat": MONTH, "cron_day": "30", "cron_month": "2"},
         "It would never run: there is no day 30 in the months that are meant."),
        ({"cron_times": ""}, "Write at what time, like 9:00."),
        ({"cron_times": "9\0"}, "“9\0” is no time: write it like 9:00 or 17:30."),
        ({"cron_times": "<b>"}, "“<b>” is no time: write it like 9:00 or 17:30."),
    ],
)  # fmt: skip
def test_fields_that_make_no_expression_say_why(changed, said):
    built = sent(**changed)
    assert (built.trouble, built.is_form_wrong, built.expression) == (said, True, "0 9 * * *")


@pytest.mark.parametrize("repeat", ["", "fortnight", "own", "DAY"])
def test_an_unknown_repetition_changes_nothing(repeat):
    assert sent(cron_repeat=repeat, cron_touched="form").expression == "0 9 * * *"


def test_hostile_words_are_shown_as_words(client_of, editor):
    page = ask(client_of(editor), cron='"><script>alert(1)</script>', cron_times='"><img>', cron_touched="cron").text
    assert "<script>alert" not in page
    assert "<img" not in page


def test_a_page_of_its_own_where_there_is_no_script(client_of, editor):
    page = ask(client_of(editor), headers={}, cron_preset="0 9 1 * *").text
    assert "<main" in page
    assert value(page, "cron") == "0 9 1 * *"
    assert "At 09:00, on day 1 of the month" in page


def test_it_is_for_those_who_may_edit(client_of, viewer, stranger):
    assert ask(client_of(viewer)).status_code == 403
    assert ask(stranger, headers={}).status_code == 302
