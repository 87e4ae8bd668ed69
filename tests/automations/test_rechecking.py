"""Whoever left the segment between planning and sending gets nothing, where somebody wants that."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import event, text

from app.automations import jobs, meant, occasions, planning
from app.automations.definition import Definition, problems
from app.clock import clock
from app.customers.erasing import Person
from app.customers.who import Who
from app.db import db
from app.deliveries import erasing, rechecking
from app.deliveries import jobs as sending
from app.deliveries.run import Run
from app.segments import audience, keeping, listed
from app.segments.definition import Definition as Wanted
from app.segments.segment import Segment
from tests.automations.happening import mails, runs, take
from tests.automations.making import ADA, NOW, make_active, make_automation, make_segment
from tests.deliveries.dying import killed_after
from tests.deliveries.making import addresses, adds_up
from tests.events.coming_in import event as coming
from tests.events.coming_in import store
from tests.factories import make_attribute, make_customer, make_customers

RECHECK = {"recheck_segment": True}
MAYAS = {"field": "first_name", "op": "equals", "value": "Maya"}
AWAY = {"attribute": "seen", "op": "not_within_last", "value": "7d"}
# Each kind of thing that a statement is told: moments, days, lengths, texts, numbers, lists.
RULES = (
    {"field": "created_date", "op": "within_last", "value": "30d"},
    {"field": "created_date", "op": "between", "value": ["2026-10-01", "2026-12-01"]},
    *({"attribute": name, "op": "within_last", "value": "7d"} for name in ("seen", "intake", "unknown")),
    *({"attribute": name, "op": "not_within_last", "value": "7d"} for name in ("seen", "intake", "unknown")),
    {"attribute": "score", "op": "between", "value": [1, 2.5]},
    {"attribute": "intake", "op": "equals", "value": "2026-11-03"},
    {"attribute": "score", "op": "changed_within", "value": "9d"},
    {"event": "login", "within": {"last": "30d"}, "times": {"at_most": 1}},
    {"event": "login", "within": {"since": "last_run"}},
    {"sequence": ["kyc", "loan"], "within": "48h"},
    {"event": "checkout", "not_followed_by": "order", "for": "24h"},
    {"orders": "spent", "op": "at_least", "value": 50},
    {"cart": "idle", "for": "24h"},
    {"consent": "newsletter", "is": "given"},
    {"field": "timezone", "op": "in", "value": ["UTC", "Europe/Berlin"]},
)  # fmt: skip


@pytest.fixture
def people(app):
    return make_customers(3, first_name="Maya")


def planned(segment: Segment, **more) -> Run:
    automation = make_active(segment_id=segment.id, limits=RECHECK, **more)
    occasions.by_hand(automation, clock(), ADA, occasions.new_occasion())
    db.session.commit()
    jobs.plan_runs()
    return runs()[-1]


def make_list(people) -> Segment:
    segment = keeping.create(Wanted("Chosen", "manual"), NOW, ADA)
    listed.add(segment, [one.id for one in people], "by hand", ADA)
    db.session.commit()
    return segment


def fates() -> list[tuple[str, str | None]]:
    return [(one.state, one.reason) for one in mails()]


def test_who_does_not_meet_the_rules_any_more_is_left_out_with_the_reason(people):
    run = planned(make_segment("Mayas", MAYAS))
    people[1].first_name = "Nia"
    db.session.commit()
    sending.send()
    assert fates() == [("accepted", None), ("skipped", "left_segment"), ("accepted", None)]
    assert adds_up(run)


def test_who_was_taken_off_the_list_is_left_out(people):
    segment = make_list(people)
    planned(segment)
    listed.remove(segment, [people[0].id], ADA)
    db.session.commit()
    sending.send()
    assert addresses() == [one.email for one in people[1:]]


def test_what_somebody_makes_of_the_rules_afterwards_is_for_the_next_run(people):
    segment = make_segment("Mayas", MAYAS)
    planned(segment)
    keeping.change(segment, Wanted("Nobody", "rules", rules={**MAYAS, "value": "X"}), segment.version, NOW, ADA)
    db.session.commit()
    sending.send()
    assert len(addresses()) == 3


def test_who_left_after_their_mail_was_sealed_does_not_get_it_either(people):
    planned(make_segment("Mayas", MAYAS))
    killed_after(1)
    assert {one.state for one in mails()} == {"sealed"}
    people[1].first_name = "Nia"
    db.session.commit()
    db.session.execute(text("UPDATE batches SET not_before = now(), lease_until = NULL"))
    db.session.commit()
    sending.send()
    assert fates()[1] == ("skipped", "left_segment")
    assert len(addresses()) == 2


def test_it_costs_one_statement_a_batch_and_nothing_where_nobody_wants_it(people):
    run, ids, now = planned(make_segment("Mayas", MAYAS)), [one.id for one in people], clock()
    with statements() as asked:
        assert rechecking.left(run, ids, now) == set()
    assert len(asked) == 1
    run.audience = None
    with statements() as asked:
        assert rechecking.left(run, ids, now) == set()
    assert asked == []


@contextlib.contextmanager
def statements() -> Iterator[list[str]]:
    asked: list[str] = []

    def hear(_connection, _cursor, statement, *_rest) -> None:
        asked.append(statement)

    event.listen(db.engine, "before_cursor_execute", hear)
    yield asked
    event.remove(db.engine, "before_cursor_execute", hear)


def test_an_answer_is_asked_about_once_more_before_it_is_sealed(people):
    make_active(trigger={"event": "login"}, segment_id=make_segment("Mayas", MAYAS).id, limits=RECHECK)
    for one in people:
        store(coming(Who(customer_id=one.id), "login", clock()), now=clock())
    take(clock())
    people[2].first_name = "Nia"
    db.session.commit()
    sending.send()
    assert sorted(fates()) == [("accepted", None), ("accepted", None), ("skipped", "left_segment")]


@pytest.mark.parametrize("rule", RULES, ids=json.dumps)
def test_what_follows_the_clock_follows_it_from_planning_to_sending(app, rule):
    for name, kind in (("seen", "timestamp"), ("intake", "date"), ("score", "numeric")):
        make_attribute(name, kind)
    automation = make_automation(segment_id=make_segment("S", rule).id, limits=RECHECK)
    run, began = occasions.at(automation, NOW), NOW - timedelta(days=2)
    segment = db.session.get(Segment, automation.segment_id)
    meant.keep(run, segment, audience.of(segment, NOW, began), NOW, began)
    db.session.commit()
    later = NOW + timedelta(days=2, hours=5, minutes=7)
    wanted = audience.of(segment, later, began)
    assert run.audience["sql"] == wanted.sql
    assert rechecking._said(run.audience, later) == wanted.said


def test_who_was_away_and_came_back_has_left(app):
    make_attribute("seen", "timestamp")
    maya = make_customer(email="maya@posteo.example", attributes={"seen": "2026-01-01T08:00:00+00:00"})
    planned(make_segment("Away", AWAY))
    maya.attributes = {"seen": clock().isoformat()}
    db.session.commit()
    sending.send()
    assert fates() == [("skipped", "left_segment")]


def test_sql_cannot_be_asked_again_nor_can_rules_that_name_it(people):
    sql = keeping.create(Wanted("By SQL", "sql", selection_sql="SELECT id FROM customers"), NOW, ADA)
    outer = make_segment("Outer", {"segment": sql.id})
    for one in (sql, outer):
        wanted = Definition("A", segment_id=one.id, trigger={"once": "now"}, limits=RECHECK)
        assert [(found.path, found.message) for found in problems(wanted, NOW)] == [(meant.PATH, meant.CANNOT)]
    assert problems(Definition("A", segment_id=outer.id, trigger={"once": "now"}), NOW) == []


def test_without_a_segment_there_is_nothing_to_ask_about_again(app):
    answers = Definition("A", trigger={"event": "login"}, limits=RECHECK)
    assert [found.path for found in problems(answers, NOW)] == [meant.PATH]
    assert problems(Definition("A", trigger={"cron": "0 10 * * *"}, limits=RECHECK), NOW) == []


def test_a_segment_that_became_a_function_meanwhile_fails_the_run_and_nobody_gets_anything(people):
    segment = make_segment("Mayas", MAYAS)
    automation = make_automation(segment_id=segment.id, limits=RECHECK)
    segment.type, segment.handler_function, segment.arguments = "function", "random_percent", {"percent": 50}
    run = occasions.at(automation, NOW)
    db.session.commit()
    planning.plan(run.id, NOW)
    db.session.commit()
    assert (run.state, run.state_reason, mails()) == ("failed", meant.CANNOT, [])


def test_an_erased_address_is_not_kept_in_what_a_run_was_told(people):
    run = planned(make_segment("Her", {"field": "email", "op": "in", "value": ["P0@posteo.example", "x@y.example"]}))
    for _ in erasing.erase(Person(people[0].id, [people[0].id], [], ["p0@posteo.example"], [])):
        db.session.commit()
    db.session.refresh(run)
    kept = json.dumps(run.audience)
    assert ("p0@posteo" in kept.lower(), "x@y.example" in kept) == (False, True)
    assert rechecking.left(run, [people[0].id], clock()) == {people[0].id}
