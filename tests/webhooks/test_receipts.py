"""What becomes of a mail by its receipts: in any order, as often as one likes, at the same moment as our own record."""

from __future__ import annotations

import threading
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, text

from app.consent import permission
from app.consent.suppression import Suppression
from app.consent.suppressions import of_address
from app.db import db
from app.deliveries import capping, figures, outcomes, sealing
from app.deliveries.limits import NONE
from app.deliveries.notice import Notice
from app.deliveries.providers import Outcome, outbox
from app.settings.limits import Cap
from app.tracking.receipts import hearing, resend
from tests.deliveries.making import adds_up, batch, delivery_to, make_run
from tests.events.coming_in import rows
from tests.factories import make_customer
from tests.webhooks import telling
from tests.webhooks.telling import ORDER, POSTED, SECRET, event, fresh, make_sent, post, run_of

NOW = datetime.now(UTC)


@pytest.fixture(autouse=True)
def _known(app):
    with telling.secrets(app, SECRET):
        yield


def told(kind, mail, **changes):
    return resend.read(telling.written(event(kind, mail, **changes)), NOW)


def hear(kind, mail, **changes):
    found = hearing.hear(told(kind, mail, **changes), None, NOW)
    db.session.commit()
    return found


def marks(mail):
    return mail.state, mail.reason, mail.provider_id, mail.accepted_at, *times(mail)


def times(mail):
    return mail.delivered_at, mail.bounced_at, mail.complained_at, mail.failed_later_at


def why_not(customer, purpose="promotional"):
    return permission.refusals([customer.id], purpose, None, NOW)[customer.id]


ENDS = text(
    """
    SELECT d.state, d.reason, d.provider_id, d.accepted_at, d.delivered_at, d.bounced_at, d.complained_at,
           d.failed_later_at, s.email_folded, s.bounced_at, s.complained_at
      FROM deliveries d FULL JOIN suppressions s ON true
    """
)


def test_all_720_orders_of_the_six_receipts_come_to_the_same_however_often_each_is_said(app):
    """From a mail of which nobody knew. Each receipt is heard after each set of others, and after itself.

    Where all ways into a set come to one end, so do all orders of the whole: two that differ meet in a set.
    """
    mail, connection = make_sent("uncertain"), db.session.connection()
    six = {kind: told(kind, mail) for kind in ORDER}
    ends = defaultdict(set)

    def go_on(heard):
        for place, kind in enumerate(ORDER):
            before = connection.begin_nested()
            hearing.hear(six[kind], None, NOW)
            ends[frozenset((*heard, kind))].add(tuple(db.session.execute(ENDS).one()))
            if len(heard) == sum(one in heard for one in ORDER[:place]) and kind not in heard:
                go_on((*heard, kind))
            before.rollback()

    go_on(())
    assert (len(ends), {len(found) for found in ends.values()}) == (2**6 - 1, {1})
    at = [POSTED + timedelta(minutes=minute) for minute in range(6)]
    same = ("complained", None, f"re-{mail.id}", POSTED, at[2], at[3], at[4], at[5])
    assert ends[frozenset(ORDER)] == {(*same, "maya@people.example", at[3], at[4])}


@pytest.mark.parametrize(
    ("kinds", "state"),
    [
        (["sent"], "accepted"),
        (["delivery_delayed"], "accepted"),
        (["failed"], "accepted"),
        (["delivered", "sent"], "delivered"),
        (["bounced", "delivered"], "bounced"),
        (["complained", "delivered"], "complained"),
    ],
)
def test_any_receipt_settles_what_was_uncertain_and_the_account_still_adds_up(app, kinds, state):
    mail = make_sent("uncertain")
    for kind in kinds:
        hear(kind, mail)
    assert (fresh(mail).state, mail.reason, mail.provider_id) == (state, None, f"re-{mail.id}")
    assert mail.accepted_at == POSTED
    assert adds_up(run_of(mail))


