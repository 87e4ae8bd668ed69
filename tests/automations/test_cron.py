"""Cron expressions: what is read and what is refused, and times around changes of the clock against a plain judge."""

from __future__ import annotations

import random
import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.automations import cron, cron_fields
from tests.automations import clocks

LIMITS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 6))
BERLIN, NEW_YORK, LORD_HOWE = "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"


def times(expression: str, zone: str, after: str, count: int) -> list[str]:
    """As the wall shows them, with the offset."""
    there = ZoneInfo(zone)
    moment = datetime.fromisoformat(after).replace(tzinfo=there)
    found = cron.next_times(cron.read(expression), moment, there, count)
    return [one.astimezone(there).isoformat()[5:16] + one.astimezone(there).isoformat()[19:] for one in found]


@pytest.mark.parametrize(
    ("zone", "after", "expression", "expected"),
    [
        # Spring: 02:00 to 03:00 is not there.
        (BERLIN, "2026-03-28T12:00", "30 2 * * *", ["03-29T03:00+02:00", "03-30T02:30+02:00"]),
        (BERLIN, "2026-03-28T12:00", "0,15,30 2 * * *", ["03-29T03:00+02:00", "03-30T02:00+02:00"]),
        (BERLIN, "2026-03-28T12:00", "0 2,3 * * *", ["03-29T03:00+02:00", "03-30T02:00+02:00"]),
        (BERLIN, "2026-03-29T00:59", "0 * * * *", ["03-29T01:00+01:00", "03-29T03:00+02:00", "03-29T04:00+02:00"]),
        (BERLIN, "2026-03-29T01:30", "*/30 * * * *", ["03-29T03:00+02:00", "03-29T03:30+02:00"]),
        (BERLIN, "2026-03-29T01:30", "*/30 2 * * *", ["03-30T02:00+02:00", "03-30T02:30+02:00"]),
        (NEW_YORK, "2026-03-07T12:00", "30 2 * * *", ["03-08T03:00-04:00", "03-09T02:30-04:00"]),
        (NEW_YORK, "2026-03-08T00:30", "0 */2 * * *", ["03-08T04:00-04:00", "03-08T06:00-04:00"]),
        (LORD_HOWE, "2026-10-03T12:00", "15 2 * * *", ["10-04T02:30+11:00", "10-05T02:15+11:00"]),
        (LORD_HOWE, "2026-10-04T01:50", "*/10 * * * *", ["10-04T02:30+11:00", "10-04T02:40+11:00"]),
        # Autumn: an hour, or half of one, comes twice.
        (BERLIN, "2026-10-24T12:00", "30 2 * * *", ["10-25T02:30+02:00", "10-26T02:30+01:00"]),
        (BERLIN, "2026-10-25T01:59", "*/30 2 * * *", ["10-25T02:00+02:00", "10-25T02:30+02:00", "10-25T02:00+01:00"]),
        (BERLIN, "2026-10-25T01:30", "0 * * * *", ["10-25T02:00+02:00", "10-25T02:00+01:00", "10-25T03:00+01:00"]),
        (NEW_YORK, "2026-10-31T12:00", "0 1 * * *", ["11-01T01:00-04:00", "11-02T01:00-05:00"]),
        (NEW_YORK, "2026-11-01T00:30", "0 * * * *", ["11-01T01:00-04:00", "11-01T01:00-05:00", "11-01T02:00-05:00"]),
        (LORD_HOWE, "2026-04-04T12:00", "45 1 * * *", ["04-05T01:45+11:00", "04-06T01:45+10:30"]),
        (LORD_HOWE, "2026-04-05T01:40", "45 * * * *", ["04-05T01:45+11:00", "04-05T01:45+10:30", "04-05T02:45+10:30"]),
        # Ten o'clock stays ten o'clock.
        (BERLIN, "2026-10-24T10:00", "0 10 * * 0,2", ["10-25T10:00+01:00", "10-27T10:00+01:00"]),
        # The day that Samoa left out, and ends of years, months and February.
        ("Pacific/Apia", "2011-12-29T12:00", "0 10 * * *", ["12-31T00:00+14:00", "12-31T10:00+14:00"]),
        ("Pacific/Apia", "2011-12-29T22:30", "0 * * * *", ["12-29T23:00-10:00", "12-31T00:00+14:00"]),
        ("UTC", "2026-12-31T23:59", "* * * * *", ["01-01T00:00+00:00", "01-01T00:01+00:00"]),
        ("UTC", "2026-12-31T23:59", "59 23 31 12 *", ["12-31T23:59+00:00"]),
        ("UTC", "2026-11-21T00:00", "0 0 29 2 *", ["02-29T00:00+00:00", "02-29T00:00+00:00"]),
        ("UTC", "2026-01-30T00:00", "0 0 31 * *", ["01-31T00:00+00:00", "03-31T00:00+00:00", "05-31T00:00+00:00"]),
        ("UTC", "2026-11-21T00:00", "0 0 13 * 5", ["11-27T00:00+00:00", "12-04T00:00+00:00", "12-11T00:00+00:00"]),
    ],
)
def test_the_times_around_a_change_and_at_the_ends_of_things(zone, after, expression, expected):
    assert times(expression, zone, after, len(expected)) == expected


