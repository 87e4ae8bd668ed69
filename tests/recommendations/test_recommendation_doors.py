"""Who may see what is recommended to whom: the shop by its token, other systems by key, the team on the page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import jwt
import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app.blueprints.track import visiting
from tests.factories import make_customer
from tests.recommendations.shopping import DAY, HOUR, count, make_product, make_view, sell

SECRET = "the shop's own secret, which is long enough"
NOW = datetime.now(UTC)


@pytest.fixture
def shop(app: Flask) -> Iterator[Flask]:
    """A tent sells, and a stove sells better; in books there is only a novel."""
    before = app.extensions["config"]
    app.extensions["config"] = replace(before, track_jwt_secrets=(SECRET,))
    make_product("tent", "camping", image_url="https://shop.example/tent.jpg")
    make_product("stove", "camping")
    make_product("novel", "books")
    sell("tent", "stove", "stove", "novel", at=NOW - DAY)
    count(NOW)
    yield app
    app.extensions["config"] = before


def token(lead: str = "L-1", secret: str = SECRET, **claims: object) -> str:
    return jwt.encode({"sub": lead, **claims}, secret, "HS256")


def asked(app: Flask, path: str, sent: str | None = None) -> TestResponse:
    headers = {"Authorization": f"Bearer {sent}"} if sent else {}
    with app.app_context():
        return app.test_client().get(f"/track/recommendations/{path}", headers=headers)


def names(answer: TestResponse) -> list[str]:
    return [one["name"] for one in answer.json["data"]]


def test_the_shop_gets_what_fits_the_person_of_its_token(shop):
    maya = make_customer(lms_lead_id="L-1")
    make_view(maya.id, "novel", NOW - HOUR)
    answer = asked(shop, "L-1", token())
    assert answer.status_code == 200
    assert names(answer) == ["Novel", "Stove", "Tent"]
    assert answer.json["data"][2] == {
        "product_id": "tent",
        "name": "Tent",
        "price": 1000,
        "currency": "EUR",
        "url": "https://shop.example/tent",
        "image_url": "https://shop.example/tent.jpg",
        "reason": "Popular now",
    }
    assert answer.headers["Cache-Control"] == "no-store"
    assert asked(shop, f"L-1?token={token()}").json == answer.json


def test_nobody_sees_what_is_recommended_to_another(shop):
    make_customer(lms_lead_id="L-2")
    answer = asked(shop, "L-2", token("L-1"))
    assert (answer.status_code, answer.json["error"]["code"]) == (403, "forbidden")


@pytest.mark.parametrize(
    "sent",
    [
        None,
        token(secret="somebody else's secret, which is as long"),
        token(exp=1_000_000_000),
        "no token",
        jwt.encode({"sub": "L-1"}, "", "none"),
    ],
    ids=["missing", "forged", "expired", "no token", "unsigned"],
)
def test_a_token_that_is_not_good_opens_nothing(shop, sent):
    assert asked(shop, "L-1", sent).status_code == 401
    assert asked(shop, f"L-1?session_id=s-1&token={sent or ''}").status_code == 401


def test_somebody_who_is_not_known_yet_sees_what_is_popular_or_fits_their_session(shop):
    assert names(asked(shop, "new/one", token("new/one"))) == ["Stove", "Novel", "Tent"]
    make_view(None, "novel", NOW - HOUR, session_id="s-1")
    assert names(asked(shop, "new?session_id=s-1", token("new")))[0] == "Novel"


def test_other_systems_ask_by_key(shop, make_system):
    maya = make_customer(lms_lead_id="L-1")
    path = f"customers/{maya.id}/recommendations"
    answer = make_system("read").get(path)
    assert answer.json == asked(shop, "L-1", token()).json
    assert make_system("ingest").get(path).status_code == 403
    assert make_system("read").get("customers/999999/recommendations").status_code == 404


def test_the_page_of_a_customer_says_what_and_why(shop, client_of, viewer):
    maya = make_customer()
    make_view(maya.id, "novel", NOW - HOUR)
    page = client_of(viewer).get(f"/customers/{maya.id}").text
    assert "Best seller in books" in page
    assert 'href="https://shop.example/novel"' in page
    fragment = client_of(viewer).get(f"/customers/{maya.id}", headers={"HX-Request": "true"}).text
    assert "Best seller" not in fragment


def test_a_shop_that_has_sold_nothing_yet_says_so(app, client_of, viewer):
    assert "Nothing yet" in client_of(viewer).get(f"/customers/{make_customer().id}").text


def test_the_token_may_stand_beside_a_cookie(shop):
    with shop.app_context():
        client = shop.test_client()
        client.set_cookie(visiting.COOKIE, "s-1", path="/track")
        make_view(None, "novel", NOW - HOUR, session_id="s-1")
        answer = client.get("/track/recommendations/new", headers={"Authorization": f"Bearer {token('new')}"})
    assert names(answer)[0] == "Novel"
