"""What a mail brings: the difference, how sure it is, and how many more people it takes to know."""

from __future__ import annotations

import random

import pytest

from app.deliveries import lift, winning
from app.deliveries.lift import Group


@pytest.mark.parametrize(
    ("one", "other", "wanted"),
    [
        ((56, 70), (48, 80), (0.0524, 0.3339)),
        ((9, 10), (3, 10), (0.1705, 0.8090)),
        ((6, 7), (2, 7), (0.0582, 0.8062)),
        ((5, 56), (0, 29), (-0.0381, 0.1926)),
        ((0, 10), (0, 20), (-0.1611, 0.2775)),
        ((10, 10), (0, 20), (0.6791, 1.0)),
        ((10, 10), (0, 10), (0.6075, 1.0)),
    ],
)
def test_the_interval_is_that_of_the_paper(one, other, wanted):
    """Newcombe 1998, table II, method 10; also where nobody did it, or everybody."""
    assert lift.interval(Group(*one), Group(*other)) == pytest.approx(wanted, abs=6e-5)


def test_the_interval_holds_the_truth_in_about_nineteen_of_twenty_cases():
    """A rare goal, a small group held out: where a plain normal interval fails."""
    dice, inside, cases = random.Random(7), 0, 1_500
    for _ in range(cases):
        base = dice.uniform(0.02, 0.2)
        better = base + dice.uniform(-0.02, 0.1)
        mailed, held = (
            Group(sum(dice.random() < rate for _ in range(n)), n) for n, rate in ((900, better), (100, base))
        )
        low, high = lift.interval(mailed, held)
        inside += low <= better - base <= high
    assert 0.94 < inside / cases < 0.97


def test_both_rates_and_what_lies_between_them():
    found = lift.judge(Group(450, 4_500), Group(25, 500))
    assert (found.difference, found.relative) == (pytest.approx(0.05), pytest.approx(1.0))
    assert found.low < 0.05 < found.high
    assert (found.is_enough, found.more) == (True, 0)


def test_of_equal_groups_it_asks_for_as_many_as_a_comparison_of_versions():
    found = lift.needed(Group(10_000, 100_000), Group(12_000, 100_000))
    assert found == pytest.approx(winning.needed(0.10, 0.12), rel=1e-3)


def test_a_small_share_held_out_takes_more_people():
    """9 % against 7 %, a tenth held out: by hand (2.8016 / 0.02)² x (0.06657 + 0.08205 / 9) = 1,485 held out."""
    mailed, held = Group(405, 4_500), Group(35, 500)
    assert lift.needed(held, mailed) == pytest.approx(1_485, abs=1)
    found = lift.judge(mailed, held)
    assert (found.is_enough, found.more) == (False, 9_900)  # (1,485 - 500) x 10, in two figures


def test_fewer_than_a_hundred_of_each_say_nothing_however_clear_it_looks():
    found = lift.judge(Group(540, 540), Group(0, 60))
    assert (found.is_enough, found.more) == (False, 400)


def test_it_is_never_enough_while_there_may_be_no_difference_at_all():
    sizes = ((100, 900), (100, 100), (400, 9_600), (2_000, 8_000))
    seen = [(Group(a, n), Group(b, m)) for n, m in sizes for a in range(0, n, 7) for b in range(0, m, m // 40)]
    enough = [found for held, mailed in seen if (found := lift.judge(mailed, held)) and found.is_enough]
    assert len(enough) > 1_000
    assert not [found for found in enough if found.low <= 0 <= found.high]


def test_where_nobody_reached_it_no_number_is_promised():
    found = lift.judge(Group(0, 9_000), Group(0, 1_000))
    assert (found.difference, found.relative, found.more, found.is_enough) == (0, None, None, False)
    assert found.low < 0 < found.high
    assert lift.judge(Group(90, 9_000), Group(0, 1_000)).relative is None


def test_with_nobody_in_a_group_there_is_nothing_to_judge():
    assert lift.judge(Group(1, 10), Group()) is None
    assert lift.judge(Group(), Group(1, 10)) is None