def test_a_leap_day_comes_after_2096_only_in_2104():
    found = cron.next_times(cron.read("0 0 29 2 *"), datetime(2095, 1, 1, tzinfo=UTC), ZoneInfo("UTC"), 2)
    assert [one.year for one in found] == [2096, 2104]


def test_an_answer_is_strictly_later_and_in_utc():
    nine, there = cron.read("0 9 * * *"), ZoneInfo(BERLIN)
    first = cron.next_after(nine, datetime(2026, 11, 21, 7, 59, 59, 999_999, tzinfo=UTC), there)
    assert first == datetime(2026, 11, 21, 8, tzinfo=UTC)
    assert first.tzinfo is UTC
    assert cron.next_after(nine, first, there) == first + timedelta(days=1)


@pytest.mark.parametrize(
    ("alias", "fields"),
    [
        ("@hourly", "0 * * * *"),
        ("@daily", "0 0 * * *"),
        ("@midnight", "0 0 * * *"),
        ("@weekly", "0 0 * * 0"),
        ("@monthly", "0 0 1 * *"),
        ("@yearly", "0 0 1 1 *"),
        ("@Annually", "0 0 1 1 *"),
    ],
)
def test_an_alias_means_its_five_fields_and_keeps_its_name(alias, fields):
    assert cron.read(alias).fields == cron.read(fields).fields
    assert cron.read(alias).expression == alias


@pytest.mark.parametrize(
    ("written", "values"),
    [
        ("* * * * *", (range(60), range(24), range(1, 32), range(1, 13), range(7))),
        ("5/15 0-23/6 */10 jan-mar 5-7", ((5, 20, 35, 50), (0, 6, 12, 18), (1, 11, 21, 31), (1, 2, 3), (0, 5, 6))),
        ("00 09 01 Feb,MAR Sat-Sun", ((0,), (9,), (1,), (2, 3), (0, 6))),
        ("7-7 9-9/5 1,1,2 12 7", ((7,), (9,), (1, 2), (12,), (0,))),
    ],
)
def test_each_field_names_its_values(written, values):
    assert [field.values for field in cron.read(written).fields] == [tuple(one) for one in values]


def test_spaces_and_tabs_around_and_between_do_not_matter():
    assert cron.read("  0\t9  * * *\t").expression == "0 9 * * *"


