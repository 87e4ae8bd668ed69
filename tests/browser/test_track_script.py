"""The script in pages of a shop, on an origin of its own: what it tells of whoever visits, stays and leaves."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, Route
from sqlalchemy import text

from app.db import db
from app.events import jobs
from tests.work.running import until

pytestmark = pytest.mark.browser

PAGE = """<!doctype html><title>A mug</title>
<script>window.campus = window.campus || function () { (campus.q = campus.q || []).push(arguments) };{before}</script>
<script async src="{server}/track.js" {said}></script>
<h1 data-campus-view='{"product_id": "{product}", "product_name": "Mug, blue", "product_price": 1290}'>Mug</h1>"""
ROWS = "SELECT * FROM product_views WHERE product_id = :product ORDER BY viewed_at"
OFF = "Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', {get: () => true})"


class Shop:
    """Pages by path, each with the product of that name."""

    def __init__(self, server: str) -> None:
        self.server, self.said, self.before = server, 'data-pages="off"', ""
        shop = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                page = shop.page(self.path.strip("/"))
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.end_headers()
                self.wfile.write(page.encode())

            def log_message(self, *_: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://localhost:{self.http.server_port}"

    def page(self, product: str) -> str:
        told = {"{server}": self.server, "{said}": self.said, "{before}": self.before, "{product}": product}
        page = PAGE
        for name, value in told.items():
            page = page.replace(name, value)
        return page


@pytest.fixture
def shop(product: str) -> Iterator[Shop]:
    opened = Shop(product)
    threading.Thread(target=opened.http.serve_forever, daemon=True).start()
    yield opened
    opened.http.shutdown()
    opened.http.server_close()


@pytest.fixture
def visitor(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context()
    page = context.new_page()
    page.errors = []  # type: ignore[attr-defined]
    page.on("pageerror", lambda error: page.errors.append(str(error)))  # type: ignore[attr-defined]
    yield page
    context.close()


@pytest.fixture
def rows(migrated: Flask) -> Callable[[str], list[dict[str, Any]]]:
    def kept(product: str) -> list[dict[str, Any]]:
        with migrated.app_context():
            jobs.drain_views()
            return [dict(row) for row in db.session.execute(text(ROWS), {"product": product}).mappings()]

    return kept


def look(page: Page, address: str) -> None:
    with page.expect_response("**/track/view") as answered:
        page.goto(address)
    assert answered.value.status == 200


def test_somebody_looks_stays_and_leaves(shop, visitor, rows):
    visitor.clock.install()
    look(visitor, f"{shop.address}/script-mug")
    visitor.clock.fast_forward(30_000)
    look(visitor, f"{shop.address}/script-book")
    until(lambda: [row["seconds"] for row in rows("script-mug")] == [30])
    (mug,), (book,) = rows("script-mug"), rows("script-book")
    assert (mug["name"], mug["price"], mug["device_type"]) == ("Mug, blue", 1290, "desktop")
    cookie = next(one["value"] for one in visitor.context.cookies() if one["name"] == "campus_session")
    assert (len(cookie), {mug["session_id"], book["session_id"]}) == (32, {cookie})
    assert visitor.errors == []


def test_whoever_signs_in_takes_the_session_along_and_leaves_it_when_signing_out(shop, visitor, rows, migrated):
    with migrated.app_context():
        maya = db.session.execute(
            text("SELECT id, lms_lead_id FROM customers WHERE lms_lead_id IS NOT NULL AND erased_at IS NULL LIMIT 1")
        ).one()
    look(visitor, f"{shop.address}/script-one")
    token = jwt.encode({"sub": maya.lms_lead_id}, "the-secret-of-the-shop-in-the-browser", "HS256")
    shop.before = f"campus('identify', {json.dumps(token)})"
    look(visitor, f"{shop.address}/script-two")
    shop.before = ""
    until(lambda: [row["customer_id"] for row in rows("script-one")] == [maya.id])
    assert [row["customer_id"] for row in rows("script-two")] == [maya.id]
    with visitor.expect_response("**/track/view"):
        visitor.evaluate("campus.signOut(); campus.view({product_id: 'script-three'})")
    until(lambda: rows("script-three"))
    (third,) = rows("script-three")
    assert third["customer_id"] is None
    assert third["session_id"] not in {row["session_id"] for row in rows("script-two")}


def test_whoever_does_not_want_to_be_followed_is_not(shop, visitor):
    asked: list[str] = []
    visitor.on("request", lambda request: asked.append(request.url))
    visitor.add_init_script(OFF)
    shop.said = ""
    visitor.goto(f"{shop.address}/script-mug", wait_until="load")
    visitor.evaluate("campus.view({product_id: 'x'}); campus.track('y'); campus.cart.add('x')")
    assert [url for url in asked if "/track/" in url] == []
    assert visitor.context.cookies() == []
    assert visitor.evaluate("localStorage.length + sessionStorage.length") == 0


def test_nothing_that_goes_wrong_is_thrown_into_the_page(shop, visitor, rows):
    shop.before = "campus('view', null); campus('no.such', 1); campus('identify', 'forged')"
    visitor.goto(f"{shop.address}/script-wrong", wait_until="load")
    until(lambda: len(rows("script-wrong")) == 1)  # said again without the token that was refused
    visitor.evaluate("campus.watch(); campus.interest(); campus.track(); campus.cart.add(); campus.view()")
    assert visitor.errors == []


def test_pages_are_told_unless_that_is_switched_off(shop, visitor):
    shop.said = ""
    with visitor.expect_request("**/track/event") as told:
        visitor.goto(f"{shop.address}/script-page?secret=1")
    said = json.loads(told.value.post_data or "")
    assert (said["name"], said["properties"]["path"], said["properties"]["title"]) == (
        "page_viewed", "/script-page", "A mug",
    )  # fmt: skip
    assert said["properties"]["referrer"] == ""


def test_only_what_does_no_harm_twice_is_said_again_and_each_time_when_it_was(shop, visitor):
    statuses = {"cart-add": 503, "cart-remove": 429, "watchlist/add": 503}
    heard: dict[str, list[dict[str, Any]]] = {path: [] for path in statuses}

    def answer(route: Route) -> None:
        path = route.request.url.partition("/track/")[2]
        heard[path].append(json.loads(route.request.post_data or ""))
        route.fulfill(status=statuses[path], headers={"Access-Control-Allow-Origin": "*"})

    visitor.clock.install()
    look(visitor, f"{shop.address}/script-late")
    for path in statuses:
        visitor.route(f"**/track/{path}", answer)
    visitor.evaluate("campus.cart.add('x'); campus.cart.remove('x'); campus.watch({product_id: 'x'})")
    until(lambda: visitor.clock.run_for(500) or [len(told) for told in heard.values()] == [1, 2, 2])
    first, again = heard["cart-remove"]
    assert first["at"] == again["at"] <= first["sent_at"] <= again["sent_at"] - 2_000
