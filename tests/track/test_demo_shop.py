"""/demo-shop: a shop to try things out with, where no mail leaves the machine, and nowhere else."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace

import jwt
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.catalogue import products
from app.catalogue.product import Product
from app.db import db
from tests.catalogue.buying import bring, product, rows
from tests.factories import make_customer
from tests.track.speaking import SECRET, done, good

SESSION = "s-shop"


@pytest.fixture
def shop(app: Flask) -> Iterator[Flask]:
    before = app.extensions["config"]
    app.extensions["config"] = replace(before, demo_shop=True, track_jwt_secrets=(SECRET,))
    bring(products, product("shirt", name="Shirt", category="clothing", price=1800, currency="EUR", stock=3))
    yield app
    app.extensions["config"] = before


@pytest.fixture
def visitor(shop: Flask, stranger: FlaskClient) -> FlaskClient:
    stranger.set_cookie("campus_session", SESSION)
    return stranger


def page(client: FlaskClient, path: str) -> str:
    answer = client.get(f"/demo-shop{path}")
    assert answer.status_code == 200, path
    return answer.get_data(as_text=True)


def tell(client: FlaskClient, path: str, **said: object) -> None:
    good(client.post(f"/track/{path}", json={"session_id": SESSION, **said}))
    db.session.rollback()


def sign_in(client: FlaskClient, lead: str) -> None:
    page(client, "/account")
    assert client.post("/demo-shop/account/sign-in", data={"lead": lead}).status_code == 303


@pytest.mark.parametrize("path", ["", "/cart", "/account", "/products/shirt", "/pictures/shirt.svg", "/orders/D-1"])
def test_there_is_none_unless_it_was_asked_for_and_no_mail_leaves(shop, stranger, path):
    assert stranger.get(f"/demo-shop{path}").status_code == 200
    for change in ({"demo_shop": False}, {"mail_provider": "resend"}):
        config = shop.extensions["config"]
        shop.extensions["config"] = replace(config, **change)
        assert stranger.get(f"/demo-shop{path}").status_code == 404
        shop.extensions["config"] = config


def test_the_side_bar_leads_to_it_where_it_is_open(shop, client_of, viewer):
    client = client_of(viewer)
    assert 'href="/demo-shop"' in client.get("/customers").get_data(as_text=True)
    shop.extensions["config"] = replace(shop.extensions["config"], demo_shop=False)
    assert 'href="/demo-shop"' not in client.get("/customers").get_data(as_text=True)


def test_it_shows_its_products_by_category_and_tells_of_the_one_that_is_looked_at(visitor):
    bring(products, product("mug", name="Mug", category="equipment", price=900, currency="EUR", stock=0))
    assert all(name in page(visitor, "") for name in ("Shirt", "Mug"))
    assert "Shirt" not in page(visitor, "?category=equipment")
    shown = page(visitor, "/products/shirt")
    (view,) = re.findall(r"data-campus-view='([^']+)'", shown)
    seen = {"product_id": "shirt", "product_name": "Shirt", "product_price": 1800, "product_category": "clothing"}
    assert json.loads(view) == seen
    assert '<script src="/track.js" data-checkout="http://localhost/demo-shop/cart" defer>' in shown
    assert "Sold out" in page(visitor, "/products/mug")
    assert visitor.get("/demo-shop/products/house").status_code == 404


def test_whoever_signs_in_gets_a_token_of_the_shop(visitor):
    make_customer(lms_lead_id="L1", email="maya@posteo.example")
    assert "data-token" not in page(visitor, "")
    assert "Maya Lindqvist" in page(visitor, "/account")
    sign_in(visitor, "L1")
    (token,) = re.findall(r'data-token="([^"]+)"', page(visitor, "/account"))
    assert jwt.decode(token, SECRET, algorithms=["HS256"])["sub"] == "L1"
    visitor.post("/demo-shop/account/sign-out")
    assert "data-token" not in page(visitor, "")


def test_nobody_signs_in_as_somebody_who_is_not_there(visitor):
    page(visitor, "/account")
    assert visitor.post("/demo-shop/account/sign-in", data={"lead": "L9"}).status_code == 422


def test_what_the_script_put_into_the_cart_is_paid_with_the_mail_that_led_here(visitor):
    maya = make_customer(lms_lead_id="L1", email="maya@posteo.example")
    page(visitor, "/products/shirt?ref=m-77")
    sign_in(visitor, "L1")
    tell(visitor, "cart-add", product_id="shirt", quantity=2, token=jwt.encode({"sub": "L1"}, SECRET, "HS256"))
    assert "36.00 EUR" in page(visitor, "/cart")
    answer = visitor.post("/demo-shop/orders")
    assert answer.status_code == 303
    (order,) = rows("orders")
    assert (order["customer_id"], order["total"], order["currency"], order["ref"]) == (maya.id, 3600, "EUR", "m-77")
    assert order["order_id"] in page(visitor, answer.headers["Location"].removeprefix("/demo-shop"))
    names = [name for name, _ in done(maya.id)]
    assert names == ["cart_added", "cart_updated", "order_completed", "cart_updated"]
    assert rows("carts")[0]["items"] == []
    assert "nothing in it" in page(visitor, "/cart")


def test_a_stranger_pays_with_an_address(visitor):
    tell(visitor, "cart-add", product_id="shirt")
    assert "Your e-mail address" in page(visitor, "/cart")
    refused = visitor.post("/demo-shop/orders", data={"email": "nowhere"})
    assert (refused.status_code, "nowhere" in refused.get_data(as_text=True)) == (422, True)
    assert visitor.post("/demo-shop/orders", data={"email": "Noor@Posteo.example"}).status_code == 303
    assert [(row["email_folded"], row["total"]) for row in rows("orders")] == [("noor@posteo.example", 1800)]
    assert rows("carts")[0]["items"] == []
    assert (
        visitor.post("/demo-shop/orders", data={"email": "noor@posteo.example"}).headers["Location"].endswith("/cart")
    )


def test_behind_the_counter_price_and_stock_are_changed_as_the_shop_would(visitor):
    page(visitor, "/products/shirt")
    assert visitor.post("/demo-shop/products/shirt", data={"price": "14,90", "stock": "0"}).status_code == 303
    shirt = db.session.scalar(select(Product))
    assert (shirt.price, shirt.stock, shirt.in_stock) == (1490, 0, False)
    changes = [(row["name"], row["old"], row["new"]) for row in rows("product_changes")]
    assert changes[-3:] == [("price", 1800, 1490), ("stock", 3, 0), ("in_stock", True, False)]
    for said in ({"price": "cheap", "stock": "1"}, {"price": "1.999", "stock": "1"}, {"price": "1", "stock": "-1"}):
        answer = visitor.post("/demo-shop/products/shirt", data=said)
        assert answer.status_code == 422
        assert said["price"] in answer.get_data(as_text=True)


def test_an_empty_shop_offers_a_dozen_products_once(visitor):
    db.session.execute(db.text("DELETE FROM products"))
    db.session.commit()
    assert "Put in a dozen" in page(visitor, "")
    visitor.post("/demo-shop/products")
    visitor.post("/demo-shop/products")
    kept = db.session.scalars(select(Product)).all()
    assert len(kept) == 12
    assert all(one.url.endswith(f"/demo-shop/products/{one.product_id}") and one.image_url for one in kept)


def test_the_watch_list_stands_on_the_account(visitor):
    make_customer(lms_lead_id="L1", email="maya@posteo.example")
    sign_in(visitor, "L1")
    tell(visitor, "watchlist/add", product_id="shirt", target_price=1500, token=jwt.encode({"sub": "L1"}, SECRET))
    assert "wanted at 15.00 EUR" in page(visitor, "/account")
