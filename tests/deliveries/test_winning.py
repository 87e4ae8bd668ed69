"""Who leads, and how many more mails it takes to know."""

from __future__ import annotations

import pytest

from app.deliveries import winning
from app.deliveries.variants import Count
from app.deliveries.winning import judge


def clicks(*seen: tuple[int, int]) -> list[Count]:
    return [Count(sent=sent, clicked=clicked) for clicked, sent in seen]


def test_so_many_mails_show_a_difference_as_the_books_say():
    """10 % against 12 %: 3,839 of each (both sides, 5 %, power 80 %); 50 % against 60 %: 385."""
    assert winning.needed(0.10, 0.12) == pytest.approx(3_839, abs=2)
    assert winning.needed(0.50, 0.60) == pytest.approx(385, abs=2)


def test_the_better_one_leads_and_more_mails_are_asked_for():
    found = judge(clicks((100, 1_000), (120, 1_000)), "clicked")
    assert (found.leader, found.is_enough) == (1, False)
    assert found.more == 5_700  # of both: 2 x (3,839 - 1,000), in two figures
    assert 0.92 < found.chance < 0.93


def test_once_so_many_are_out_it_is_enough():
    found = judge(clicks((384, 3_840), (461, 3_840)), "clicked")
    assert (found.leader, found.is_enough, found.more) == (1, True, 0)
    assert found.chance > 0.99


def test_fewer_than_a_hundred_of_each_say_nothing_however_clear_it_looks():
    found = judge(clicks((0, 60), (60, 60)), "clicked")
    assert (found.leader, found.is_enough, found.more) == (1, False, 80)
    assert judge(clicks((0, 100), (100, 100)), "clicked").is_enough


def test_nobody_leads_while_they_are_equal_and_no_number_of_mails_is_promised():
    for seen in (((0, 500), (0, 500)), ((50, 500), (50, 500))):
        found = judge(clicks(*seen), "clicked")
        assert (found.leader, found.is_enough, found.more) == (None, False, None)
        assert found.chance == pytest.approx(0.5)


def test_before_anything_has_gone_out_a_hundred_of_each_are_asked_for():
    assert judge(clicks((0, 0), (0, 0)), "clicked").more == 200
    assert judge(clicks((0, 0), (0, 0), (0, 0)), "clicked").more == 300


def test_a_difference_that_nobody_would_ever_see_is_none():
    found = judge(clicks((100_000, 1_000_000), (100_001, 1_000_000)), "clicked")
    assert (found.leader, found.is_enough, found.more) == (1, False, None)


def test_with_a_goal_conversions_count_and_not_clicks():
    counts = [Count(sent=500, clicked=400, converted=1), Count(sent=500, clicked=1, converted=90)]
    assert judge(counts, winning.measure_of({"event": "paid", "within": "5d"})).leader == 1
    assert judge(counts, winning.measure_of(None)).leader == 0


def test_of_four_the_second_best_decides_how_many_more():
    four = judge(clicks((100, 1_000), (120, 1_000), (10, 1_000), (20, 1_000)), "clicked")
    assert four.leader == 1
    assert four.more == 12_000  # 4 x (3,839 - 1,000), rounded up
    assert sum(four.chances) == pytest.approx(1)
