"""POST /webhooks/resend: what Resend tells takes effect at once, once, and only with its signature."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from app.db import db
from app.receipts import webhooks
from tests.events.coming_in import rows
from tests.webhooks import telling
from tests.webhooks.signing import signature
from tests.webhooks.telling import OLDER, POSTED, SECRET, event, fresh, make_sent, post, signed

THERE = "/webhooks/resend"
VECTOR = {
    "svix-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "svix-timestamp": "1614265330",
    "svix-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}


@pytest.fixture(autouse=True)
def _known(app):
    with telling.secrets(app, SECRET, OLDER):
        yield


def facts():
    db.session.rollback()
    return rows("delivery_receipts")


def nothing_stored() -> bool:
    return facts() == rows("receipts") == []


def test_a_delivered_mail_is_delivered_when_the_call_is_answered(app):
    mail = make_sent()
    assert post(app, event("delivered", mail)).status_code == 200
    assert (fresh(mail).state, fresh(mail).accepted_at) == ("delivered", POSTED)
    (fact,), (call,) = facts(), rows("receipts")
    assert fact["at"] == fresh(mail).delivered_at
    assert (fact["delivery_id"], fact["kind"], fact["receipt_id"]) == (mail.id, "delivered", call["id"])
    assert (call["source"], call["sender"], call["status"]) == ("webhook", "resend", 200)


def test_the_same_id_many_times_at_once_is_one_receipt(app):
    start, said = threading.Barrier(4), event("bounced", make_sent())

    def push(_turn):
        start.wait()
        return post(app, said, id="msg_same")

    with ThreadPoolExecutor(4) as pool:
        assert {answer.status_code for answer in pool.map(push, range(4))} == {200}
    assert len(facts()) == len(rows("receipts")) == 1


def test_an_id_of_the_funnel_is_not_one_of_resend(app):
    mail = make_sent()
    webhooks_of = {"source": "webhook", "sender": "funnel", "path": "/", "external_id": "msg_1", "status": 200}
    db.session.add(webhooks.Receipt(**webhooks_of, body=b""))
    db.session.commit()
    assert post(app, event("delivered", mail), id="msg_1").status_code == 200
    assert fresh(mail).state == "delivered"


@pytest.mark.parametrize(
    "wrong",
    [
        {"svix-signature": ""},
        {"svix-signature": "v1,AAAA"},
        {"svix-signature": "v1,\xff\xfe"},
        {"svix-signature": signature(SECRET, "msg_1", 1, b"other")},
        {"svix-id": "msg_other"},
        {"svix-id": ""},
        {"svix-id": "i" * 300},
        {"svix-timestamp": "1614265330"},
        {"svix-timestamp": "soon"},
        {"svix-timestamp": "9" * 400},
        VECTOR,  # right, but of 2021, and with the secret of everybody
        signed(b"{}", secret="whsec_" + "B" * 32),
    ],
)
def test_a_wrong_signature_is_refused_counted_and_nothing_is_stored(app, wrong):
    assert post(app, event("bounced", make_sent()), **wrong).status_code == 401
    assert nothing_stored()
    assert webhooks.refused_lately(datetime.now(UTC), "resend") == 1
    assert webhooks.refused_lately(datetime.now(UTC)) == 0


def test_an_old_call_cannot_be_played_again(app):
    body = json.dumps(event("complained", make_sent())).encode()
    late = int(datetime.now(UTC).timestamp()) - 301
    assert post(app, body, **signed(body, at=late)).status_code == 401
    assert nothing_stored()


def test_without_a_secret_every_call_is_refused(app):
    with telling.secrets(app):
        assert post(app, event("bounced", make_sent())).status_code == 401
    assert nothing_stored()


def test_either_secret_will_do_while_they_are_rotated(app):
    body = json.dumps(event("delivered", make_sent())).encode()
    assert post(app, body, **signed(body, "msg_2", OLDER)).status_code == 200
    assert post(app, body, **signed(body, "msg_3", SECRET)).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"[]",
        b'[{"type": "email.bounced"}]',
        b'"text"',
        b"null",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"type": "email.bounced"}',
        b'{"type": 7, "data": {}}',
        b'{"type": "email.delivered", "data": []}',
        b'{"type": "email.delivered", "data": {"email_id": 1, "tags": {"delivery_id": [], "run_id": {}}, "to": 7}}',
        b'{"type": "email.bounced\\u0000", "data": {"email_id": "\\u0000", "bounce": "x"}}',
        b'{"type": "email.bounced", "data": {"email_id": "\\u0000a", "bounce": {"message": "\\u0000", "type": []}}}',
        b'{"type": "email.delivered", "data": {"tags": {"delivery_id": "99999999999999999999", "run_id": "1"}}}',
        b'{"type": "email.delivered", "created_at": "0001-01-01T00:00:00+14:00", "data": {"tags": [1, {"name": 2}]}}',
        b'{"type": "email.read_aloud", "new": true, "data": {"email_id": "x"}}',
        b'{"type": "domain.updated", "data": {"id": "x"}}',
        b'{"type": "' + b"x" * 1_000_000 + b'", "data": {}}',
    ],
)
def test_whatever_is_well_signed_is_kept_and_harms_nothing(app, body):
    mail = make_sent()
    assert post(app, body).status_code == 200
    assert (len(facts()), len(rows("receipts"))) == (1, 1)
    assert (fresh(mail).state, fresh(mail).delivered_at) == ("accepted", None)


def test_too_large_is_refused_before_it_is_read(app):
    assert post(app, b" " * (50 * 1024 * 1024)).status_code == 413
    assert nothing_stored()


def test_opens_and_clicks_of_resend_change_nothing(app):
    mail = make_sent()
    for kind in ("opened", "clicked"):
        assert post(app, event(kind, mail)).status_code == 200
    assert (fresh(mail).state, fresh(mail).opened_at, fresh(mail).clicked_at) == ("accepted", None, None)
    assert [fact["kind"] for fact in facts()] == ["ignored", "ignored"]


def test_tags_may_also_come_as_a_list(app):
    mail = make_sent()
    tags = [{"name": "delivery_id", "value": str(mail.id)}, {"name": "run_id", "value": str(mail.run_id)}]
    post(app, event("delivered", mail, tags=tags))
    assert fresh(mail).state == "delivered"


def test_a_time_that_cannot_be_is_that_of_the_call(app):
    mail = make_sent()
    for at in (datetime(2100, 1, 1, tzinfo=UTC), datetime(1970, 1, 1, tzinfo=UTC)):
        post(app, event("delivered", mail, at=at))
    assert abs((fresh(mail).delivered_at - datetime.now(UTC)).total_seconds()) < 60
