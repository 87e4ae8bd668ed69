"""What people do is answered once, with what they did in it, after the wait that was asked for, or not at all."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import delete, func, select, text

from app.automations import answering, jobs, keeping, waits
from app.automations.trigger_wait import TriggerLast, TriggerWait
from app.clock import clock
from app.consent import suppressions
from app.customers.who import Who
from app.db import db
from app.deliveries import jobs as sending
from app.deliveries import runs as deliveries
from app.deliveries.batch import Batch
from app.events.event_work import EventWork
from app.segments import keeping as segments
from tests.automations.happening import happens, mails, moves, outcomes, runs, settle, take, to
from tests.automations.making import ADA, NOW, make_active, make_segment
from tests.events.coming_in import event, store
from tests.factories import make_customer

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
PAID = {"event": "order_completed"}


def answers(trigger=PAID, **said):
    return make_active(trigger=trigger, **{"segment_id": None, **said})


@pytest.fixture
def maya(app):
    return make_customer("Maya", email="maya@posteo.example")


def test_an_event_is_answered_at_once_with_what_was_told(maya):
    answers()
    happens(maya, "order_completed", NOW, number="O-7")
    (mail,) = mails()
    assert (mail.customer_id, mail.state) == (maya.id, "planned")
    assert mail.facts["event"]["properties"] == {"number": "O-7"}
    batch = db.session.scalars(select(Batch)).one()
    assert (batch.part, batch.lane) == (mail.part, deliveries.ANSWER)


def test_nothing_else_is_answered(maya):
    answers()
    happens(maya, "login", NOW)
    keeping.deactivate(answers({"event": "login"}, name="Two"), ADA)
    db.session.commit()
    happens(maya, "login", NOW + MINUTE)
    assert mails() == []


def test_only_what_meets_the_conditions(maya):
    answers({"event": "order_completed", "where": [{"property": "total", "op": "at_least", "value": 1000}]})
    happens(maya, "order_completed", NOW, total=999)
    happens(maya, "order_completed", NOW, total=1000)
    happens(maya, "order_completed", NOW)
    assert [mail.facts["event"]["properties"] for mail in mails()] == [{"total": 1000}]


def test_a_move_through_a_funnel_is_the_event_funnel(maya):
    where = [{"property": "funnel_type", "value": "sales"}, {"property": "to_stage", "value": "enrolled"}]
    answers({"event": "funnel", "where": where})
    moves(maya, "applied", NOW)
    moves(maya, "enrolled", NOW, from_stage="applied")
    happens(maya, "funnel", NOW, to_stage="enrolled", funnel_type="sales")
    (mail,) = mails()
    said = mail.facts["event"]["properties"]
    assert said == {"funnel_type": "sales", "from_stage": "applied", "to_stage": "enrolled"}


def test_a_day_is_a_run_that_ends_with_it(maya):
    answers()
    happens(maya, "order_completed", NOW)
    happens(maya, "order_completed", NOW + HOUR)
    (run,) = runs()
    assert (run.state, run.planned, run.open_until > NOW + HOUR) == ("sending", 2, True)
    db.session.execute(text("UPDATE batches SET state = 'done', waiting_since = NULL"))
    assert deliveries.finish_done(run.open_until - MINUTE) == 0
    assert deliveries.finish_done(run.open_until) == 1
    happens(maya, "order_completed", NOW + DAY)
    assert [one.planned for one in runs()] == [2, 1]


def test_what_is_changed_at_noon_counts_from_noon(maya):
    automation = answers()
    happens(maya, "order_completed", NOW)
    wanted = keeping.definition.of(automation)
    changed = keeping.definition.Definition(**{**wanted.kept(), "purpose": "informational", "topic": None})
    keeping.change(automation, changed, automation.version, NOW, ADA, may_send=True)
    db.session.commit()
    happens(maya, "order_completed", NOW + HOUR)
    assert [run.purpose for run in runs()] == ["promotional", "informational"]


def test_whoever_may_not_be_written_to_is_counted_with_the_reason(maya):
    suppressions.add("maya@posteo.example", "", NOW, ADA)
    db.session.commit()
    answers()
    happens(maya, "order_completed", NOW)
    assert [(mail.state, mail.reason) for mail in mails()] == [("skipped", "suppressed")]
    assert (runs()[0].planned, db.session.scalar(select(func.count()).select_from(Batch))) == (1, 0)


def test_two_people_of_one_address_are_both_answered(maya):
    other = make_customer("Ole", email="maya@posteo.example")
    answers()
    for one in (maya, other):
        happens(one, "order_completed", NOW)
    assert sorted(to()) == sorted([maya.id, other.id])


def test_only_people_of_the_segment_as_it_is_at_that_moment(maya):
    ole = make_customer("Ole", email="ole@posteo.example")
    segment = make_segment("Mayas", {"field": "first_name", "op": "equals", "value": "Maya"})
    answers(segment_id=segment.id)
    for one in (maya, ole):
        happens(one, "order_completed", NOW)
    assert to() == [maya.id]


def test_a_storm_is_one_mail(maya):
    answers({"event": "click_clack", "at_most_every": "1d"})
    who = Who(customer_id=maya.id)
    store(*(event(who, "click_clack", NOW + timedelta(seconds=n / 100)) for n in range(500)), now=NOW)
    for _ in range(3):
        rows = list(db.session.scalars(select(EventWork.id).order_by(EventWork.id).limit(170)))
        answering.take(rows, NOW)
        db.session.execute(delete(EventWork).where(EventWork.id.in_(rows)))
        db.session.commit()
    take(NOW)
    assert to() == [maya.id]
    happens(maya, "click_clack", NOW + DAY - MINUTE)
    assert to() == [maya.id]
    happens(maya, "click_clack", NOW + DAY)
    assert to() == [maya.id, maya.id]


def test_who_goes_on_and_on_waits_once(maya):
    answers({"event": "cart_updated", "delay": "2h", "at_most_every": "1d"})
    for minutes in range(5):
        happens(maya, "cart_updated", NOW + minutes * MINUTE)
    assert outcomes() == [None]
    settle(NOW + 2 * HOUR)
    assert (to(), outcomes()) == ([maya.id], ["answered"])


def test_paid_meanwhile_nobody_is_reminded_and_it_is_known_why(maya):
    """Checkout at ten, paid at half past eleven: no reminder at noon. Another gets theirs."""
    ole = make_customer("Ole", email="ole@posteo.example")
    answers({"event": "checkout_started", "delay": "2h", "unless": PAID})
    for one in (maya, ole):
        happens(one, "checkout_started", NOW)
    settle(NOW + 2 * HOUR - MINUTE)
    happens(maya, "order_completed", NOW + 90 * MINUTE)
    assert to() == []
    settle(NOW + 2 * HOUR)
    assert to() == [ole.id]
    (told, _), *_ = waits.of_customer(maya.id, 10)
    assert (told.outcome, told.settled_at) == ("happened", NOW + 2 * HOUR)


def test_what_happened_before_does_not_count_as_meanwhile(maya):
    answers({"event": "checkout_started", "delay": "2h", "unless": PAID})
    happens(maya, "order_completed", NOW - MINUTE)
    happens(maya, "checkout_started", NOW)
    settle(NOW + 2 * HOUR)
    assert to() == [maya.id]


def test_the_segment_and_the_permission_are_asked_when_it_is_due(maya):
    segment = make_segment("Mayas", {"field": "first_name", "op": "equals", "value": "Maya"})
    answers({"event": "checkout_started", "delay": "2h"}, segment_id=segment.id)
    ole = make_customer("Maya", email="ole@posteo.example")
    for one in (maya, ole):
        happens(one, "checkout_started", NOW)
    ole.first_name = "Ole"
    suppressions.add("maya@posteo.example", "", NOW, ADA)
    db.session.commit()
    settle(NOW + 2 * HOUR)
    assert [(mail.customer_id, mail.reason) for mail in mails()] == [(maya.id, "suppressed")]
    assert outcomes() == ["answered", "outside"]


def test_what_happened_long_ago_is_answered_by_nobody(maya):
    answers()
    happens(maya, "order_completed", NOW - 7 * HOUR, now=NOW)
    assert mails() == []
    happens(maya, "order_completed", NOW - 5 * HOUR, now=NOW)
    assert to() == [maya.id]


def test_a_clock_that_goes_ahead_delays_nobody(maya):
    answers({"event": "checkout_started", "delay": "2h"})
    happens(maya, "checkout_started", NOW + 20 * HOUR, now=NOW)
    settle(NOW + 2 * HOUR)
    assert to() == [maya.id]


def test_nobody_came_for_half_a_day_and_then_it_is_too_late(maya):
    answers({"event": "checkout_started", "delay": "2h"})
    happens(maya, "checkout_started", NOW)
    settle(NOW + 9 * HOUR)
    assert (to(), outcomes()) == ([], ["expired"])


def test_archived_with_waits_they_are_cancelled_with_the_reason(maya):
    automation = answers({"event": "checkout_started", "delay": "2h"})
    happens(maya, "checkout_started", NOW)
    keeping.archive(automation, NOW, ADA)
    db.session.commit()
    assert outcomes() == ["archived"]
    settle(NOW + 2 * HOUR)
    assert to() == []


def test_not_active_when_it_is_due(maya):
    automation = answers({"event": "checkout_started", "delay": "2h"})
    happens(maya, "checkout_started", NOW)
    keeping.deactivate(automation, ADA)
    db.session.commit()
    settle(NOW + 2 * HOUR)
    assert (to(), outcomes()) == ([], ["inactive"])


def test_a_trigger_that_answers_something_else_by_now(maya):
    automation = answers({"event": "checkout_started", "delay": "2h"})
    happens(maya, "checkout_started", NOW)
    kept = keeping.definition.of(automation).kept()
    changed = keeping.definition.Definition(**{**kept, "trigger": {"event": "login", "delay": "2h"}})
    keeping.change(automation, changed, automation.version, NOW, ADA, may_send=True)
    db.session.commit()
    settle(NOW + 2 * HOUR)
    assert (to(), outcomes()) == ([], ["changed"])


def test_a_trigger_that_goes_by_the_clock_by_now(maya):
    automation = answers({"event": "checkout_started", "delay": "2h"}, segment_id=make_segment().id)
    happens(maya, "checkout_started", NOW)
    kept = keeping.definition.of(automation).kept()
    changed = keeping.definition.Definition(**{**kept, "trigger": {"cron": "0 10 * * *"}})
    keeping.change(automation, changed, automation.version, NOW, ADA, may_send=True)
    db.session.commit()
    settle(NOW + 2 * HOUR)
    assert (to(), outcomes()) == ([], ["changed"])


def test_a_clock_that_goes_ahead_does_not_hide_what_happened_meanwhile(maya):
    answers({"event": "checkout_started", "delay": "2h", "unless": PAID})
    happens(maya, "checkout_started", NOW + 20 * HOUR, now=NOW)
    happens(maya, "order_completed", NOW + HOUR)
    settle(NOW + 2 * HOUR)
    assert (to(), outcomes()) == ([], ["happened"])


def test_a_segment_that_cannot_be_computed_is_tried_again_and_holds_up_nobody(maya):
    segment = make_segment("Odd")
    answers(segment_id=segment.id)
    answers(name="Plain")
    segments.find(segment.id).rules = {"all": [{"fild": 1}]}
    db.session.commit()
    happens(maya, "order_completed", NOW)
    assert (len(mails()), outcomes()) == (1, [None])
    settle(NOW)
    assert (len(mails()), outcomes()) == (1, [None])
    segments.find(segment.id).rules = {"field": "first_name", "op": "equals", "value": "Maya"}
    db.session.commit()
    settle(NOW + MINUTE)
    assert (len(mails()), outcomes()) == (2, ["answered"])


def test_a_cancelled_day_takes_nothing_more_and_the_next_begins_another(maya):
    answers()
    happens(maya, "order_completed", NOW)
    deliveries.cancel(runs()[0], NOW, ADA)
    db.session.commit()
    happens(maya, "order_completed", NOW + MINUTE)
    assert [(run.state, run.planned) for run in runs()] == [("cancelled", 1), ("sending", 1)]


def test_the_account_of_a_day_adds_up(maya):
    answers()
    happens(maya, "order_completed", NOW)
    (run,) = runs()
    found = deliveries.account(run)
    assert (run.planned, found.planned, found.waiting) == (1, 1, 1)


def test_turns_and_waits_go_with_the_automation(maya):
    automation = answers({"event": "checkout_started", "delay": "2h", "at_most_every": "1d"})
    happens(maya, "checkout_started", NOW)
    settle(NOW + 2 * HOUR)
    keeping.delete(automation, ADA)
    db.session.commit()
    assert db.session.scalar(select(func.count()).select_from(TriggerWait)) == 0
    assert db.session.scalar(select(func.count()).select_from(TriggerLast)) == 0


def test_settled_waits_are_forgotten_after_a_while(maya):
    answers({"event": "checkout_started", "delay": "2h"})
    happens(maya, "checkout_started", NOW)
    settle(NOW + 2 * HOUR)
    waits.forget_old(NOW + 2 * HOUR + waits.KEPT)
    assert outcomes() == ["answered"]
    waits.forget_old(NOW + 3 * HOUR + waits.KEPT)
    assert outcomes() == []


def test_by_the_real_queues(maya):
    """From the door to a provider's hands, with the clock of the database."""
    answers()
    now = clock()
    store(event(Who(customer_id=maya.id), "order_completed", now), now=now)
    assert jobs.take_effect() == 1
    sending.send()
    assert [mail.state for mail in mails()] == ["accepted"]