def test_what_was_settled_by_a_receipt_counts_for_a_cap(app):
    mail = make_sent("uncertain")
    hear("sent", mail)
    cap = [Cap(n=1, per="1d")]
    next_run = make_run(key="another")
    waiting = db.session.execute(
        text("SELECT id, customer_id FROM deliveries WHERE run_id = :run"), {"run": next_run.id}
    )
    assert len(capping.over(cap, waiting.all(), NOW)) == 1


@pytest.mark.parametrize("first", ["receipt", "record"])
def test_a_receipt_and_our_own_record_come_to_the_same_whichever_is_first(app, first):
    mail = make_sent("sealed")
    steps = [lambda: hear("bounced", mail), lambda: outcomes.record([mail.id], [Outcome(id=f"re-{mail.id}")], POSTED)]
    for step in steps if first == "receipt" else reversed(steps):
        step()
    db.session.commit()
    assert marks(fresh(mail))[:4] == ("bounced", None, f"re-{mail.id}", POSTED)
    assert adds_up(run_of(mail))


def test_a_receipt_at_the_moment_of_our_record_waits_for_it(app):
    mail = make_sent("sealed")
    outcomes.record([mail.id], [Outcome(id=f"re-{mail.id}")], POSTED)  # not committed yet
    said = event("complained", mail)
    with ThreadPoolExecutor(1) as pool:
        heard = pool.submit(post, app, said)
        waits = "SELECT count(*) FROM pg_locks WHERE NOT granted"
        while not db.session.scalar(text(waits)) and not heard.done():
            threading.Event().wait(0.01)
        assert not heard.done()
        db.session.commit()
        assert heard.result().status_code == 200
    assert (fresh(mail).state, mail.provider_id, mail.accepted_at) == ("complained", f"re-{mail.id}", POSTED)


def test_the_record_of_a_refusal_takes_nothing_back(app):
    mail = make_sent("sealed")
    hear("delivered", mail)
    outcomes.record([mail.id], [Outcome(refused="no")], NOW)
    db.session.commit()
    assert fresh(mail).state == "delivered"


@pytest.mark.parametrize(
    ("changes", "facts"),
    [
        ({"tags": {}}, {}),
        ({"tags": {"delivery_id": "1", "run_id": "999"}}, {}),
        ({"email_id": "another"}, {}),
        ({"to": ["somebody@else.example"]}, {"provider_id": None, "state": "uncertain"}),
        ({}, {"provider_id": None, "state": "planned"}),
        ({}, {"provider_id": None, "state": "skipped"}),
    ],
)
def test_what_fits_no_mail_of_ours_is_kept_and_binds_nobody(app, changes, facts):
    mail = make_sent()
    for name, value in facts.items():
        setattr(mail, name, value)
    db.session.commit()
    before = marks(fresh(mail))
    post(app, event("bounced", mail, **changes))
    (kept,) = rows("delivery_receipts")
    assert (kept["delivery_id"], kept["matched_at"]) == (None, None)
    assert kept["detail"]["unmatched"].endswith(".")
    assert marks(fresh(mail)) == before
    assert rows("suppressions") == []


def test_a_receipt_that_came_before_its_mail_was_out_is_tried_again(app):
    mail = make_sent("planned")
    post(app, event("bounced", mail))
    for _ in hearing.match_again(NOW):
        db.session.commit()
    assert fresh(mail).state == "planned"
    mail.state = "sealed"
    db.session.commit()
    for _ in hearing.match_again(NOW):
        db.session.commit()
    assert fresh(mail).state == "bounced"
    (kept,) = rows("delivery_receipts")
    assert (kept["delivery_id"], "unmatched" in kept["detail"]) == (mail.id, False)
    assert of_address("maya@people.example") is not None


def test_a_hard_bounce_stops_all_mail_and_a_complaint_all_marketing(app):
    maya, noor = make_customer(email="maya@people.example"), make_customer(email="noor@people.example")
    mail = make_sent(customer=maya)
    assert why_not(maya) is None
    hear("bounced", mail)
    assert (why_not(maya), why_not(maya, "transactional")) == ("suppressed", "suppressed")
    hear("complained", make_sent(customer=noor))
    assert why_not(noor) == "suppressed"
    assert "no such user" in of_address(maya.email).note
    assert "@" not in of_address(maya.email).note


