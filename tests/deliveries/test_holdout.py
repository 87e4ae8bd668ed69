"""Who gets nothing on purpose: the same people in each run, and only who would have got it; and what came of it."""

from __future__ import annotations

import hashlib
import itertools
from datetime import timedelta

import pytest
from sqlalchemy import text, update

from app.clock import clock
from app.db import db
from app.deliveries import adding, filling, holdout, merging, runs
from app.deliveries.adding import Mail
from app.deliveries.delivery import Delivery
from app.deliveries.lift import Group
from app.deliveries.run import Run
from tests.automations.making import make_automation
from tests.deliveries.making import EVERYBODY, addresses, adds_up, make_run, planned, sent
from tests.factories import make_customer, make_customers

GOAL = {"event": "paid", "within": "5d"}
BOTH = ("reason = 'holdout'", "state = 'accepted'")
DRAWN = "SELECT n FROM (SELECT n, n AS customer_id FROM generate_series(1, :most) n) s WHERE {held} IS NOT NULL"


def lot(word: object, customer_id: int) -> int:
    return int(hashlib.sha256(f"{word}-{customer_id}".encode()).hexdigest()[:8], 16)


def is_out(automation_id: int, customer_id: int, percent: float) -> bool:
    return lot(f"holdout-{automation_id}", customer_id) < percent / 100 * 2**32


def drawn(automation_id: int, percent: float, most: int = 10_000) -> set[int]:
    held = holdout.of(automation_id, {"holdout_percent": percent}, clock())
    return set(db.session.scalars(text(DRAWN.format(held=held.sql)), {**held.said, "most": most}))


def automation() -> int:
    return make_automation(segment_id=None, template_id=None).id


def limited(percent: float = 50, key: str = "a run", **more) -> Run:
    return make_run(key=key, limits={"holdout_percent": percent}, **more)


def reasons(run: Run) -> dict[int, str | None]:
    rows = db.session.query(Delivery.customer_id, Delivery.reason).filter(Delivery.run_id == run.id)
    return {row.customer_id: row.reason for row in rows}


def test_who_is_drawn_is_a_hash_that_everybody_can_work_out(app):
    assert drawn(7, 10) == {n for n in range(1, 10_001) if is_out(7, n, 10)}
    assert len(drawn(7, 10)) == 940


def test_a_larger_share_keeps_everybody_of_a_smaller_one(app):
    shares = [drawn(7, percent) for percent in (0.5, 2.5, 10, 20, 50)]
    assert all(less < more for less, more in itertools.pairwise(shares))
    assert [len(one) for one in shares] == [46, 241, 940, 1901, 4928]


def test_it_says_nothing_of_the_version_nor_of_another_automation(app):
    out = drawn(7, 50)
    assert len([n for n in out if lot(7, n) % 2]) == 2_417  # of 4,928: as good as a half
    assert len(out & drawn(8, 50)) == 2_477


def test_the_same_people_get_nothing_in_each_run_and_everybody_else_does(app):
    people, own = make_customers(40), automation()
    for key in ("first", "second"):
        run = limited(key=key, automation_id=own)
        assert reasons(run) == {one.id: "holdout" if is_out(own, one.id, 50) else None for one in people}
        assert run.planned == 40
        assert adds_up(run)
    sent()
    mailed = [one.email for one in people if not is_out(own, one.id, 50)]
    assert 0 < len(mailed) < 40
    assert addresses() == sorted(mailed * 2)
    assert runs.called("first").state == "finished"


def test_whoever_would_not_get_it_anyway_is_not_held_out(app, monkeypatch):
    """Nor does a twin get it in the place of who is held out: to one address, one lot."""
    monkeypatch.setattr(holdout, "HELD", "CASE WHEN :held_by <> '' AND :held_below > 0 THEN {why} END")  # everybody
    fine = make_customer(email="fine@posteo.example")
    twin = make_customer("Twin", email="fine@posteo.example")
    none = make_customer("None")
    assert reasons(limited()) == {fine.id: "holdout", twin.id: "duplicate_address", none.id: "no_address"}


def test_whoever_has_had_enough_is_not_held_out_either(app):
    maya = make_customer(email="maya@posteo.example")
    make_run(key="before")
    sent()
    own = next(n for n in range(1, 99) if is_out(n, maya.id, 50))
    more = {"cap": {"n": 1, "per": "7d"}, "holdout_percent": 50}
    db.session.execute(text("INSERT INTO automations (id, name, trigger) VALUES (:id, 'A', '{}')"), {"id": own})
    assert reasons(make_run(automation_id=own, limits=more)) == {maya.id: "capped"}
    assert reasons(limited(key="without a cap", automation_id=own)) == {maya.id: "holdout"}


