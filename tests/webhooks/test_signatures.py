"""Standard Webhooks, by its own vector and by everything that strangers may send instead."""

from __future__ import annotations

import base64
import contextlib
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.receipts import signatures
from app.receipts.signatures import Refused
from tests.webhooks.signing import SECRET, headers, signature

VECTOR = {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}
BODY = b'{"test": 2432232314}'
KEY = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
THEN = datetime.fromtimestamp(1614265330, UTC)
OWN = base64.b64decode(SECRET.removeprefix("whsec_"))


def test_the_published_vector_is_right():
    assert signatures.read(VECTOR, THEN).is_of(BODY, [KEY])


def test_another_body_secret_id_or_time_is_not():
    signed = signatures.read(VECTOR, THEN)
    assert not signed.is_of(BODY + b" ", [KEY])
    assert not signed.is_of(BODY, [OWN])
    assert not signed.is_of(BODY, [])
    for name, value in (("webhook-id", "msg_other"), ("webhook-timestamp", "1614265331")):
        assert not signatures.read({**VECTOR, name: value}, THEN).is_of(BODY, [KEY])


def test_either_of_two_secrets_and_any_of_several_signatures_will_do():
    assert signatures.read(VECTOR, THEN).is_of(BODY, [OWN, KEY])
    others = [signature(SECRET, "x", 1, b""), "v1a,AAAA", "v1,nonsense", "v2," + "A" * 43 + "="]
    several = {**VECTOR, "webhook-signature": " ".join([*others, VECTOR["webhook-signature"]])}
    assert signatures.read(several, THEN).is_of(BODY, [KEY])


@pytest.mark.parametrize("seconds", [-300, 300])
def test_a_clock_may_be_five_minutes_wrong(seconds):
    assert signatures.read(VECTOR, THEN + timedelta(seconds=seconds)).is_of(BODY, [KEY])
    with pytest.raises(Refused, match="minutes away"):
        signatures.read(VECTOR, THEN + timedelta(seconds=seconds * 1.01))


@pytest.mark.parametrize(
    "wrong",
    [
        {"webhook-id": ""},
        {"webhook-id": "i" * 256},
        {"webhook-id": "a\x7fb"},
        {"webhook-id": "é"},
        {"webhook-timestamp": ""},
        {"webhook-timestamp": "1614265330.5"},
        {"webhook-timestamp": "-1614265330"},
        {"webhook-timestamp": "١٦١٤٢٦٥٣٣٠"},
        {"webhook-timestamp": "9" * 400},
        {"webhook-signature": ""},
        {"webhook-signature": "v1"},
        {"webhook-signature": "v1,"},
        {"webhook-signature": "v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="},
        {"webhook-signature": "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="},
        {"webhook-signature": "v1,g0hM9SsE"},
        {"webhook-signature": "v1,é" + "A" * 43},
        {"webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE= " * 60},
    ],
)
def test_malformed_headers_are_refused_before_any_body_is_read(wrong):
    with pytest.raises(Refused):
        signatures.read({**VECTOR, **wrong}, THEN)


def test_svix_writes_the_same_under_its_own_names():
    svix = {name.replace("webhook-", "svix-"): value for name, value in VECTOR.items()}
    assert signatures.read(svix, THEN, "svix-").is_of(BODY, [KEY])
    with pytest.raises(Refused):
        signatures.read(svix, THEN)


@given(st.dictionaries(st.sampled_from(sorted(VECTOR)), st.text(max_size=60)), st.binary(max_size=60))
def test_nothing_that_strangers_send_is_an_error_or_right(sent, body):
    with contextlib.suppress(Refused):
        assert not signatures.read({**VECTOR, **sent}, THEN).is_of(body, [OWN])


@given(st.text(alphabet="v1, +/=AZaz09", max_size=120), st.binary(max_size=60))
def test_nothing_that_looks_like_a_signature_is_one(written, body):
    with contextlib.suppress(Refused):
        assert not signatures.read({**VECTOR, "webhook-signature": written}, THEN).is_of(body, [KEY])


@given(st.binary(max_size=400), st.integers(0, 2**33))
def test_whatever_is_signed_is_right(body, at):
    sent = headers(body, at=at)
    assert signatures.read(sent, datetime.fromtimestamp(at, UTC)).is_of(body, [OWN])