def test_whoever_is_sealed_and_not_out_yet_when_it_bounces_gets_nothing_more(app):
    maya = make_customer(email="maya@people.example")
    first = make_sent(customer=maya)
    run = make_run(key="next")
    sealing.seal(batch_of(run), run, outbox, NOW, NONE)
    db.session.commit()
    assert delivery_to(maya, run).state == "sealed"
    assert not sealing.is_stale(batch_of(run), run, NOW)
    hear("bounced", first)
    assert sealing.is_stale(batch_of(run), run, NOW)


def batch_of(run):
    return db.session.scalars(db.select(telling.Batch).where(telling.Batch.run_id == run.id)).one()


def test_the_address_that_the_mail_went_to_is_bound_and_no_other(app):
    maya = make_customer(email="maya@people.example")
    run = make_run()
    maya.email = "maya@moved.example"
    db.session.commit()
    sealing.seal(batch(), run, outbox, NOW, NONE)
    db.session.commit()
    mail = delivery_to(maya)
    maya.email = "maya@again.example"
    db.session.commit()
    assert mail.email == "maya@moved.example"
    hear("bounced", mail)
    assert of_address("maya@moved.example") is not None
    assert (of_address("maya@people.example"), of_address("maya@again.example")) == (None, None)


@pytest.mark.parametrize(
    ("changes", "is_bound"),
    [
        ({}, True),
        ({4: {"at": NOW}}, True),
        ({0: {"at": NOW - timedelta(days=31)}}, False),
        ({3: {"delivered": True}}, False),
    ],
)
def test_five_soft_bounces_in_a_month_with_nothing_delivered_between_bind_the_address(app, changes, is_bound):
    maya, other = make_customer(email="maya@people.example"), make_customer(email="Maya@people.example")
    for number in range(5):
        mail = make_sent(customer=other if number == 2 else maya)
        if "delivered" in changes.get(number, {}):
            hear("delivered", mail, at=NOW - timedelta(days=5 - number, hours=1))
            mail = make_sent(customer=maya)
        assert of_address(maya.email) is None
        at = changes.get(number, {}).get("at", NOW - timedelta(days=5 - number))
        hear("bounced", mail, bounce="Transient", at=at)
    assert (of_address(maya.email) is not None) is is_bound


def test_a_suppression_that_an_admin_lifted_is_not_brought_back_by_a_repetition(app):
    said = event("bounced", make_sent())
    post(app, said, id="msg_once")
    db.session.execute(delete(Suppression))
    db.session.commit()
    post(app, said, id="msg_once")
    assert of_address("maya@people.example") is None


def test_the_brakes_count_a_mail_that_bounced_and_was_complained_about_as_both(app):
    mail = make_sent()
    for kind in ("complained", "bounced", "failed"):
        hear(kind, mail)
    found = figures.of(mail.run_id)
    assert (found.outcomes, found.bounced, found.complained, found.failed) == (1, 1, 1, 1)


def test_a_notice_that_bounces_binds_its_address(app):
    notice = Notice(kind="test", to_email="ada@campus.example", subject="x", html="", text="", by_name="Ada")
    notice.posted_at, notice.provider_id = POSTED, "re-n"
    db.session.add(notice)
    db.session.commit()
    data = {"email_id": "re-n", "tags": {"notice_id": str(notice.id)}, "bounce": {"type": "Permanent"}}
    post(app, {"type": "email.bounced", "created_at": NOW.isoformat(), "data": data})
    assert of_address("ada@campus.example").note == f"Notice {notice.id}"
    assert rows("delivery_receipts")[0]["detail"]["notice_id"] == notice.id


def test_old_receipts_are_forgotten(app):
    hear("delivered", make_sent())
    for days, left in ((-1, 1), (1, 0)):
        hearing.forget_old(NOW + hearing.KEPT + timedelta(days=days))
        assert len(rows("delivery_receipts")) == left
