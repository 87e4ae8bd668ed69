"""Why did they (not) get it, where a row of a run tells it, and where none does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text, update

from app.audit.actor import COMMAND_LINE
from app.consent import preferences, suppressions
from app.consent.preferences import Word
from app.consent.suppressions import Incoming
from app.customers.customer import Customer
from app.db import db
from app.deliveries import stopping
from app.deliveries.delivery import Delivery
from app.deliveries.filling import Whom
from app.deliveries.run import Run
from app.metrics import explain, timeline
from app.settings import topics
from app.tracking.receipts.delivery_receipt import DeliveryReceipt
from tests.deliveries.making import delivery_to, make_run, make_version, planned
from tests.factories import make_customer
from tests.segments.making import MAYA_ONLY, make_rules, make_segment, put

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def now():
    return datetime.now(UTC)


def maya(**facts):
    return make_customer("Maya", **({"email": "maya@posteo.example", "created_date": LONG_AGO} | facts))


def the_only():
    return db.session.scalars(select(Customer)).one()


def says_no(topic):
    word = Word("page", "one-click", LONG_AGO)
    preferences.say(the_only().id, {topics.id_of(topic): False}, word)


def gates(explanation):
    return {one.name: one for one in explanation.gates}


def standings(explanation):
    return {one.name: one.standing for one in explanation.gates}


# What keeps somebody from being written to: their facts, and the gate that says so.
LEFT_OUT = [
    ({"email": None}, None, "address", "No e-mail address."),
    ({"email": "nonsense"}, None, "address", "What stands as their address is none."),
    ({}, lambda: suppressions.put_many([Incoming(0, "maya@posteo.example", "hard_bounce", LONG_AGO)], "Mailer"),
     "suppressed", "bounced for good (Mailer)"),
    ({}, lambda: says_no("newsletter"), "consent", "They said no to “Newsletter” (one-click)."),
    ({}, lambda: says_no("marketing"), "consent", "They said no to all marketing mail (one-click)."),
    ({}, lambda: preferences.pause(the_only().id, now()), "consent", "They paused marketing mail."),
]  # fmt: skip


@pytest.mark.parametrize(("facts", "happens", "gate", "said"), LEFT_OUT, ids=[one[2] + one[3][:9] for one in LEFT_OUT])
def test_who_was_left_out_at_planning_is_told_the_first_gate_that_closed(app, facts, happens, gate, said):
    customer = maya(**facts)
    if happens:
        happens()
    run = make_run()
    found = explain.of_run(run, customer, now())
    assert (found.stop.name, found.is_sent, found.is_foretold) == (gate, False, False)
    assert said in found.stop.said
    assert standings(found)["posted"] == "ahead"


# What the row of a mail says, and: the first gate that stopped it or holds it, how that stands, and the words.
ROWS = [
    ({"state": "skipped", "reason": "capped"}, "capped", "stopped", "Enough mail already"),
    ({"state": "skipped", "reason": "holdout"}, "holdout", "stopped", "Held out on purpose"),
    ({"state": "skipped", "reason": "not_allowed"}, "allowed", "stopped", "MAIL_ALLOW"),
    ({"state": "skipped", "reason": "duplicate_address"}, "duplicate", "stopped", "the same address"),
    ({"state": "skipped", "reason": "expired"}, "held", "stopped", "too late"),
    ({"state": "skipped", "reason": "missing_field"}, "drawn", "stopped", "A field that the mail needs"),
    ({"state": "failed", "reason": "render"}, "drawn", "stopped", "could not be drawn"),
    ({"state": "skipped", "reason": "cancelled"}, "posted", "stopped", "Cancelled"),
    ({"state": "failed", "reason": "no such mailbox"}, "accepted", "stopped", "no such mailbox"),
    ({"state": "uncertain", "reason": "No answer came."}, "accepted", "unknown", "No answer came."),
    ({"state": "planned"}, "posted", "waits", "waits for its turn"),
    ({"state": "bounced", "accepted_at": LONG_AGO, "bounced_at": LONG_AGO}, "delivered", "stopped", "nobody said why"),
    ({"state": "complained", "accepted_at": LONG_AGO, "complained_at": LONG_AGO}, "complained", "stopped", "as spam"),
]  # fmt: skip


@pytest.mark.parametrize(("row", "gate", "standing", "said"), ROWS, ids=[f"{one[1]}-{one[2]}" for one in ROWS])
def test_the_row_of_a_mail_is_the_truth(app, row, gate, standing, said):
    customer = maya()
    run = make_run()
    db.session.execute(update(Delivery).values(row))
    db.session.commit()
    found = explain.of_run(run, customer, now())
    assert said in gates(found)[gate].said
    assert standings(found)[gate] == standing
    assert (found.stop.name if found.stop else None) == (gate if standing == "stopped" else None)
    assert standings(found)["consent"] == "passed" or gate in ("allowed",)


def test_a_mail_that_came_back_says_so_in_the_words_of_the_provider(app):
    customer, run = maya(), make_run()
    db.session.execute(update(Delivery).values(state="bounced", accepted_at=LONG_AGO, bounced_at=LONG_AGO))
    told = {"provider": "resend", "provider_id": "x", "kind": "bounced", "at": LONG_AGO, "matched_at": LONG_AGO}
    mail = db.session.scalars(select(Delivery)).one()
    db.session.add(DeliveryReceipt(**told, delivery_id=mail.id, detail={"said": "mailbox full"}))
    db.session.commit()
    assert gates(explain.of_run(run, customer, now()))["delivered"].said == "It came back: mailbox full"
    bounced = next(line for line in timeline.of(customer.id, "mail", None).lines if line.name == "bounced")
    assert bounced.properties["reason"] == "mailbox full"


def test_a_mail_that_was_clicked_passed_everything_and_a_machine_is_no_person(app):
    customer, run = maya(), make_run()
    came = {"state": "delivered", "accepted_at": LONG_AGO, "delivered_at": LONG_AGO, "opened_at": LONG_AGO + HOUR}
    db.session.execute(update(Delivery).values(came | {"machine_clicked_at": LONG_AGO + HOUR}))
    db.session.commit()
    found = explain.of_run(run, customer, now())
    assert found.is_sent
    assert found.stop is None
    assert (gates(found)["opened"].standing, gates(found)["opened"].at) == ("passed", LONG_AGO + HOUR)
    assert (gates(found)["clicked"].standing, gates(found)["clicked"].said) == ("ahead", "Only by a machine so far.")
    assert "converted" not in gates(found)


def test_a_goal_that_was_reached_is_the_mails_or_another_ones(app):
    customer, run = maya(), make_run(goal={"event": "order_completed", "within": "5d"})
    db.session.execute(update(Delivery).values(state="accepted", accepted_at=LONG_AGO))
    assert gates(explain.of_run(run, customer, now()))["converted"].said == "Not so far."
    db.session.execute(update(Delivery).values(reached_at=LONG_AGO + DAY))
    db.session.expire_all()
    assert "the credit is another's" in gates(explain.of_run(run, customer, now()))["converted"].said
    db.session.execute(update(Delivery).values(converted_at=LONG_AGO + DAY))
    db.session.expire_all()
    assert standings(explain.of_run(run, customer, now()))["converted"] == "passed"


# What holds a mail that waits: a change of its batch, and the words.
HOLDS = [
    ("UPDATE batches SET held_for = 'quiet_hours', not_before = now() + interval '1 hour'", "held", "quiet hours"),
    ("UPDATE batches SET state = 'held', waiting_since = NULL", "held", "behind the first few"),
    ("UPDATE batches SET error = 'The provider is busy.'", "posted", "The provider is busy."),
    ("UPDATE batches SET error = 'Broken.', failed_at = now()", "posted", "Set aside"),
    ("UPDATE runs SET state = 'paused', state_reason = 'Too many bounces.'", "posted", "Too many bounces."),
]


@pytest.mark.parametrize(("change", "gate", "said"), HOLDS, ids=[one[2][:12] for one in HOLDS])
def test_a_mail_that_waits_says_what_it_waits_for(app, change, gate, said):
    customer, run = maya(), make_run()
    db.session.execute(text(change))
    db.session.expire_all()
    found = explain.of_run(run, customer, now())
    assert (found.wait.name, found.stop) == (gate, None)
    assert said in found.wait.said


def test_while_all_mail_is_stopped_that_is_what_it_waits_for(app):
    customer, run = maya(), make_run()
    stopping.throw(True, stopping.versioned()[1], COMMAND_LINE)
    assert explain.of_run(run, customer, now()).wait.said == stopping.SAID


def test_of_two_who_share_an_address_the_second_is_told_so(app):
    maya()
    twin = make_customer("Tom", email="Maya@posteo.example", created_date=LONG_AGO)
    assert explain.of_run(make_run(), twin, now()).stop.name == "duplicate"


def test_a_no_that_came_after_planning_is_not_told_as_the_reason(app):
    """The address was listed when it was planned; that entry is gone, and another one is younger than the run."""
    customer, run = maya(), make_run()
    db.session.execute(update(Delivery).values(state="skipped", reason="suppressed", part=None))
    suppressions.put_many([Incoming(0, "maya@posteo.example", "complaint", now() + HOUR)], "Mailer")
    db.session.commit()
    assert "Mailer" not in explain.of_run(run, customer, now()).stop.said


# nobody of the audience


NOBODY = Whom("SELECT id AS customer_id FROM customers WHERE false")


def run_for(segment, **facts):
    return make_run(make_version(), NOBODY, segment_id=segment.id, segment_name=segment.name, **facts)


def test_who_was_not_in_the_segment_is_told_by_which_conditions(app):
    tom = make_customer("Tom", created_date=LONG_AGO)
    found = explain.of_run(run_for(make_rules("All Mayas", MAYA_ONLY)), tom, now())
    assert (found.stop.name, found.is_foretold) == ("segment", True)
    assert "were not in “All Mayas” at that time, nor are they now" in found.stop.said
    assert not found.stop.reason.holds
    assert found.stop.reason.reasons[0].value == "Tom"


def test_who_is_in_it_now_was_not_then_and_nobody_knows_why(app):
    customer, segment = maya(), make_segment("Warm")
    run = run_for(segment)
    put(segment, customer)
    said = explain.of_run(run, customer, now()).stop.said
    assert "now they are. What has changed about them was not kept" in said


def test_who_signed_up_later_was_not_there(app):
    run = run_for(make_segment("Warm"))
    late = maya(created_date=now() + HOUR)
    assert explain.of_run(run, late, now()).stop.said == "They signed up only after that."


def test_a_segment_that_cannot_be_computed_says_so(app):
    segment = make_rules("Broken", MAYA_ONLY)
    run = run_for(segment)
    segment.rules = {"all": [{"segment": 999}]}
    db.session.commit()
    assert "now it cannot be computed: There is no segment 999" in explain.of_run(run, maya(), now()).stop.said


def test_a_run_that_failed_or_is_still_being_planned_says_that_first(app):
    run, customer = planned(), maya()
    assert explain.of_run(run, customer, now()).wait.said == "Its people are being looked up."
    db.session.execute(update(Run).values(state="failed", state_reason="Its segment was deleted.", finished_at=now()))
    db.session.expire_all()
    assert "Its segment was deleted." in explain.of_run(run, customer, now()).stop.said


def test_the_mail_of_a_delivery_is_explained_by_itself(app):
    customer = maya()
    first, _second = make_run(key="a"), make_run(make_version(), key="b")
    db.session.execute(update(Delivery).where(Delivery.run_id == first.id).values(state="skipped", reason="capped"))
    db.session.commit()
    assert explain.of_delivery(delivery_to(customer, first), customer, now()).stop.name == "capped"
