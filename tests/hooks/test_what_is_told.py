"""Each fact is told once, in the transaction that makes it one, to those who want it; to nobody nothing is written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text, update

from app.alerts import keeping as alerts
from app.db import db
from app.deliveries import leaving
from app.deliveries.delivery import Delivery
from app.hooks import erasing, raised
from app.tracking.receipts import hearing
from app.tracking.receipts.told import Told
from tests.factories import make_customers
from tests.hooks.receiver import attempts, make_hook, told
from tests.tracking import hitting, leading

NOW = datetime.now(UTC).replace(microsecond=0)
OUT = NOW - timedelta(hours=2)


@pytest.fixture
def mail(app) -> Delivery:
    """Accepted two hours ago."""
    (mail,) = hitting.make_mails()
    db.session.execute(update(Delivery).values(accepted_at=OUT, provider_id="re_1"))
    db.session.commit()
    return mail


def hear(mail: Delivery, kind: str) -> None:
    told_of = Told("resend", "re_1", kind, NOW - timedelta(minutes=1), mail.id, mail.run_id)
    hearing.hear(told_of, None, NOW)
    db.session.commit()


def test_while_no_hook_wants_it_nothing_is_written(mail):
    make_hook(kinds=("alert.raised",))
    make_hook(kinds=("mail.bounced",)).is_active = False
    db.session.commit()
    hear(mail, "bounced")
    assert attempts() == []


@pytest.mark.parametrize("kind", ["delivered", "bounced", "complained"])
def test_what_a_provider_says_is_told_once_however_often_it_says_it(mail, kind):
    make_hook()
    hear(mail, kind)
    hear(mail, kind)
    assert told() == [(f"mail.{kind}", mail.id)]


def test_a_person_who_clicks_twice_is_told_once_and_a_machine_never(mail):
    make_hook()
    after = (NOW - hitting.OUT).total_seconds() - 600
    hitting.come_back(hitting.click(mail, after=after))
    hitting.come_back(hitting.click(mail, 1, after=after + 60), hitting.seen(mail, agent="curl/8", after=after))
    assert told() == [("mail.clicked", mail.id)]


def test_who_unsubscribes_by_a_link_is_told_with_what_names_them(mail):
    make_hook()
    db.session.execute(text("UPDATE customers SET lms_lead_id = 'lead-7'"))
    for _ in range(2):
        leaving.note(mail.id, mail.customer_id, NOW)
        db.session.commit()
    (one,) = attempts()
    assert one.payload == {
        "type": "mail.unsubscribed",
        "timestamp": f"{NOW:%Y-%m-%dT%H:%M:%S}.000Z",
        "data": {
            "delivery_id": mail.id, "run_id": mail.run_id, "automation_id": None, "name": "Open day",
            "customer_id": mail.customer_id, "lms_lead_id": "lead-7",
        },
    }  # fmt: skip


def test_a_mail_that_has_the_credit_for_an_order_is_told_once(app):
    make_hook()
    (customer,) = make_customers(1)
    delivery_id = leading.mail(leading.make_sent(at=OUT), customer, OUT)
    leading.click(delivery_id, OUT + timedelta(minutes=10))
    leading.buys(customer, "o-1", OUT + timedelta(minutes=20))
    leading.settle()
    leading.buys(customer, "o-2", OUT + timedelta(minutes=30))
    leading.settle()
    assert told() == [("mail.converted", delivery_id)]


def test_what_is_rolled_back_is_not_told(mail):
    make_hook()
    leaving.note(mail.id, mail.customer_id, NOW)
    db.session.rollback()
    assert attempts() == []


def test_a_hook_hears_of_what_happens_after_it_was_set_up(mail):
    make_hook().since = datetime.now(UTC)
    db.session.commit()
    hear(mail, "delivered")
    assert attempts() == []


def test_an_alert_is_told_once_without_its_reason(app):
    make_hook()
    alerts.sound("run-failed:1", "It failed", "ada@example.com was refused", "/runs/1")
    for _ in range(2):
        raised.tell(NOW)
        db.session.commit()
    (one,) = attempts()
    assert (one.kind, one.payload["data"]["title"]) == ("alert.raised", "It failed")
    assert "ada@" not in str(one.payload)


def test_what_was_told_of_a_person_moves_with_them_and_is_forgotten_with_them(mail):
    make_hook()
    hear(mail, "delivered")
    erasing.move(99, mail.customer_id)
    assert [one["kind"] for one in erasing.export(99)["calls_of_webhooks"]] == ["mail.delivered"]
    assert list(erasing.erase([99])) == [{"calls of webhooks": 1}]
    db.session.commit()
    assert attempts() == []
