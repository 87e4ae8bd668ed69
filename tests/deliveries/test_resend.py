"""Resend against its look-alike: whatever it answers ends in outcomes, or in the one word that fits."""

from __future__ import annotations

import dataclasses
import os
import socket
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from urllib3 import Timeout

from app.deliveries import pace
from app.deliveries.carriers import carrier
from app.deliveries.providers import Busy, Closed, Disputed, Outcome, Rejected, Unknown, resend
from tests.provider import mails
from tests.provider.running import carries, inside


@pytest.fixture
def provider():
    with inside(rate=0) as running:
        yield running


@pytest.fixture
def sends(app, provider):
    with carries(app, provider.url):
        yield


def mail(number=1, **changes):
    said = {"reply_to": "team@campus.example", "tags": {"delivery_id": str(number), "run_id": "7"}}
    return mails.mail(number, **{**said, **changes})


def post(*mails, key="a"):
    return resend.post(resend.pack(mails or (mail(),)), key)


def test_it_is_the_carrier_when_the_environment_says_so(sends):
    assert carrier() is resend


def test_a_provider_that_is_not_there_says_so(app):
    before = app.extensions["config"]
    app.extensions["config"] = dataclasses.replace(before, mail_provider="pigeon")
    try:
        with pytest.raises(Closed, match="not built in"):
            carrier()
    finally:
        app.extensions["config"] = before


def test_the_body_is_what_resend_asks_for():
    (packed,) = msgspec.json.decode(resend.pack([mail()]))
    assert packed == {
        "from": "Campus <mail@campus.example>",
        "to": ["p1@people.example"],
        "subject": "Grüße",
        "html": "<p>Hello\n</p>",
        "text": "Hello\n",
        "reply_to": "team@campus.example",
        "headers": {"List-Unsubscribe-Post": "List-Unsubscribe=One-Click"},
        "tags": [{"name": "delivery_id", "value": "1"}, {"name": "run_id", "value": "7"}],
    }


def test_what_a_mail_does_not_have_is_left_out():
    (packed,) = msgspec.json.decode(resend.pack([mail(reply_to="", headers={}, tags={})]))
    assert set(packed) == {"from", "to", "subject", "html", "text"}


def test_a_domain_with_letters_of_its_own_is_spelt_for_the_dns():
    (packed,) = msgspec.json.decode(resend.pack([mail(to="max@bücher.example")]))
    assert packed["to"] == ["max@xn--bcher-kva.example"]


def test_a_batch_is_accepted_in_order(sends, provider):
    found = post(*map(mail, range(100)))
    assert [one.id for one in found] == [kept["id"] for kept in provider.mails]
    assert provider.calls[0]["key"] == "a"


def test_the_same_again_is_the_same(sends, provider):
    assert post() == post()
    assert provider.counts["mails"] == 1


def test_the_refused_ones_are_named_by_their_place(sends):
    found = post(mail(1), mail(2, to="nobody"), mail(3), mail(4, subject=""))
    assert [bool(one.refused) for one in found] == [False, True, False, True]
    assert "`to`" in found[1].refused
    assert "`subject`" in found[3].refused
    assert found[0].id != found[2].id


@pytest.mark.parametrize(
    ("fault", "raised"),
    [
        ({"kind": "cut"}, Unknown),
        ({"kind": "truncated"}, Unknown),
        ({"kind": "empty"}, Unknown),
        ({"kind": "garbled"}, Unknown),
        ({"kind": "missing"}, Unknown),
        ({"kind": "reset"}, Unknown),
        ({"kind": "reset", "takes": True}, Unknown),
        ({"kind": "html"}, Unknown),
        ({"kind": "html", "takes": True}, Unknown),
        ({"kind": "html", "status": 503}, Unknown),
        ({"kind": "html", "status": 400}, Unknown),
        ({"kind": "html", "status": 418}, Unknown),
        ({"kind": "internal_server_error"}, Unknown),
        ({"kind": "application_error", "takes": True}, Unknown),
        ({"kind": "concurrent_idempotent_requests"}, Busy),
        ({"kind": "rate_limit_exceeded"}, Busy),
        ({"kind": "daily_quota_exceeded"}, Closed),
        ({"kind": "monthly_quota_exceeded"}, Closed),
        ({"kind": "restricted_api_key"}, Closed),
        ({"kind": "invalid_api_key"}, Closed),
        ({"kind": "validation_error", "status": 403}, Closed),
        ({"kind": "html", "status": 403}, Closed),
        ({"kind": "not_found"}, Closed),
        ({"kind": "html", "status": 301}, Closed),
        ({"kind": "security_error"}, Closed),
        ({"kind": "validation_error"}, Rejected),
        ({"kind": "invalid_from_address"}, Rejected),
        ({"kind": "invalid_idempotency_key"}, Rejected),
        ({"kind": "invalid_idempotent_request"}, Disputed),
    ],
    ids=lambda value: "-".join(map(str, value.values())) if isinstance(value, dict) else value.__name__,
)
def test_every_fault_has_its_word_and_the_same_call_heals_it(sends, provider, fault, raised):
    provider.fails(**fault)
    with pytest.raises(raised):
        post(mail(1), mail(2))
    assert [type(one) for one in post(mail(1), mail(2))] == [Outcome, Outcome]
    assert provider.counts["mails"] == 2


