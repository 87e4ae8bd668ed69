"""A look calls nobody twice: asked again, killed in the middle, or taken by two workers at once."""

from __future__ import annotations

import threading

from sqlalchemy import func, select, text

from app.automations import jobs, keeping, schedule
from app.automations.answering import FIRED, OUTSIDE
from app.automations.behaviours import scanning
from app.automations.scan import BehaviourClaim, Scan
from app.automations.waits import CHANGED, INACTIVE
from app.clock import clock
from app.db import db
from app.ops import merging
from tests.automations.behaviours.shop import (
    DAY,
    HOUR,
    MINUTE,
    SHIRT,
    answers,
    called,
    claims,
    fills_cart,
    ids,
    looks,
    people,
    sells,
    watches,
)
from tests.automations.happening import mails, outcomes, runs, settle, to
from tests.automations.making import ADA, NOW, make_segment
from tests.deliveries.making import addresses, sent
from tests.events.coming_in import rows


def test_a_planned_time_is_one_look_and_looked_at_again_it_calls_nobody(app):
    maya, noor = people(2)
    automation = answers("abandoned_cart", at_most_every="0h")
    for one in (maya, noor):
        fills_cart(one, SHIRT)
    assert looks(automation) == 2
    scanning.plan(automation, NOW)
    assert len(rows("behaviour_scans")) == 1
    scanning.scan(rows("behaviour_scans")[0]["id"], NOW + MINUTE)
    db.session.commit()
    assert called() == ids(maya, noor)


def test_what_is_killed_before_its_commit_never_was(app):
    (maya,) = people(1)
    automation = answers("abandoned_cart")
    fills_cart(maya, SHIRT)
    scanning.plan(automation, NOW)
    db.session.commit()
    (key,) = db.session.scalars(select(Scan.id))
    scanning.scan(key, NOW)
    assert called() == ids(maya)
    db.session.rollback()
    assert (called(), claims()) == ([], [])
    scanning.scan(key, NOW)
    db.session.commit()
    assert called() == ids(maya)


def test_two_looks_at_the_same_moment_call_everybody_once(app):
    some = people(6)
    automation = answers("abandoned_cart", at_most_every="0h")
    for one in some:
        fills_cart(one, SHIRT)
    scanning.plan(automation, NOW)
    scanning.plan(automation, NOW + MINUTE)
    db.session.commit()
    keys = list(db.session.scalars(select(Scan.id).order_by(Scan.id)))
    db.session.commit()
    gate, found = threading.Barrier(2), []

    def look(key: int) -> None:
        with app.app_context():
            gate.wait()
            scanning.scan(key, NOW)
            db.session.commit()
            found.append(db.session.get_one(Scan, key).found)
            db.session.remove()

    threads = [threading.Thread(target=look, args=(key,)) for key in keys]
    for one in threads:
        one.start()
    for one in threads:
        one.join(20)
    assert sorted(found) == [0, 6]
    assert called() == ids(*some)


def test_the_clock_plans_a_look_and_goes_on_to_the_next_time(app):
    (maya,) = people(1)
    automation = answers("abandoned_cart", when="0 12 * * *")
    assert automation.next_at.hour == 12
    fills_cart(maya, SHIRT)
    list(schedule.fire_due(automation.next_at))
    db.session.commit()
    (scan,) = rows("behaviour_scans")
    assert scan["planned_for"] == NOW + 2 * HOUR
    assert keeping.find(automation.id).next_at == NOW + DAY + 2 * HOUR
    assert runs() == []
    schedule.refresh(NOW)
    assert keeping.find(automation.id).is_active


def test_what_answers_at_once_looks_each_minute_and_has_no_time(app):
    automation = answers("price_drop", when="at_once")
    answers("price_drop", name="By the clock")
    assert automation.next_at is None
    schedule.refresh(NOW)
    assert keeping.find(automation.id).is_active
    scanning.plan_at_once(NOW)
    scanning.plan_at_once(NOW + MINUTE)
    assert [one["automation_id"] for one in rows("behaviour_scans")] == [automation.id]
    scanning.scan(rows("behaviour_scans")[0]["id"], NOW)
    db.session.execute(text("UPDATE behaviour_scans SET waiting_since = NULL"))
    scanning.plan_at_once(NOW + MINUTE)
    assert len(rows("behaviour_scans")) == 2


