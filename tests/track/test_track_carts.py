"""/track/cart-add and /track/cart-remove: as pages say it, in whatever order it arrives."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from app.catalogue import products
from app.catalogue.visitor import Visitor
from app.db import db
from app.events import visits
from tests.catalogue.buying import bring, product, rows
from tests.factories import make_customer
from tests.track.speaking import done, good, open_shop, refused, say
from tests.track.visiting import meanwhile


@pytest.fixture
def shop(app: Flask) -> Iterator[Flask]:
    with open_shop(app):
        bring(products, product("shirt", name="Shirt", price=1800, currency="EUR", url="https://x.example/shirt"))
        yield app


def only() -> dict:
    (row,) = rows("carts")
    return row


def lines() -> list[tuple[str, int]]:
    return [(line["product_id"], line["quantity"]) for line in only()["items"]]


def test_what_is_put_in_lies_in_the_customers_cart_as_the_catalogue_knows_it(shop):
    maya = make_customer(lms_lead_id="L1")
    assert good(say(shop, "cart-add", "L1", product_id="shirt", quantity=2)) == {"items": 1}
    assert good(say(shop, "cart-add", "L1", product_id=17, product_name="Mug", product_price=900)) == {"items": 2}
    shirt, mug = only()["items"]
    assert only()["customer_id"] == maya.id
    assert (shirt["name"], shirt["price"], shirt["url"]) == ("Shirt", 1800, "https://x.example/shirt")
    assert (mug["product_id"], mug["name"], mug["price"], mug["quantity"]) == ("17", "Mug", 900, 1)


def test_it_counts_as_an_event_of_the_product_and_one_of_the_whole_cart(shop):
    maya = make_customer(lms_lead_id="L1")
    say(shop, "cart-add", "L1", product_id="shirt", quantity=2)
    say(shop, "cart-remove", "L1", product_id="shirt")
    one = {"product_id": "shirt", "name": "Shirt", "quantity": 2, "price": 1800, "currency": "EUR"}
    line = {"product_id": "shirt", "quantity": 2, "price": 1800, "name": "Shirt", "url": "https://x.example/shirt"}
    assert done(maya.id) == [
        ("cart_added", one),
        ("cart_updated", {"items": [line], "total": 3600, "currency": "EUR"}),
        ("cart_removed", one),
        ("cart_updated", {"items": [], "total": 0}),
    ]


def test_some_of_it_or_all_of_it_is_taken_out(shop):
    say(shop, "cart-add", product_id="shirt", quantity=5)
    assert good(say(shop, "cart-remove", product_id="shirt", quantity=2)) == {"items": 1}
    assert lines() == [("shirt", 3)]
    assert good(say(shop, "cart-remove", product_id="shirt")) == {"items": 0}
    assert lines() == []
    assert good(say(shop, "cart-remove", product_id="shirt")) == {"items": 0}


def at(seconds: float, sent: float = 0) -> dict[str, str]:
    """By the clock of a page that is an hour fast: so many seconds ago, sent so many seconds ago."""
    page = datetime.now(UTC) + timedelta(hours=1)
    return {
        "at": (page - timedelta(seconds=seconds)).isoformat(),
        "sent_at": (page - timedelta(seconds=sent)).isoformat(),
    }


def test_what_was_taken_out_since_is_not_put_in_by_a_call_that_comes_late(shop):
    say(shop, "cart-add", product_id="shirt", **at(60))
    say(shop, "cart-remove", product_id="shirt", **at(20))
    assert good(say(shop, "cart-add", product_id="shirt", **at(40))) == {"items": 0}
    assert good(say(shop, "cart-add", product_id="mug", **at(40))) == {"items": 1}
    assert good(say(shop, "cart-add", product_id="shirt", **at(10))) == {"items": 2}


def test_what_was_never_there_is_taken_out_before_it_comes(shop):
    say(shop, "cart-remove", product_id="shirt", **at(20))
    assert good(say(shop, "cart-add", product_id="shirt", **at(40))) == {"items": 0}


def test_what_was_put_in_since_is_not_taken_out_by_a_call_that_comes_late(shop):
    say(shop, "cart-add", product_id="shirt", **at(10))
    assert good(say(shop, "cart-remove", product_id="shirt", **at(30))) == {"items": 1}


def test_a_removal_is_forgotten_after_an_hour(shop):
    say(shop, "cart-remove", product_id="shirt", **at(2 * 3600))
    assert only()["removed"] == {}
    say(shop, "cart-remove", product_id="mug", **at(10))
    assert list(only()["removed"]) == ["mug"]


def test_a_page_may_be_wrong_about_the_time_but_never_about_the_future(shop):
    before = datetime.now(UTC)
    now = time_of_cart(shop, at=before.isoformat())
    assert now >= before
    assert time_of_cart(shop, at=5_000_000, sent_at=4_000_000) >= before
    late = time_of_cart(shop, session="s-2", at=1_000_000, sent_at=1_000_000 + 30_000)
    assert timedelta(seconds=25) < datetime.now(UTC) - late < timedelta(seconds=60)
    oldest = time_of_cart(shop, session="s-3", at=0, sent_at=90 * 86_400_000)
    assert timedelta(hours=23) < datetime.now(UTC) - oldest < timedelta(hours=25)


def time_of_cart(shop: Flask, session: str = "s-1", **said: object) -> datetime:
    good(say(shop, "cart-add", product_id="shirt", session_id=session, **said))
    return next(row["occurred_at"] for row in rows("carts") if row["session_id"] == session)


@pytest.mark.parametrize(
    "said",
    [
        {"quantity": 0}, {"quantity": -1}, {"quantity": 1.5}, {"quantity": 1.0}, {"quantity": 10_001},
        {"quantity": "2"}, {"quantity": True}, {"product_id": ""}, {"product_id": 1.5}, {"product_price": -1},
        {"product_price": 18.5}, {"url": "javascript:alert(1)"}, {"image_url": "data:x"}, {"product_name": "x" * 501},
        {"at": "yesterday"}, {"product_id": "a\0"}, {"at": "2026-01-01T00:00:00", "sent_at": "2026-01-01T00:00:01Z"},
        {"at": 10**400, "sent_at": 1}, {"at": 1, "sent_at": 10**30}, {"at": 2**53 + 1}, {"sent_at": -1}, {"at": 1e17},
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", ["cart-add", "cart-remove"])
def test_what_is_no_cart_is_refused_and_nothing_is_kept(shop, path, said):
    if path == "cart-remove" and ("url" in said or "image_url" in said):
        return
    assert say(shop, path, **{"product_id": "shirt", **said}).status_code == 422
    assert rows("carts") == []


def test_a_cart_holds_no_more_than_a_cart_can(shop):
    good(say(shop, "cart-add", product_id="shirt", quantity=10_000))
    assert refused(say(shop, "cart-add", product_id="shirt")) == (422, "too_large")
    assert refused(say(shop, "cart-add", product_id="house", product_price=2**53, quantity=2)) == (422, "too_large")
    assert lines() == [("shirt", 10_000)]


def test_a_forged_token_puts_in_nothing(shop):
    client = shop.test_client()
    assert client.post("/track/cart-add", json={"product_id": "shirt", "token": "x.y.z"}).status_code == 401
    assert client.post("/track/cart-add", data="no JSON", content_type="text/plain").status_code == 400
    assert rows("carts") == []


def test_a_beacon_is_understood(shop):
    said = '{"product_id": "shirt", "session_id": "s-1"}'
    answer = shop.test_client().post("/track/cart-add", data=said, content_type="text/plain;charset=UTF-8")
    assert good(answer) == {"items": 1}


def test_a_session_brings_its_cart_and_its_events_along(shop):
    maya = make_customer(lms_lead_id="L1")
    say(shop, "cart-add", product_id="mug")
    assert (only()["session_id"], done(maya.id)) == ("s-1", [])
    assert good(say(shop, "cart-add", "L1", session_id="s-1", product_id="shirt")) == {"items": 2}
    assert (only()["customer_id"], only()["session_id"]) == (maya.id, None)
    assert [name for name, _ in done(maya.id)].count("cart_added") == 2
    good(say(shop, "cart-add", product_id="shirt"))
    assert lines() == [("mug", 1), ("shirt", 2)]


def test_somebody_with_a_lead_that_is_not_known_yet_waits_under_it(shop):
    say(shop, "cart-add", product_id="mug")
    assert good(say(shop, "cart-add", "L9", session_id="s-1", product_id="shirt")) == {"items": 2}
    assert (only()["lms_lead_id"], only()["customer_id"]) == ("L9", None)


def test_what_is_put_in_while_somebody_signs_in_lies_in_their_own_cart(shop):
    maya = make_customer(lms_lead_id="L1")
    say(shop, "cart-add", "L1", product_id="mug")
    visits.join(Visitor("L1", "s-1"), datetime.now(UTC))
    with meanwhile(shop, lambda: good(say(shop, "cart-add", product_id="shirt"))):
        db.session.commit()
    assert (only()["customer_id"], lines()) == (maya.id, [("mug", 1), ("shirt", 1)])
