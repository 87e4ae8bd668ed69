"""From the call of the product database to the mail, and until nothing is left but the run."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import OperationalError

from app.alerts.alert import Alert
from app.audit.entry import Entry
from app.automations import following, jobs, planning
from app.automations.automation import Automation
from app.automations.launches import launching, steps
from app.automations.launches.wanted import Wanted
from app.consent import links
from app.db import db
from app.deliveries import message, runs, viewing
from app.deliveries.delivery import Delivery
from app.metrics import triggers
from app.metrics.ranges import Range
from app.metrics.scope import Scope
from app.problem import Refused
from app.segments import usage
from app.segments.segment import Segment
from tests.automations.making import make_active, make_segment
from tests.deliveries.making import addresses, outbox, sent
from tests.factories import make_event
from tests.launches.making import (
    ADA,
    BODY,
    launches,
    make_fan,
    make_launch,
    make_product,
    make_starter,
    moved,
    now,
    run_of,
    set_launches,
    went_out,
)


@pytest.fixture(autouse=True)
def starter(app):
    return make_starter()


@pytest.fixture
def shop(make_system):
    return make_system("ingest")


def count(model):
    return db.session.scalar(select(func.count()).select_from(model))


def states(launch):
    run = run_of(launch)
    return [one.state for one in steps.of(launch, run, runs.account(run))]


def test_a_call_reaches_whoever_has_the_interest_and_leaves_only_the_run(shop):
    make_fan("Maya", "Festivals")
    make_fan("Noor", ["films", "FESTIVALS"])
    make_fan("Lars", "films")
    make_fan("Olga", None)
    answer = shop.post("product-launches", {**BODY, "line_up": "six stages"})
    assert answer.status_code == 202
    launch = launches()[0]
    assert answer.get_json() == {"run_id": launch.run_id}
    segment, automation = db.session.get(Segment, launch.segment_id), db.session.get(Automation, launch.automation_id)
    assert (segment.name, segment.is_passing) == ("Interested in festivals · Coachella", True)
    assert (automation.trigger, automation.purpose, automation.is_passing) == ({"launch": {}}, "promotional", True)
    went_out()
    assert addresses() == ["maya@campus.example", "noor@campus.example"]
    assert outbox()[0].subject == "New: Coachella"
    assert "Coachella for Maya: six stages" in outbox()[0].html
    launch, run = launches()[0], run_of(launches()[0])
    assert (run.state, run.planned, run.name) == ("finished", 2, "Launch of Coachella")
    assert (launch.outcome, count(Segment), count(Automation)) == ("finished", 0, 0)
    assert launch.received_at <= launch.audience_at <= launch.sending_at <= launch.done_at <= launch.cleaned_at
    assert (launch.segment_id, launch.automation_id, run.segment_name) == (None, None, segment_name())
    assert states(launch) == ["done"] * 5


def segment_name():
    return "Interested in festivals · Coachella"


def test_the_mail_can_be_viewed_after_everything_was_cleaned(shop, stranger):
    make_fan("Maya")
    shop.post("product-launches", {**BODY, "line_up": "six stages"})
    went_out()
    delivery = db.session.scalars(select(Delivery)).one()
    assert "Coachella for Maya: six stages" in (viewing.page(delivery.id) or "")
    page = stranger.get(f"/view?token={links.view(delivery.id)}")
    assert "six stages" in page.get_data(as_text=True)


def test_the_answer_is_the_same_where_nobody_has_the_interest(shop):
    assert shop.post("product-launches", BODY).status_code == 202
    went_out()
    launch = launches()[0]
    assert (run_of(launch).state, run_of(launch).planned, launch.outcome) == ("finished", 0, "finished")
    assert states(launch) == ["done", "done", "left out", "done", "done"]


def test_the_mail_knows_what_was_sent_and_what_the_catalogue_knows(app):
    make_product("P-1", price=4900, image_url="https://shop.example/tent.png")
    facts = make_launch(product_id="P-1", said={"product_price": 3900}).facts
    assert facts["product"] == {
        "product_id": "P-1",
        "name": "Coachella",
        "url": "https://www.coachella.com/",
        "image_url": "https://shop.example/tent.png",
        "price": 3900,
        "currency": "EUR",
        "category": "festivals",
    }
    assert (facts["interest"], facts["product_id"], facts["product_price"]) == ("festivals", "P-1", 3900)


def test_a_scheduled_one_has_its_run_at_once_and_goes_out_at_its_time(shop):
    make_fan("Maya")
    later = now() + timedelta(days=2)
    shop.post("product-launches", {**BODY, "at": later.isoformat()})
    went_out()
    launch = launches()[0]
    assert (launch.scheduled_for, run_of(launch).planned_for, run_of(launch).state) == (later, later, "planning")
    assert (outbox(), states(launch)) == ([], ["done", "now", "ahead", "ahead", "ahead"])
    make_fan("Noor")  # she has it by then, too
    planning.plan(launch.run_id, later)
    db.session.commit()
    sent()
    moved()
    assert addresses() == ["maya@campus.example", "noor@campus.example"]
    assert launches()[0].cleaned_at is not None


def test_the_team_may_have_a_time_of_day_for_all_of_them(app):
    set_launches(at="08:30")
    scheduled = make_launch().scheduled_for
    assert scheduled > now()
    assert scheduled <= now() + timedelta(days=1)
    assert (scheduled.hour, scheduled.minute) == (8, 30)
    assert make_launch(at=now()).scheduled_for is None  # at once was said


def test_a_cancelled_one_is_cleaned_likewise(app):
    make_fan("Maya")
    launch = make_launch()
    jobs.plan_runs()
    runs.cancel(run_of(launch), now(), ADA)
    db.session.commit()
    moved()
    launch = launches()[0]
    assert (launch.outcome, count(Segment), count(Automation), outbox()) == ("cancelled", 0, 0, [])
    assert states(launch) == ["done", "done", "left out", "done", "done"]


def test_a_failed_one_is_cleaned_likewise(app):
    launch = make_launch()
    runs.fail(run_of(launch), "It cannot be computed.", now())
    db.session.commit()
    moved()
    assert (launches()[0].outcome, count(Segment), count(Automation)) == ("failed", 0, 0)
    assert states(launches()[0]) == ["done", "left out", "left out", "done", "done"]


def test_one_that_is_killed_between_two_steps_goes_on_where_it_was(app):
    make_fan("Maya")
    make_launch()
    jobs.plan_runs()
    sent()
    going = steps.move_on(now())
    next(going)
    db.session.commit()  # done is known, nothing is deleted yet
    going.close()
    assert (launches()[0].outcome, launches()[0].cleaned_at, count(Segment)) == ("finished", None, 1)
    moved()
    first = launches()[0].cleaned_at
    moved()
    assert (launches()[0].cleaned_at, count(Segment), len(outbox())) == (first, 0, 1)


def test_a_segment_that_somebody_uses_meanwhile_becomes_one_of_theirs(app):
    launch = make_launch()
    make_segment("Fans of theirs", {"all": [{"segment": launch.segment_id}]})
    went_out()
    kept = db.session.scalars(select(Segment).where(Segment.name.like("Interested%"))).one()
    assert (kept.is_passing, count(Automation)) == (False, 0)


def test_what_people_did_in_the_shop_counts_where_the_team_wants_it(app):
    looked, once = make_fan("Maya", None), make_fan("Noor", None)
    for _ in range(2):
        make_event(looked, "product_viewed", now(), category="festivals")
    make_event(once, "product_viewed", now(), category="festivals")
    make_launch()
    went_out()
    assert outbox() == []
    set_launches(views=2)
    make_launch()
    went_out()
    assert addresses() == ["maya@campus.example"]


def test_an_automation_that_somebody_keeps_for_launches_goes_out_with_its_facts(app, starter):
    make_fan("Olga", None)
    make_active("Press", template_id=starter.id, trigger={"launch": {}})
    make_launch(said={"line_up": "six stages"})
    went_out()
    assert [one.to_email for one in outbox()] == ["olga@campus.example"]
    assert "Coachella for Olga: six stages" in outbox()[0].html
    assert count(Automation) == 1


def test_an_unpublished_mail_launches_nothing(shop):
    draft = make_starter(is_published=False, starter=None)
    answer = shop.post("product-launches", {**BODY, "message_template_id": draft.id})
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (422, "not_ready")
    assert answer.get_json()["error"]["details"][0]["field"] == "message_template_id"
    assert (launches(), count(Segment), count(Automation)) == ([], 0, 0)


def test_each_step_of_it_is_in_the_audit_trail(app):
    make_launch()
    went_out()
    said = {(one.actor_name, one.verb, one.subject_type) for one in db.session.scalars(select(Entry))}
    assert {
        ("Ada", "launched", "launch"),
        ("Ada", "created", "segment"),
        ("Ada", "created", "automation"),
        ("Launches", "deleted", "segment"),
        ("Launches", "deleted", "automation"),
    } <= said


def test_a_form_that_is_wrong_is_refused_before_anything_is_kept(app):
    with pytest.raises(Refused):
        launching.launch(Wanted("", "", ""), "hand", now(), ADA)


def test_the_facts_of_one_mail_go_before_those_of_its_run(app):
    person = make_fan("Maya")
    launch = make_launch()
    writer = message.Writer.of(run_of(launch))
    mail = writer.write(1, message.people([person.id])[person.id], {"line_up": "of her own"})
    assert "Coachella for Maya: of her own" in mail.html


def test_a_sender_that_is_gone_leaves_the_default_one(app):
    make_fan("Maya")
    set_launches(sender_id=999)
    make_launch()
    went_out()
    assert addresses() == ["maya@campus.example"]


def test_its_mails_are_figures_of_launches_and_not_of_what_was_deleted(app):
    make_fan("Maya")
    make_launch()
    went_out()
    assert run_of(launches()[0]).behaviour == "launch"
    today = Range(now().date(), now().date(), ZoneInfo("UTC"))
    assert [(one.kind, one.figures.sent) for one in triggers.of(Scope(today))] == [("launch", 1)]


def test_that_one_failed_is_told_until_somebody_has_seen_it(app):
    launch = make_launch()
    runs.fail(run_of(launch), "It cannot be computed.", now())
    db.session.commit()
    moved()
    moved()
    assert count(Automation) == 0
    standing = db.session.scalars(select(Alert).where(Alert.settled_at.is_(None))).one()
    assert (standing.cause, standing.path) == (f"run-failed:{launch.run_id}", f"/runs/{launch.run_id}")


def test_however_many_are_stuck_one_that_is_over_is_cleaned(app, monkeypatch):
    monkeypatch.setattr(steps, "AT_ONCE", 1)
    stuck = make_launch()
    make_launch()
    runs.pause(run_of(stuck), "A look.", ADA)
    db.session.commit()
    went_out()
    assert [one.cleaned_at is not None for one in launches()] == [False, True]


def test_nobody_begins_to_use_its_segment_while_it_is_cleaned(app, monkeypatch):
    make_launch()
    asked = usage.of

    def of(segment_id):
        with db.engine.connect() as other, pytest.raises(OperationalError):
            other.execute(text("SELECT FROM customer_segments WHERE id = :id FOR SHARE NOWAIT"), {"id": segment_id})
        return asked(segment_id)

    monkeypatch.setattr(usage, "of", of)
    went_out()
    assert count(Segment) == 0


def test_a_mail_after_that_of_a_launch_has_its_facts(app, starter):
    make_fan("Maya", None)
    kept = make_active("Press", template_id=starter.id, trigger={"launch": {}})
    trigger = {"after": {"automation": kept.id, "delay": "1d"}}
    make_active("Second", now(), template_id=starter.id, trigger=trigger, segment_id=None)
    make_launch(said={"line_up": "six stages"})
    went_out()
    for _ in following.follow(now() + timedelta(days=1, minutes=5)):
        db.session.commit()
    sent()
    assert len(outbox()) == 2
    assert all("Coachella for Maya: six stages" in one.html for one in outbox())
