"""Planning: everybody of the segment has a row, with the reason of whoever gets nothing; so says the preflight."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.automations import jobs, keeping, occasions, planning
from app.claims import NotYet
from app.consent import preferences, suppressions
from app.consent.preferences import Word
from app.db import db
from app.deliveries import runs as delivery_runs
from app.deliveries.delivery import Delivery
from app.events import partitions
from app.events.event import Event
from app.segments import keeping as segments
from app.segments.unavailable import Unavailable
from app.settings import topics
from tests.automations.making import ADA, NOW, make_automation, make_segment, runs
from tests.factories import make_customer, make_customers


def run_of(automation, at=NOW):
    run = occasions.at(automation, at)
    db.session.commit()
    return run


def planned(run, now=NOW):
    planning.plan(run.id, now)
    db.session.commit()
    return {
        row.customer_id: row.reason for row in db.session.scalars(select(Delivery).where(Delivery.run_id == run.id))
    }


def account(run):
    return delivery_runs.account(run)


def test_everybody_has_a_row_and_who_gets_nothing_a_reason(app):
    people = {
        "fine": make_customer("Fine", email="fine@posteo.example"),
        "no_address": make_customer("None"),
        "bad_address": make_customer("Bad", email="not-an-address"),
        "suppressed": make_customer("Gone", email="gone@posteo.example"),
        "unsubscribed": make_customer("Quiet", email="quiet@posteo.example"),
        "duplicate_address": make_customer("Twin", email="FINE@posteo.example"),
    }
    preferences.withdraw_all(people["unsubscribed"].id, Word("page", "one-click", NOW))
    suppressions.add("gone@posteo.example", "", NOW, ADA)
    db.session.commit()
    automation = make_automation()
    before = planning.preflight(automation, NOW)
    run = run_of(automation)
    found = planned(run)
    assert {name: found[one.id] for name, one in people.items()} == {
        name: None if name == "fine" else name for name in people
    }
    assert before == dict.fromkeys([None, *list(people)[1:]], 1)
    said = account(run)
    assert (run.planned, said.planned, said.waiting, sum(said.skipped.values())) == (6, 6, 1, 5)
    assert run.state == "sending"


def test_the_preflight_says_what_the_run_does(app):
    make_customers(30)
    for number in range(0, 30, 7):
        suppressions.add(f"p{number}@posteo.example", "", NOW, ADA)
    make_customers(4, email="family@posteo.example", lms_lead_id=None)
    db.session.commit()
    automation = make_automation()
    before = planning.preflight(automation, NOW)
    run = run_of(automation)
    reasons = list(planned(run).values())
    assert {reason: reasons.count(reason) for reason in set(reasons)} == before


def test_who_left_one_topic_gets_the_others_and_what_is_transactional(app):
    quiet = make_customer("Quiet", email="quiet@posteo.example")
    word = Word("page", "preferences", NOW)
    preferences.say(quiet.id, {topics.called("newsletter").id: False}, word)
    db.session.commit()
    letter, offer = make_automation("L", topic="newsletter"), make_automation("O")
    assert planning.preflight(letter, NOW) == {"unsubscribed": 1}
    assert planning.preflight(offer, NOW) == {None: 1}
    preferences.withdraw_all(quiet.id, word)
    assert planning.preflight(offer, NOW) == {"unsubscribed": 1}
    assert planning.preflight(make_automation("T", purpose="transactional", topic=None), NOW) == {None: 1}


def test_transactional_mail_goes_to_each_of_a_family(app):
    make_customers(3, email="family@posteo.example", lms_lead_id=None)
    own = make_automation(purpose="transactional", topic=None)
    assert planning.preflight(own, NOW) == {None: 3}
    assert set(planned(run_of(own)).values()) == {None}


def test_mail_allow_lets_its_addresses_and_domains_through(app, config, monkeypatch):
    make_customers(2)
    make_customer("In", email="in@campus.example")
    make_customer("Own", email="own@else.example")
    allowed = replace(config, mail_allow=frozenset({"campus.example", "own@else.example"}))
    monkeypatch.setitem(app.extensions, "config", allowed)
    automation = make_automation()
    assert planning.preflight(automation, NOW) == {None: 2, "not_allowed": 2}
    assert sorted(planned(run_of(automation)).values(), key=str) == [None, None, "not_allowed", "not_allowed"]


def test_only_the_segment_and_nobody_else(app):
    make_customers(3)
    maya = make_customer("Maya", email="maya@posteo.example")
    rules = {"all": [{"field": "first_name", "op": "equals", "value": "Maya"}]}
    automation = make_automation(segment_id=make_segment("Mayas", rules).id)
    assert planned(run_of(automation)) == {maya.id: None}


def test_an_empty_segment_is_a_finished_run(app):
    run = run_of(make_automation())
    assert planned(run) == {}
    assert (run.state, run.planned) == ("finished", 0)


def test_a_segment_that_cannot_be_computed_fails_the_run_and_nobody_gets_anything(app):
    make_customers(3)
    automation = make_automation(segment_id=make_segment("Odd").id)
    segments.find(automation.segment_id).rules = {"all": [{"fild": 1}]}
    db.session.commit()
    run = run_of(automation)
    assert planned(run) == {}
    assert run.state == "failed"
    assert run.state_reason
    with pytest.raises(Unavailable):
        planning.preflight(automation, NOW)


def test_a_segment_that_was_deleted_fails_the_run(app):
    make_customers(3)
    automation = make_automation()
    run = run_of(automation)
    segment = segments.find(automation.segment_id)
    automation.segment_id = None
    db.session.flush()
    segments.delete(segment, ADA)
    db.session.commit()
    assert planned(run) == {}
    assert (run.state, run.state_reason) == ("failed", planning.GONE)


def test_planned_twice_nothing_is_there_twice(app):
    make_customers(5)
    run = run_of(make_automation())
    first = planned(run)
    run.state = "planning"
    db.session.commit()
    assert planned(run) == first
    assert run.planned == 5


def test_a_paused_run_is_planned_when_it_goes_on(app):
    make_customers(2)
    run = run_of(make_automation())
    delivery_runs.pause(run, "wait", ADA)
    db.session.commit()
    with pytest.raises(NotYet):
        planning.plan(run.id, NOW)
    delivery_runs.resume(run, ADA)
    assert len(planned(run)) == 2


SINCE = {"event": "login", "within": {"since": "last_run"}}


def logged_in(person, at):
    partitions.ensure(at, at)
    db.session.add(Event(customer_id=person.id, name="login", occurred_at=at, properties={}))
    db.session.commit()


def test_since_the_last_run_begins_where_its_audience_was_taken_however_late(app):
    early, late, never = make_customers(3)[:3]
    automation = make_automation(segment_id=make_segment(rules=SINCE).id)
    logged_in(early, NOW)
    first = run_of(automation, NOW)
    assert set(planned(first, NOW + timedelta(hours=4))) == {early.id}
    logged_in(early, NOW + timedelta(hours=2))  # nobody had told us of it yet
    logged_in(late, NOW + timedelta(hours=5))
    logged_in(never, NOW + timedelta(days=3))  # after the next one
    delivery_runs.cancel(first, NOW + timedelta(hours=6), ADA)
    second = run_of(automation, NOW + timedelta(days=1))
    assert set(planned(second, NOW + timedelta(days=1))) == {late.id}


def test_deleted_before_it_was_planned_it_still_knows_the_run_before(app):
    early, late = make_customers(2)[:2]
    automation = make_automation(segment_id=make_segment(rules=SINCE).id)
    logged_in(early, NOW)
    planned(run_of(automation, NOW), NOW)
    logged_in(late, NOW + timedelta(hours=5))
    second = run_of(automation, NOW + timedelta(days=1))
    keeping.delete(automation, ADA)
    db.session.commit()
    db.session.expire_all()
    assert second.automation_id is None
    assert set(planned(second, NOW + timedelta(days=1))) == {late.id}


def test_a_worker_plans_what_waits(app):
    make_customers(2)
    run_of(make_automation())
    assert jobs.plan_runs() == 1
    assert [(run.state, run.planned) for run in runs()] == [("sending", 2)]