FIVE = "minute, hour, day of the month, month and weekday, like 0 10 * * * for every day at 10:00."
PLAIN = "It may hold only plain digits, letters and the signs * , - /."
SIX = "It has six fields, and needs five, without seconds and year: "
SEVEN = "It has seven fields, and needs five, without seconds and year: "
OTHERS = " is not known here: L, W and # belong to other schedulers. Write numbers."
LIKE = ", a list (1,3), a range (1-5) or a step (*/5)."
CHANCE = " is not known here: nothing is left to chance. Write a number from 0 to 59."


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("", f"Say when, in five fields: {FIVE}"),
        (" \t ", f"Say when, in five fields: {FIVE}"),
        ("5", f"It has 1 field, and needs five: {FIVE}"),
        ("0 9 * *", f"It has 4 fields, and needs five: {FIVE}"),
        ("0 0 0 0 0 0 0 0", f"It has 8 fields, and needs five: {FIVE}"),
        ("0 10 * * ? *", f"{SIX}0 10 * * *"),
        ("0 10 ? * 2-6 *", f"{SIX}0 10 * * 1-5"),
        ("cron(0 10 ? * MON-FRI 2026)", f"{SIX}0 10 * * MON-FRI"),
        ("0 10 1 1 * 2027", f"{SIX}0 10 1 1 *"),
        ("0 0 10 * * ?", f"{SIX}0 10 * * *"),
        ("0 0/15 10 ? * 1", f"{SIX}0/15 10 * * 0"),
        ("0 0 10 * * 1", f"{SIX}0 10 * * 1"),
        ("0 0 10 ? * MON *", f"{SEVEN}0 10 * * MON"),
        ("0 0 10 ? * 2#1", f"It has six fields, and needs five: {FIVE}"),
        ("a b c d e f", f"It has six fields, and needs five: {FIVE}"),
        ("0 0 0 30 2 ?", f"It has six fields, and needs five: {FIVE}"),
        ("1," * 5_000 + "1 * * * *", "It is too long: an expression has at most 200 characters."),
        ("* " * 200_000, "It is too long: an expression has at most 200 characters."),
        ("0 9\0 * * *", PLAIN),
        ("0 9\n* * *", PLAIN),
        ("٠ ٩ * * *", PLAIN),
        ("0\u00a09 * * *", PLAIN),
        ("0 ９ * * *", PLAIN),
        ("0 9 * * é", PLAIN),
        ("@reboot", "“@reboot” is not known here: write five fields, or one of @hourly, @daily, @midnight, @weekly, "
         "@monthly, @yearly, @annually."),
        ("-1 * * * *", f"“-1” is no minute: write *, a number from 0 to 59{LIKE}"),
        ("60 * * * *", "“60” is no minute: it is a number from 0 to 59."),
        ("0 24 * * *", "“24” is no hour: it is a number from 0 to 23."),
        ("0 0 0 * *", "“0” is no day of the month: it is a number from 1 to 31."),
        ("0 0 32 * *", "“32” is no day of the month: it is a number from 1 to 31."),
        ("0 0 * 13 *", "“13” is no month: it is a number from 1 to 12."),
        ("0 0 * * 8", "“8” is no weekday: it is a number from 0 to 7."),
        ("0 0 * * mom", "“mom” is no weekday: it is a number from 0 to 7."),
        ("0 0 jan * *", "“jan” is no day of the month: it is a number from 1 to 31."),
        ("0 9:30 * * *", f"“9:30” is no hour: write *, a number from 0 to 23{LIKE}"),
        ("1.5 * * * *", f"“1.5” is no minute: write *, a number from 0 to 59{LIKE}"),
        ("0 22-6 * * *", "“22-6” runs backwards: a range goes from the smaller to the larger hour."),
        ("0 9 * * fri-mon", "“fri-mon” runs backwards: a range goes from the smaller to the larger weekday."),
        ("1,,2 * * * *", "There is a comma too many in “1,,2”."),
        ("*/0 * * * *", "“/0” is no step for the minute: it is a number from 1 to 59."),
        ("*/90 * * * *", "“/90” is no step for the minute: it is a number from 1 to 59."),
        ("0 */24 * * *", "“/24” is no step for the hour: it is a number from 1 to 23."),
        ("0 0 ? * 1", "“?” is not known here: write * where any day of the month will do."),
        ("0 0 L * *", f"“L”{OTHERS}"),
        ("0 0 15W * *", f"“15W”{OTHERS}"),
        ("0 0 * * 5L", f"“5L”{OTHERS}"),
        ("0 0 * * 5#2", f"“5#2”{OTHERS}"),
        ("H * * * *", f"“H”{CHANCE}"),
        ("R(0-9)/2 * * * *", f"“R(0-9)/2”{CHANCE}"),
        ("0 0 30 2 *", "It would never run: there is no day 30 in the months that are meant."),
        ("0 0 31 2,4,6,9,11 *", "It would never run: there is no day 31 in the months that are meant."),
    ],
)  # fmt: skip
def test_what_is_no_expression_is_refused_with_a_sentence(written, said):
    with pytest.raises(ValueError, match=f"^{re.escape(said)}$"):
        cron.read(written)


def test_a_day_that_never_comes_is_fine_beside_a_weekday():
    assert times("0 0 30 2 1", "UTC", "2026-01-31T00:00", 2) == ["02-02T00:00+00:00", "02-09T00:00+00:00"]


