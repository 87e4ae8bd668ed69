"""How probable it is that each is the best: held against what is known otherwise."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest

from app.deliveries import chances


def beta(a: int, b: int) -> Fraction:
    return Fraction(math.factorial(a - 1) * math.factorial(b - 1), math.factorial(a + b - 1))


def that_the_second_is_better(first: tuple[int, int], second: tuple[int, int]) -> float:
    """In whole fractions: the sum that the integral is for whole numbers."""
    (a, b), (c, d) = ((done + 1, tried - done + 1) for done, tried in (first, second))
    return float(sum(beta(a + i, b + d) / ((d + i) * beta(1 + i, d) * beta(a, b)) for i in range(c)))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ((5, 100), (9, 100)),
        ((0, 1000), (3, 1000)),
        ((40, 200), (44, 210)),
        ((1, 10), (5, 1000)),
        ((0, 5), (5, 5)),
        ((99, 100), (100, 100)),
        ((0, 0), (0, 1)),
        ((60, 600), (60, 600)),
    ],
)
def test_of_two_it_is_what_the_closed_form_says(first, second):
    wanted = that_the_second_is_better(first, second)
    assert chances.of_best([first, second]) == pytest.approx([1 - wanted, wanted], abs=1e-6)


def test_of_whom_nothing_is_known_the_other_is_better_by_its_mean():
    """Any rate between 0 and 1 lies below a known one with the probability of that one."""
    for done, tried in ((1, 1), (3, 10), (0, 100), (700, 1000)):
        assert chances.of_best([(0, 0), (done, tried)])[1] == pytest.approx((done + 1) / (tried + 2), abs=1e-6)


def test_of_three_and_four_it_is_what_a_power_of_x_says():
    """All of n did it: the density is (n + 1) x^n, and of the unknown others each lies below x with x."""
    for tried in (1, 5, 40):
        three, four = (chances.of_best([(tried, tried), *[(0, 0)] * others])[0] for others in (2, 3))
        assert three == pytest.approx((tried + 1) / (tried + 3), abs=1e-6)
        assert four == pytest.approx((tried + 1) / (tried + 4), abs=1e-6)


@pytest.mark.parametrize("done", [0, 1, 37, 1000])
def test_who_did_the_same_is_as_good(done):
    assert chances.of_best([(done, 1000)] * 2) == pytest.approx([0.5] * 2, abs=1e-9)
    assert chances.of_best([(done, 1000)] * 4) == pytest.approx([0.25] * 4, abs=1e-9)


def test_nothing_seen_at_all_tells_nobody_apart():
    assert chances.of_best([(0, 0)] * 3) == pytest.approx([1 / 3] * 3)


def test_each_more_that_did_it_makes_it_more_probable():
    found = [chances.of_best([(50, 1000), (done, 1000)])[1] for done in range(130)]
    assert found == sorted(found)
    assert found[0] < 1e-9
    assert found[-1] > 0.999999


def test_millions_are_no_more_than_a_normal_distribution():
    seen = [(50_000, 1_000_000), (50_300, 1_000_000)]
    spread = math.sqrt(sum((done / tried) * (1 - done / tried) / tried for done, tried in seen))
    wanted = 0.5 * (1 + math.erf(0.0003 / spread / math.sqrt(2)))
    assert chances.of_best(seen)[1] == pytest.approx(wanted, abs=1e-4)
    assert sum(chances.of_best([(10**8, 10**9), (10**8, 10**9), (0, 10**9)])) == pytest.approx(1)