@pytest.mark.parametrize(
    ("fault", "is_of_all"),
    [
        ({"kind": "validation_error"}, False),
        ({"kind": "missing_required_field"}, False),
        ({"kind": "validation_error", "status": 413}, False),
        ({"kind": "validation_error", "status": 415}, True),
        ({"kind": "invalid_from_address"}, True),
        ({"kind": "invalid_idempotency_key"}, True),
    ],
    ids=lambda value: "-".join(map(str, value.values())) if isinstance(value, dict) else "",
)
def test_what_one_mail_may_spoil_is_told_from_what_is_wrong_with_all(sends, provider, fault, is_of_all):
    provider.fails(**fault)
    with pytest.raises(Rejected) as rejected:
        post(mail(1), mail(2))
    assert rejected.value.is_of_all is is_of_all


def test_a_hang_ends_by_our_own_time(sends, provider, monkeypatch):
    monkeypatch.setattr(resend, "TIMEOUT", Timeout(connect=5, read=0.2))
    resend._pool.cache_clear()
    provider.fails("hang", seconds=30)
    with pytest.raises(Unknown, match="ReadTimeoutError"):
        post()
    provider.fails("slow", seconds=1)
    with pytest.raises(Unknown):
        post()
    with pytest.raises(Busy, match="still running"):
        post()
    resend._pool.cache_clear()


def test_nobody_there_is_no_doubt(app):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with carries(app, url), pytest.raises(Busy) as busy:
        post()
    assert busy.value.wait == timedelta(seconds=5)


def test_busy_says_for_how_long(sends, provider):
    provider.fails("rate_limit_exceeded", wait=7)
    with pytest.raises(Busy) as busy:
        post()
    assert busy.value.wait == timedelta(seconds=7)


def test_a_day_s_quota_comes_back_at_midnight_and_a_month_s_by_hand(sends, provider):
    provider.fails("daily_quota_exceeded")
    provider.fails("monthly_quota_exceeded")
    before = datetime.now(UTC)
    with pytest.raises(Closed) as day:
        post()
    with pytest.raises(Closed) as month:
        post()
    midnight = (before + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    assert midnight <= day.value.opens_at <= midnight + timedelta(days=1 if before.hour == 23 else 0)
    assert month.value.opens_at is None


def test_reasons_name_nobody():
    said = "We do not know <ada@people.example>, nor b@c.example."
    answer = msgspec.json.encode({"data": [], "errors": [{"index": 0, "message": said}]})
    assert resend._outcomes(answer, 1) == [Outcome(refused="We do not know <…>, nor …")]


@pytest.mark.parametrize(
    "answer",
    [
        b"null",
        b"{}",
        b'{"data":[]}',
        b'{"data":[{"id":"1"},{"id":"1"}]}',
        b'{"data":[{"id":"1"},{"id":""}]}',
        b'{"data":[{"id":"1"},{"id":"2"},{"id":"3"}]}',
        b'{"data":[{"id":"1"}],"errors":[{"index":2,"message":"no"}]}',
        b'{"data":[],"errors":[{"index":1,"message":"no"},{"index":1,"message":"no"}]}',
        b'{"data":[{"id":"1"},{"id":"2"}],"errors":[{"index":1,"message":"no"}]}',
        b'{"id":"1"}',
    ],
)
def test_an_answer_that_does_not_add_up_is_no_answer(answer):
    with pytest.raises(Unknown):
        resend._outcomes(answer, 2)


def test_a_refusal_without_a_word_is_still_one():
    answer = b'{"data":[{"id":"1"}],"errors":[{"index":0,"message":""}]}'
    assert resend._outcomes(answer, 2) == [Outcome(refused="Resend refused it."), Outcome(id="1")]


def test_the_connection_stays_open(sends, provider):
    for number in range(5):
        post(key=str(number))
    pool = resend._pool(provider.url, os.getpid())
    assert (pool.num_connections, pool.num_requests) == (1, 5)


def test_what_it_says_of_its_limits_is_heard(sends, provider, monkeypatch):
    heard = []
    monkeypatch.setattr(pace, "heard", lambda name, headers: heard.append((name, headers["ratelimit-limit"])))
    provider.set(rate=50)
    post()
    assert heard == [("resend", "50")]
