"""Ranges of days as people choose them."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from app.metrics import ranges
from app.metrics.ranges import Range
from tests.metrics.making import BERLIN

LATE = datetime(2026, 10, 21, 22, 30, tzinfo=UTC)  # the 22nd in Berlin


def test_the_last_days_end_today_where_the_team_is():
    found = ranges.of({"range": "7d"}, LATE, BERLIN)
    assert (found.first, found.last, found.days) == (date(2026, 10, 16), date(2026, 10, 22), 7)
    assert (found.before().first, found.before().last) == (date(2026, 10, 9), date(2026, 10, 15))


def test_a_range_of_ones_own_takes_both_days_whole_also_when_the_clock_changes():
    found = ranges.of({"from": "2026-10-25", "to": "2026-10-25"}, LATE, BERLIN)
    assert (found.starts.isoformat(), found.ends.isoformat()) == (
        "2026-10-24T22:00:00+00:00",
        "2026-10-25T23:00:00+00:00",
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"range": "8d"}, "There is no range “8d”"),
        ({"range": "custom", "from": "2026-10-02", "to": "2026-10-01"}, "ends before it begins"),
        ({"range": "custom", "from": "2026-10-02"}, "needs two days"),
        ({"from": "02.10.2026", "to": "2026-10-05"}, "needs two days"),
        ({"from": "2020-01-01", "to": "2026-10-05"}, "800 days at most"),
        ({"from": "1990-01-01", "to": "1990-10-05"}, "from the year 2000"),
        ({"from": "9999-12-31", "to": "9999-12-31"}, "from the year 2000"),
        ({"from": "0001-01-01", "to": "2026-10-05"}, "from the year 2000"),
    ],
)
def test_what_is_no_range_is_the_last_thirty_days_and_a_sentence(words, said):
    found = ranges.asked(words, LATE, BERLIN)
    assert said in found.problem
    assert (found.word, found.range.days) == ("30d", 30)


def test_weeks_begin_on_monday_and_the_first_one_where_the_range_does():
    year = Range(date(2026, 7, 1), date(2026, 10, 31), BERLIN)
    assert [one.isoformat() for one in year.steps()[:2]] == ["2026-07-01", "2026-07-06"]
    assert len(Range(date(2026, 7, 1), date(2026, 7, 31), BERLIN).steps()) == 31
