"""/track/watchlist: who wants to hear of a product, known or not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from app.catalogue import products
from tests.catalogue.buying import bring, product, rows
from tests.factories import make_customer
from tests.track.speaking import done, good, open_shop, refused, say


@pytest.fixture
def shop(app: Flask) -> Iterator[Flask]:
    with open_shop(app):
        bring(products, product("shirt", name="Shirt", price=1800, currency="EUR"))
        yield app


def watches() -> list[tuple]:
    names = ("product_id", "target_price", "seen_price", "on_price_drop", "on_restock")
    return [tuple(row[name] for name in names) for row in rows("watchlist")]


def test_a_product_is_watched_at_the_price_of_that_moment(shop):
    maya = make_customer(lms_lead_id="L1")
    said = good(say(shop, "watchlist/add", "L1", product_id="shirt", target_price=1500, notify_on_restock=False))
    assert watches() == [("shirt", 1500, 1800, True, False)]
    assert (rows("watchlist")[0]["customer_id"], said) == (maya.id, {"watch_id": rows("watchlist")[0]["id"]})
    assert done(maya.id) == [
        ("watchlist_added", {
            "product_id": "shirt", "name": "Shirt", "price": 1800, "currency": "EUR", "target_price": 1500,
            "seen_price": 1800, "on_price_drop": True, "on_restock": False})
    ]  # fmt: skip


def test_asked_again_it_is_as_they_asked_last(shop):
    for lead, session in (("L1", None), ("L9", None), (None, "s-1")):
        make_customer(lms_lead_id="L1") if lead == "L1" else None
        who = {"session_id": session} if session else {}
        first = good(say(shop, "watchlist/add", lead, product_id="shirt", target_price=1500, **who))
        bring(products, product("shirt", price=1700))
        assert good(say(shop, "watchlist/add", lead, product_id="shirt", product_name="Shirt", **who)) == first
        bring(products, product("shirt", price=1800))
    assert watches() == [("shirt", None, 1700, True, True)] * 3
    assert all(row["updated_date"] > row["created_date"] for row in rows("watchlist"))


def test_a_product_that_the_catalogue_does_not_know_is_watched_all_the_same(shop):
    good(say(shop, "watchlist/add", product_id=17))
    assert watches() == [("17", None, None, True, True)]


def test_whoever_wants_to_hear_of_nothing_is_told_so(shop):
    nothing = {"notify_on_price_drop": False, "notify_on_restock": False}
    assert refused(say(shop, "watchlist/add", product_id="shirt", **nothing)) == (422, "bad_value")
    for said in ({"target_price": -1}, {"target_price": 9.5}, {"product_id": ""}, {"notify_on_restock": "yes"}):
        assert say(shop, "watchlist/add", **{"product_id": "shirt", **said}).status_code == 422
    assert rows("watchlist") == []


def test_names_that_no_index_takes_are_refused(shop):
    names = "".join(chr(0x4E00 + number) for number in range(500))
    for path in ("watchlist/add", "watchlist/remove"):
        assert refused(say(shop, path, names[:400], product_id=names)) == (422, "too_long")
        good(say(shop, path, names[:300], product_id=names))


def test_it_is_watched_no_longer(shop):
    maya = make_customer(lms_lead_id="L1")
    say(shop, "watchlist/add", "L1", product_id="shirt")
    assert good(say(shop, "watchlist/remove", "L1", product_id="shirt")) == {}
    assert good(say(shop, "watchlist/remove", "L1", product_id="shirt")) == {}
    assert (watches(), [name for name, _ in done(maya.id)]) == ([], ["watchlist_added", "watchlist_removed"])


def test_nobody_takes_another_ones_product_off_their_list(shop):
    make_customer(lms_lead_id="L1")
    say(shop, "watchlist/add", "L1", product_id="shirt")
    say(shop, "watchlist/remove", product_id="shirt")
    say(shop, "watchlist/remove", "L2", product_id="shirt")
    assert len(watches()) == 1


def test_what_a_session_watches_becomes_theirs_when_they_sign_in(shop):
    maya = make_customer(lms_lead_id="L1")
    say(shop, "watchlist/add", product_id="shirt", target_price=1500)
    say(shop, "watchlist/add", product_id="mug")
    say(shop, "watchlist/add", "L1", product_id="shirt", target_price=1000)
    say(shop, "interest", "L1", session_id="s-1", interest="Design")
    assert sorted(watches()) == [("mug", None, None, True, True), ("shirt", 1000, 1800, True, True)]
    assert {row["customer_id"] for row in rows("watchlist")} == {maya.id}
