"""Who calls /track: a token that the shop has signed, a session, or nobody."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import jwt
import pytest
from flask import Flask

from app.blueprints.api.refusals import Refusal
from app.blueprints.track import visiting
from app.blueprints.track.visiting import Said

SECRET, OLD = "the shop's own secret", "the shop's secret of yesterday"
FORGED = {
    "another secret": jwt.encode({"sub": "L-1"}, "somebody else's secret", "HS256"),
    "no signature": jwt.encode({"sub": "L-1"}, "", "none"),
    "another algorithm": jwt.encode({"sub": "L-1"}, SECRET * 4, "HS512"),
    "expired": jwt.encode({"sub": "L-1", "exp": 1_000_000_000}, SECRET, "HS256"),
    "not yet": jwt.encode({"sub": "L-1", "nbf": 4_000_000_000}, SECRET, "HS256"),
    "nobody": jwt.encode({"name": "Maya"}, SECRET, "HS256"),
    "an empty name": jwt.encode({"sub": " "}, SECRET, "HS256"),
    "an end that is no time": jwt.encode({"sub": "L-1", "exp": 10**400}, SECRET, "HS256"),
    "true": jwt.PyJWS().encode(b'{"sub": true}', SECRET, "HS256"),
    "many": jwt.PyJWS().encode(b'{"sub": [17]}', SECRET, "HS256"),
    "NUL": jwt.encode({"sub": "L\0"}, SECRET, "HS256"),
    "cut": jwt.encode({"sub": "L-1"}, SECRET, "HS256")[:-2],
    "no token": "Maya",
    "not ASCII": "é.é.é",
}


@pytest.fixture
def shop(app: Flask) -> Iterator[Flask]:
    before = app.extensions["config"]
    app.extensions["config"] = replace(before, track_jwt_secrets=(SECRET, OLD))
    yield app
    app.extensions["config"] = before


def who(app: Flask, body: Said, **headers: str) -> tuple[str | None, str | None]:
    with app.test_request_context("/track/view", method="POST", headers=headers):
        found = visiting.visitor(body)
    return found.lead, found.session_id


@pytest.mark.parametrize("secret", [SECRET, OLD])
def test_a_token_of_the_shop_says_who_it_is(shop, secret):
    token = jwt.encode({"sub": "L-1", "exp": time.time() + 60}, secret, "HS256")
    assert who(shop, Said(token=token)) == ("L-1", None)
    assert who(shop, Said(session_id="s-1"), Authorization=f"Bearer {token}") == ("L-1", "s-1")


def test_a_shop_that_numbers_its_people_is_understood(shop):
    token = jwt.PyJWS().encode(b'{"sub": 17}', SECRET, "HS256")
    assert who(shop, Said(token=token)) == ("17", None)


def test_a_session_is_somebody_too_in_the_body_or_in_a_cookie(shop):
    assert who(shop, Said(session_id="s-1")) == (None, "s-1")
    assert who(shop, Said(), Cookie=f"{visiting.COOKIE}=s-2") == (None, "s-2")


@pytest.mark.parametrize("kind", FORGED)
@pytest.mark.parametrize("place", ["header", "body"])
def test_a_token_that_is_not_good_opens_nothing(shop, kind, place):
    said = Said(session_id="s-1", token=FORGED[kind] if place == "body" else None)
    sent = {"Authorization": f"Bearer {FORGED[kind]}".encode().decode("latin-1")} if place == "header" else {}
    with pytest.raises(Refusal) as refused:
        who(shop, said, **sent)
    assert refused.value.status == 401


def test_a_session_that_cannot_be_kept_is_told_so(shop):
    for said in (Said(session_id="s\0"), Said(session_id="s" * 201)):
        with pytest.raises(Refusal) as refused:
            who(shop, said)
        assert refused.value.status == 422


@pytest.mark.parametrize("cookie", ["", "s" * 201])
def test_whoever_has_no_session_gets_one_of_their_own(shop, cookie):
    headers = {"Cookie": f"{visiting.COOKIE}={cookie}"} if cookie else {}
    found = {who(shop, said, **headers)[1] for said in (Said(), Said(), Said(session_id=""))}
    assert len(found) == 3
    assert all(len(session_id) == 32 for session_id in found)


def test_a_token_that_was_good_expires_all_the_same(shop, monkeypatch):
    token = jwt.encode({"sub": "L-1", "exp": time.time() + 60}, SECRET, "HS256")
    assert who(shop, Said(token=token)) == ("L-1", None)
    later = time.time() + 60 + visiting.SLACK + 1
    monkeypatch.setattr(visiting.time, "time", lambda: later)
    with pytest.raises(Refusal):
        who(shop, Said(token=token))


def test_a_token_of_a_secret_that_was_withdrawn_is_good_no_more(shop):
    token = jwt.encode({"sub": "L-1"}, OLD, "HS256")
    assert who(shop, Said(token=token)) == ("L-1", None)
    shop.extensions["config"] = replace(shop.extensions["config"], track_jwt_secrets=(SECRET,))
    with pytest.raises(Refusal):
        who(shop, Said(token=token))


def test_without_a_secret_no_token_is_good(app):
    with pytest.raises(Refusal):
        who(app, Said(token=jwt.encode({"sub": "L-1"}, SECRET, "HS256")))