def test_from_a_lower_price_to_the_outbox_within_one_ring(app):
    (maya,) = people(1)
    now = clock()
    sells("shirt", price=3000)
    watches(maya, "shirt", at=now - DAY, seen_price=3000)
    answers("price_drop", when="at_once")
    sells("shirt", at=now, price=2000)
    jobs.look_at_shop()
    jobs.settle_waits()
    sent()
    assert addresses() == [maya.email]
    assert db.session.scalar(select(func.count()).select_from(BehaviourClaim)) == 1


def test_who_was_merged_in_that_instant_is_answered_and_called_no_more(app):
    """Also where the survivor had a mail of it before."""
    maya, other = people(2)
    automation = answers("abandoned_cart", at_most_every="0h")
    fills_cart(maya, SHIRT, at=NOW - 26 * HOUR)
    looks(automation)
    settle(NOW)
    fills_cart(other, SHIRT, at=NOW - 23 * HOUR)
    looks(automation, NOW + 2 * HOUR)
    moved = {"maya": maya.id, "other": other.id}
    merging.merge(maya.id, other.id, [], None, ADA, NOW)
    for table in ("trigger_waits", "behaviour_claims"):
        which = f"occasion = (SELECT max(occasion) FROM {table})"  # as the look leaves it that began before the merge
        db.session.execute(
            text(f"UPDATE {table} SET customer_id = :other WHERE customer_id = :maya AND {which}"), moved
        )
    db.session.commit()
    settle(NOW + 2 * HOUR)
    assert to() == [maya.id, maya.id]
    assert {one.customer_id for one in claims()} == {maya.id}
    assert len(claims()) == 2


def test_what_was_set_aside_holds_nobody_up(app):
    (maya,) = people(1)
    automation = answers("abandoned_cart")
    fills_cart(maya, SHIRT)
    looks(automation)
    fills_cart(maya, SHIRT, at=NOW)
    assert looks(automation, NOW + DAY) == 0
    db.session.execute(text("UPDATE trigger_waits SET failed_at = :now, waiting_since = NULL"), {"now": NOW})
    assert looks(automation, NOW + DAY + HOUR) == 1


def test_whoever_is_outside_its_segment_gets_nothing(app):
    maya, noor = people(2)
    only = make_segment("Maya", {"field": "first_name", "op": "equals", "value": "Maya"})
    automation = answers("abandoned_cart", segment_id=only.id)
    for one in (maya, noor):
        fills_cart(one, SHIRT)
    looks(automation)
    settle(NOW)
    assert to() == ids(maya)
    assert outcomes() == [FIRED, OUTSIDE]


def test_one_that_rests_calls_nobody_and_answers_nobody(app):
    maya, noor = people(2)
    automation = answers("abandoned_cart")
    fills_cart(maya, SHIRT)
    looks(automation)
    keeping.deactivate(automation, ADA)
    db.session.commit()
    settle(NOW)
    assert outcomes() == [INACTIVE]
    fills_cart(noor, SHIRT)
    assert looks(automation, NOW + MINUTE) == 0


def test_one_that_answers_another_behaviour_by_now_does_not_answer_this(app):
    (maya,) = people(1)
    automation = answers("abandoned_cart")
    fills_cart(maya, SHIRT)
    looks(automation)
    automation.trigger = {"behaviour": "browse"}
    db.session.commit()
    settle(NOW)
    assert (outcomes(), mails()) == ([CHANGED], [])


def test_what_people_were_called_for_is_forgotten_after_a_year(app):
    (maya,) = people(1)
    automation = answers("abandoned_cart")
    fills_cart(maya, SHIRT)
    looks(automation)
    scanning.forget_old(NOW + 364 * DAY)
    assert (len(claims()), len(rows("behaviour_scans"))) == (1, 0)
    scanning.forget_old(NOW + 366 * DAY)
    assert claims() == []
