"""Resend is asked about mails of which nothing was heard: politely, a few times, and after all mail."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import msgspec
import pytest

from app.consent.suppressions import of_address
from app.db import db
from app.deliveries import pace
from app.deliveries.batch import Batch
from app.tracking.receipts import asking
from app.tracking.receipts.delivery_receipt import ReceiptQuestion
from tests.events.coming_in import rows
from tests.factories import make_customer
from tests.provider import running
from tests.webhooks import telling
from tests.webhooks.telling import SECRET, fresh, make_sent

NOW = datetime.now(UTC)


@pytest.fixture
def provider(app):
    with running.inside(rate=0) as provider, running.carries(app, provider.url), telling.secrets(app, SECRET):
        yield provider


def make_silent(provider, email="maya@people.example", hours=2):
    """Accepted by Resend, and nothing told of it."""
    mail = make_sent(customer=make_customer(email=email), accepted_at=NOW - timedelta(hours=hours))
    said = {"from": "mail@campus.example", "to": [email], "subject": "x", "text": "x"}
    headers = {"authorization": "Bearer re_1", "content-type": "application/json"}
    answer = running.pool.request("POST", f"{provider.url}/emails", body=msgspec.json.encode(said), headers=headers)
    mail.provider_id = msgspec.json.decode(answer.data)["id"]
    db.session.commit()
    return mail


def tells(provider, mail, kind):
    """To nobody: the webhook is out of reach."""
    provider.set(webhook_url="http://127.0.0.1:1/")
    provider.ask("POST", "/_webhooks", {"type": kind, "ids": [mail.provider_id]})
    provider.ask("DELETE", "/_webhooks")


def asked(now=NOW):
    for _ in asking.ask(now):
        db.session.commit()
    db.session.commit()
    return {row.delivery_id: row.asked for row in db.session.query(ReceiptQuestion).all()}


@pytest.mark.parametrize(
    ("event", "state"),
    [("delivered", "delivered"), ("clicked", "delivered"), ("bounced", "bounced"), ("complained", "complained")],
)
def test_what_resend_answers_is_a_receipt_like_any_other(provider, event, state):
    mail = make_silent(provider)
    tells(provider, mail, event)
    assert asked() == {mail.id: 1}
    assert fresh(mail).state == state
    (fact,) = rows("delivery_receipts")
    assert (fact["delivery_id"], fact["receipt_id"]) == (mail.id, None)
    assert (of_address(mail.email) is not None) is (event == "complained"), "nobody knows how hard it bounced"
    assert asked(NOW + timedelta(hours=5)) == {mail.id: 1}


def test_a_mail_of_which_there_is_nothing_to_tell_is_asked_about_four_times_later_and_later(provider):
    mail = make_silent(provider)
    counts = [asked(NOW + timedelta(hours=hour)).get(mail.id, 0) for hour in (0, 2, 4, 6, 20, 40, 45, 69)]
    assert counts == [1, 1, 2, 2, 3, 3, 4, 4]
    assert (fresh(mail).state, rows("delivery_receipts")) == ("accepted", [])


def test_only_mails_that_are_silent_for_an_hour_and_not_for_three_days_are_asked_about(provider):
    young, old = make_silent(provider, "a@people.example", 0.9), make_silent(provider, "b@people.example", 73)
    told = make_silent(provider, "c@people.example")
    told.state, told.delivered_at = "delivered", NOW
    db.session.commit()
    assert asked() == {}
    assert asked(NOW + timedelta(minutes=20)) == {young.id: 1}
    assert old.id > 0


def test_nobody_is_asked_while_mail_waits_to_go_out_or_no_secret_is_set(app, provider):
    mail = make_silent(provider)
    batch = db.session.query(Batch).filter_by(run_id=mail.run_id).one()
    batch.waiting_since = batch.not_before = NOW - timedelta(minutes=1)
    db.session.commit()
    assert asked() == {}
    batch.waiting_since = None
    db.session.commit()
    with telling.secrets(app):
        assert asked() == {}
    assert asked() == {mail.id: 1}


def test_a_key_that_may_only_send_is_not_tried_for_each_mail(provider):
    mails = [make_silent(provider, f"p{n}@people.example") for n in range(2)]
    provider.set(is_restricted=True)
    assert asked() == {mail.id: 1 for mail in mails}
    provider.set(is_restricted=False)
    assert asked() == {mail.id: 1 for mail in mails}


def test_without_a_free_place_it_comes_again_in_the_next_round(provider):
    make_silent(provider)
    pace.heard("resend", {"retry-after": "30"})
    assert asked() == {}


def test_a_mail_that_resend_does_not_know_harms_no_other(provider):
    lost, known = make_silent(provider, "a@people.example"), make_silent(provider, "b@people.example")
    lost.provider_id = str(uuid4())
    db.session.commit()
    tells(provider, known, "delivered")
    assert asked() == {lost.id: 1, known.id: 1}
    assert (fresh(lost).state, fresh(known).state) == ("accepted", "delivered")