def test_at_the_hour_of_each_the_same_people_are_held_out(app):
    people, own = make_customers(20), automation()
    run = make_run(automation_id=own, limits={"holdout_percent": 50, "local_time": True})
    assert reasons(run) == {one.id: "holdout" if is_out(own, one.id, 50) else None for one in people}


def test_answers_are_held_out_one_by_one_and_counted(app):
    people, own = make_customers(20), automation()
    run = planned(automation_id=own, limits={"holdout_percent": 50}, open_until=clock() + timedelta(hours=1))
    added = adding.add(run, [Mail(one.id, f"event-{n}") for n in "ab" for one in people], clock())
    runs.begin(run, clock())
    db.session.commit()
    assert (added, run.planned) == (40, 40)
    assert reasons(run) == {one.id: "holdout" if is_out(own, one.id, 50) else None for one in people}
    sent()
    assert len(addresses()) == 2 * sum(not is_out(own, one.id, 50) for one in people)
    assert adds_up(run)


def test_the_preflight_counts_them_as_the_run_does(app):
    people, own = make_customers(40), automation()
    held = holdout.of(own, {"holdout_percent": 50}, clock())
    found = filling.counted(EVERYBODY, "promotional", "newsletter", clock(), held=held)
    out = sum(is_out(own, one.id, 50) for one in people)
    assert found == {None: 40 - out, "holdout": out}


@pytest.fixture
def compared(app):
    """Two runs of the same forty people, six days ago: 1,2,3 of the mailed reached it, and one of those held out."""
    make_customers(40)
    own = automation()
    for key in ("first", "second"):
        limited(key=key, automation_id=own, goal=GOAL)
    sent()
    ago = clock() - timedelta(days=6)
    db.session.execute(update(Run).values(planned_for=ago))
    db.session.execute(text("UPDATE deliveries SET accepted_at = :ago WHERE accepted_at IS NOT NULL"), {"ago": ago})
    reach(3, "state = 'accepted'")
    reach(1, "reason = 'holdout'")
    db.session.commit()
    return own


def reach(most: int, who: str) -> None:
    """In both runs: it is the same thing that they did."""
    these = f"SELECT DISTINCT customer_id FROM deliveries WHERE {who} ORDER BY 1 LIMIT {most}"
    db.session.execute(text(f"UPDATE deliveries SET reached_at = now() WHERE customer_id IN ({these})"))


def counted(own: int, percent: float = 50, goal=GOAL, now=None) -> tuple[Group, Group]:
    return holdout.counts(own, goal, percent, now or clock())


def test_each_person_counts_once_over_all_runs(compared):
    out = sum(1 for one in db.session.query(Delivery.customer_id).distinct() if is_out(compared, one.customer_id, 50))
    assert counted(compared) == (Group(3, 40 - out), Group(1, out))


def test_whose_time_is_not_over_does_not_count_yet(compared):
    ago = clock() - timedelta(days=6)
    assert counted(compared, now=ago + timedelta(days=5, seconds=-1)) == (Group(), Group())
    mailed, held = counted(compared, now=ago + timedelta(days=5))
    assert mailed.people + held.people == 40


@pytest.mark.parametrize("change", ["state = 'cancelled'", "limits = '{}'", "goal = NULL", "automation_id = NULL"])
def test_only_finished_runs_with_this_goal_and_this_share_count(compared, change):
    db.session.execute(text(f"UPDATE runs SET {change}"))
    assert counted(compared) == (Group(), Group())


def test_who_was_merged_from_both_groups_tells_nothing(compared):
    mailed, held = counted(compared)
    merging.move(*(db.session.scalar(text(f"SELECT min(customer_id) FROM deliveries WHERE {one}")) for one in BOTH))
    after = counted(compared)
    assert (after[0].people, after[1].people) == (mailed.people - 1, held.people - 1)


def test_the_share_of_the_last_run_is_remembered_once_nobody_is_held_out_any_more(compared):
    assert holdout.share(compared, {}) == 50
    assert holdout.share(compared, {"holdout_percent": 2.5}) == 2.5
    assert holdout.share(automation(), {}) is None