@given(st.text(alphabet="0123456789*/-,? LWHR#@abcmonjfri\t\0é", max_size=30))
def test_whatever_is_written_is_refused_as_a_wrong_value_or_has_words_and_a_next_time(written):
    try:
        found = cron.read(written)
    except ValueError:
        return
    assert cron.words(found)
    assert cron.next_after(found, datetime(2026, 11, 21, tzinfo=UTC), ZoneInfo(BERLIN)).tzinfo is UTC


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("0 10 * * *", "At 10:00"),
        ("@daily", "At 00:00"),
        ("0 9,17 * * 1-5", "At 09:00 and 17:00, Monday through Friday"),
        ("*/15 * * * *", "Every 15 minutes"),
        ("0 22 1 * *", "At 22:00, on day 1 of the month"),
        ("0 0 13 * 5", "At 00:00, on day 13 of the month, or on Friday"),
        ("0 9 * * fri/2", "At 09:00, only on Friday"),
    ],
)
def test_an_expression_is_said_in_words(expression, said):
    assert cron.words(cron.read(expression)) == said


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        (BERLIN, date(2026, 3, 29), 1),
        (BERLIN, date(2026, 10, 25), -1),
        (BERLIN, date(2026, 10, 26), 0),
        (LORD_HOWE, date(2026, 4, 5), -0.5),
        ("Asia/Beirut", date(2026, 3, 29), 1),
        ("Asia/Beirut", date(2026, 10, 24), -1),
        ("America/Havana", date(2026, 11, 1), -1),
        ("Pacific/Apia", date(2011, 12, 30), 24),
        ("Asia/Kathmandu", date(2026, 3, 29), 0),
    ],
)
def test_the_days_on_which_the_clock_changes_are_known(zone, day, hours):
    assert cron.change_on(day, ZoneInfo(zone)) == timedelta(hours=hours)


def a_field(dice: random.Random, kind: cron_fields.Kind, low: int, high: int, odds: float) -> tuple[str, set[int]]:
    """Some text, and what it means by our own reckoning."""
    shape = dice.random()
    if shape < odds:
        return "*", set(range(low, high + 1))
    if shape < odds + 0.15:
        step = dice.randint(1, (high - low) // 2)
        return f"*/{step}", {value for value in range(low, high + 1) if (value - low) % step == 0}
    if shape < odds + 0.3:
        first, last = sorted((dice.randint(low, high), dice.randint(low, high)))
        return f"{first}-{last}", {value for value in range(low, high + 1) if first <= value <= last}
    values = {dice.randint(low, high) for _ in range(dice.randint(1, 3))}
    return ",".join(map(str, sorted(values))), values


def an_expression(dice: random.Random) -> tuple[str, clocks.Shows]:
    odds = (0.2, 0.25, 0.6, 0.8, 0.6)
    fields = [a_field(dice, *one) for one in zip(cron_fields.KINDS, *zip(*LIMITS, strict=True), odds, strict=True)]
    if dice.random() < 0.5:  # where changes are
        fields[1] = (f"{dice.choice((0, 1, 2, 3, 23))}", set())
        fields[1] = (fields[1][0], {int(fields[1][0])})
    texts = [text for text, _ in fields]
    minute, hour, day, month, weekday = (values for _, values in fields)

    def is_meant(shown: datetime) -> bool:
        by_day, by_weekday = shown.day in day, shown.isoweekday() % 7 in weekday
        either = texts[2] != "*" and texts[4] != "*"
        is_day = by_day or by_weekday if either else by_day and by_weekday
        return shown.minute in minute and shown.hour in hour and is_day and shown.month in month

    return " ".join(texts), is_meant


@pytest.mark.parametrize("zone", clocks.CHANGES)
def test_random_expressions_run_when_a_plain_judge_says_so(zone):
    """120 around the changes of each zone: 1,320 in all."""
    dice = random.Random(zone)
    for number in range(120):
        day = clocks.CHANGES[zone][number % 2]
        expression, is_meant = an_expression(dice)
        judge = clocks.real if _is_wild(expression) else clocks.once
        after, last = clocks.span(zone, day)
        expected = judge(zone, day, is_meant)
        try:
            read = cron.read(expression)
        except ValueError:
            assert expected == []
            continue
        found = cron.next_times(read, after, ZoneInfo(zone), len(expected) + 1)
        assert (expression, [one for one in found if one <= last]) == (expression, expected)
        if expected:
            somewhere = dice.randrange(len(expected))
            assert cron.next_after(read, expected[somewhere], ZoneInfo(zone)) == found[somewhere + 1]


def _is_wild(expression: str) -> bool:
    minute, hour, *_ = expression.split()
    return any(sign in minute + hour for sign in "*/")
