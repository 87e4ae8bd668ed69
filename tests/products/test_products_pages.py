"""The pages of products: the list, one product, what people do with it, and both as files."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.audit import Entry
from app.automations.launch import Launch
from app.catalogue import carts, orders, products
from app.catalogue.item import Item
from app.clock import clock
from app.db import db
from tests.catalogue.buying import SHIRT, bring, cart, lead, paid, product
from tests.factories import make_customer
from tests.products.looking import make_product, make_view, make_watch

FRAGMENT = {"HX-Request": "true"}
EVIL = "<script>alert(1)</script>"


@pytest.fixture
def browser(client_of, viewer):
    return client_of(viewer)


def said(answer) -> str:
    return answer.get_data(as_text=True)


def order_of(page: str, *names: str) -> list[str]:
    return sorted((name for name in names if f">{name}</a>" in page), key=lambda name: page.index(f">{name}</a>"))


@pytest.fixture
def shelf(app):
    make_product("p-1", name="Blue mug", category="Kitchen", price=1290, currency="EUR", stock=48, in_stock=True)
    make_product("p-2", name="Oak lamp", category="Lamps", price=14900, currency="EUR", stock=0, in_stock=False)
    make_product("p-3", category="Kitchen")


def test_the_list_says_what_each_product_costs_and_how_many_there_are(browser, shelf):
    page = said(browser.get("/products"))
    for word in ("Products <", "12.90 EUR", "149.00 EUR", "48", "sold out", "p-3", "Kitchen", "Export these"):
        assert word in page
    assert order_of(page, "Blue mug", "Oak lamp", "p-3") == ["Blue mug", "Oak lamp", "p-3"]


def test_the_list_is_in_the_side_bar_and_in_the_search_over_everything(browser, shelf):
    assert 'href="/products"' in said(browser.get("/"))
    assert "Oak lamp" in said(browser.get("/search?q=lamp"))


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("q=mug", ["Blue mug"]),
        ("q=kitchen", ["Blue mug", "p-3"]),
        ("q=p-2", ["Oak lamp"]),
        ("filter=category:is:Lamps", ["Oak lamp"]),
        ("filter=stock:is:in", ["Blue mug"]),
        ("filter=stock:is:out", ["Oak lamp"]),
        ("filter=stock:is:unknown", ["p-3"]),
        ("sort=-price", ["Oak lamp", "Blue mug", "p-3"]),
        ("sort=stock", ["p-3", "Oak lamp", "Blue mug"]),
        ("sort=-updated", ["p-3", "Oak lamp", "Blue mug"]),
    ],
)
def test_one_finds_filters_and_sorts(browser, shelf, query, names):
    assert order_of(said(browser.get(f"/products?{query}")), "Blue mug", "Oak lamp", "p-3") == names


def test_the_list_as_a_fragment_brings_no_frame(browser, shelf):
    answer = browser.get("/products?q=mug", headers=FRAGMENT)
    assert said(answer).lstrip().startswith('<div class="card" id="results">')
    assert "HX-Request" in answer.headers["Vary"]


def test_an_empty_list_and_one_without_a_match_say_so(browser, app):
    assert "No products yet" in said(browser.get("/products"))
    make_product()
    assert "No product matches “wram”" in said(browser.get("/products?q=wram"))


@pytest.mark.parametrize("query", ["cursor=xyz", "sort=colour", "filter=colour:is:red", "filter=stock:is:some"])
def test_what_the_list_does_not_know_is_refused(browser, app, query):
    assert browser.get(f"/products?{query}").status_code == 422


def test_fifty_products_are_a_page_and_the_next_goes_on(browser, app):
    for n in range(52):
        db.session.add(products.Product(product_id=f"p{n:02}", price=n))
    db.session.commit()
    page = said(browser.get("/products?sort=-price"))
    assert "<b>1–50</b> of 52" in page
    following = page.partition('rel="next"')[0].rpartition('href="')[2].partition('"')[0].replace("&amp;", "&")
    rest = said(browser.get(following))
    assert order_of(rest, "p02", "p01", "p00") == ["p01", "p00"]


def test_the_list_counts_watchers_and_views_of_thirty_days(browser, app):
    make_product("mug", name="Mug")
    maya = make_customer()
    for _ in range(3):
        make_view("mug", maya)
    make_view("mug", maya, clock() - timedelta(days=31))
    make_watch("mug", maya)
    make_watch("mug", session_id="s-1")
    page = said(browser.get("/products"))
    assert [cell.partition("<")[0] for cell in page.split('<td class="num sub">')[1:3]] == ["2", "3"]


def test_the_export_holds_what_is_filtered_and_is_written_down(browser, shelf):
    answer = browser.get("/products/export?filter=category:is:Kitchen")
    assert answer.mimetype == "text/csv"
    lines = said(answer).lstrip("\ufeff").splitlines()
    assert lines[1] == "p-1,Blue mug,Kitchen,12.90,EUR,48,true,,"
    assert lines[2] == "p-3,,Kitchen,,,,,,"
    assert len(lines) == 3
    assert db.session.query(Entry).filter_by(verb="exported").count() == 1


def test_a_product_shows_its_past_day_by_day_and_change_by_change(browser, app):
    bring(products, product("mug", name="Mug", price=1990, currency="EUR", stock=5), now=clock() - timedelta(days=2))
    bring(products, product("mug", price=1490), now=clock())
    there = f"/products/{products_id('mug')}"
    page = said(browser.get(there))
    for word in (
        'data-chart="days"',
        'data-value="19.90"',
        'data-value="14.90"',
        "19.90 EUR → 14.90 EUR",
        "Shop (API)",
    ):
        assert word in page
    changes = said(browser.get(f"{there}/changes.csv"))
    assert "price,19.90,14.90,Shop (API)" in changes


def test_each_price_of_its_past_is_said_in_the_currency_of_then(browser, app):
    for days, said_ in ((3, {"price": 1990}), (2, {"price": 1490}), (1, {"price": 250_000, "currency": "JPY"})):
        bring(products, product("mug", **{"currency": "EUR", **said_}), now=clock() - timedelta(days=days))
    there = f"/products/{products_id('mug')}"
    page = said(browser.get(there))
    for word in ("19.90 EUR → 14.90 EUR", "14.90 EUR → 250,000 JPY", "EUR → JPY"):
        assert word in page
    changes = said(browser.get(f"{there}/changes.csv"))
    assert "price,19.90,14.90,Shop (API)" in changes
    assert "price,14.90,250000,Shop (API)" in changes


def test_a_product_says_who_watches_and_looked_and_how_often_it_was_bought(browser, app):
    maya, tom = make_customer(lms_lead_id="L-1"), make_customer("Tom", "Nowak")
    bring(products, product("shirt", name="Shirt", price=1900, currency="EUR"))
    make_watch("shirt", maya, target_price=1500)
    make_watch("shirt", session_id="s-1")
    make_view("shirt", tom)
    make_view("shirt", tom)
    make_view("shirt", session_id="s-2")
    bring(orders, paid("o-1", lead("L-1"), 3800, items=[SHIRT], occurred_at=clock()), now=clock())
    bring(orders, paid("o-2", lead("L-1"), 900, items=[Item("mug", 1, 900)], occurred_at=clock()), now=clock())
    bring(carts, cart(lead("L-1"), SHIRT))
    page = said(browser.get(f"/products/{products_id('shirt')}"))
    for word in ("Maya Lindqvist", "15.00 EUR", "1 visitor without a name", "Tom Nowak", "2 times",
                 "1 view by 1 visitor", "in 1 order, 90 days"):  # fmt: skip
        assert word in page
    assert figure(page, "Sold") == "2"
    assert figure(page, "In carts") == "1"
    assert figure(page, "Views") == "3"


def test_the_launches_of_a_product_are_named(browser, app):
    product = make_product("lamp")
    db.session.add(Launch(key="k", interest="lamps", source="api", product_id="lamp"))
    db.session.commit()
    assert "Launch for “lamps”" in said(browser.get(f"/products/{product.id}"))


def test_watchers_go_on_page_by_page(browser, app):
    product = make_product("lamp")
    for n in range(11):
        make_watch("lamp", make_customer(f"Person{n}", "X"))
    page = said(browser.get(f"/products/{product.id}"))
    following = page.partition(">Older<")[0].rpartition('href="')[2].partition('"')[0]
    fragment = said(browser.get(following, headers=FRAGMENT))
    assert "11–11" in fragment
    assert "<html" not in fragment
    assert "<html" in said(browser.get(following))
    assert browser.get(f"/products/{product.id}/watchers?cursor=nonsense").status_code == 422


def test_what_a_shop_calls_its_products_is_text_and_never_markup(browser, app):
    product = make_product(f"id{EVIL}", name=EVIL, category=EVIL, url="https://shop.example/x")
    make_view(product.product_id, make_customer(last_name=EVIL))
    for there in ("/products", f"/products/{product.id}", "/search?q=alert", "/products?filter=category:is:x"):
        assert EVIL not in said(browser.get(there))


def test_a_product_without_anything_is_shown_by_its_id(browser, app):
    page = said(browser.get(f"/products/{make_product('bare').id}"))
    for word in ("bare", "No category", "Nobody watches it", "Nobody in 30 days", "No change yet"):
        assert word in page


@pytest.mark.parametrize("rest", ["", "/watchers", "/changes.csv"])
def test_a_product_that_is_not_there_is_not_found(browser, app, rest):
    assert browser.get(f"/products/999{rest}").status_code == 404
    assert browser.get(f"/products/99999999999999999999{rest}").status_code == 404


@pytest.mark.parametrize("there", ["/products", "/products/1", "/products/export", "/products/1/changes.csv"])
def test_a_stranger_sees_no_products(stranger, there):
    assert stranger.get(there).status_code == 302


def products_id(product_id: str) -> int:
    return db.session.query(products.Product).filter_by(product_id=product_id).one().id


def figure(page: str, title: str) -> str:
    return page.partition(f"<dt>{title}</dt>")[2].partition('<span class="big">')[2].partition("<")[0]
