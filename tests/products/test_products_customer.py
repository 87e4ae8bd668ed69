"""What the page of a customer says of them and the shop."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.catalogue import buyer, carts, orders, products
from app.catalogue.item import Item
from app.clock import clock
from app.db import db
from app.events import partitions
from app.events.event import Event
from tests.catalogue.buying import SHIRT, bring, cart, lead, order, paid, product
from tests.factories import NOW, make_customer, make_event
from tests.products.looking import make_view, make_watch

MAYA = lead("L-1")


@pytest.fixture
def maya(app):
    return make_customer(lms_lead_id="L-1")


@pytest.fixture
def browser(client_of, viewer):
    return client_of(viewer)


def make_viewed(customer, **properties) -> None:
    """make_event calls its second argument name, too."""
    partitions.ensure(NOW, NOW)
    db.session.add(Event(customer_id=customer.id, name="product_viewed", occurred_at=NOW, properties=properties))
    db.session.commit()


def page_of(browser, customer) -> str:
    db.session.commit()
    return browser.get(f"/customers/{customer.id}").get_data(as_text=True)


def test_somebody_who_never_shopped_has_no_shop_on_their_page(browser, maya):
    assert 'id="shop"' not in page_of(browser, maya)
    assert not buyer.of(maya.id).is_known


def test_lifetime_value_is_what_was_paid_without_what_was_given_back(maya):
    bring(
        orders,
        paid("o-1", MAYA, 5000),
        paid("o-2", MAYA, 3000, refunded_total=1000),
        paid("o-3", MAYA, 700, currency="CHF"),
    )
    bring(orders, paid("o-4", MAYA, 9900, status="refunded"), paid("o-5", MAYA, 8800, status="cancelled"))
    euro, franc = buyer.of(maya.id).worth
    assert (euro.currency, euro.spent, euro.orders, euro.average) == ("EUR", 7000, 2, 3500)
    assert (franc.currency, franc.spent) == ("CHF", 700)


def test_the_page_shows_orders_cart_watches_and_looks_by_name(browser, maya):
    bring(
        products,
        product("shirt", name="Shirt", price=1900, currency="EUR", category="Clothes"),
        product("mug", name="Mug"),
    )
    bring(
        orders,
        paid("o-77", MAYA, 4700, items=[SHIRT]),
        order("o-78", MAYA, total=100, currency="EUR", status="cancelled"),
    )
    bring(carts, cart(MAYA, SHIRT, Item("unheard", 1, 100, "Unheard of")))
    make_watch("mug", maya)
    make_view("shirt", maya)
    make_view("shirt", maya, clock() - timedelta(hours=3))
    make_view("gone", maya, name="Was here")
    page = page_of(browser, maya)
    for word in ("Lifetime value", "47.00 EUR", "o-77", "cancelled", "38.00 EUR", "39.00 EUR", "Unheard of",
                 "idle for", "Watches", ">Mug</a>", "2 times", "Was here", "looks at Clothes most"):  # fmt: skip
        assert word in page


def test_an_emptied_cart_is_no_cart(maya):
    bring(carts, cart(MAYA, SHIRT))
    bring(carts, cart(MAYA, at=clock()), now=clock())
    assert buyer.of(maya.id).basket is None


def test_names_of_the_shop_are_text_and_never_markup(browser, maya):
    evil = "<script>alert(1)</script>"
    bring(products, product("shirt", name=evil))
    bring(carts, cart(MAYA, SHIRT))
    make_view(evil, maya, name=evil, category=evil)
    make_watch(evil, maya)
    make_viewed(maya, name=evil)
    assert evil not in page_of(browser, maya)


def test_the_story_says_what_they_did_in_the_shop(browser, maya):
    make_viewed(maya, product_id="shirt", name="Shirt", price=1900, currency="EUR")
    make_event(maya, "cart_added", product_id="mug", quantity=1)
    page = page_of(browser, maya)
    for word in (
        "Looked at",
        '<b class="wrap-any">Shirt</b> 19.00 EUR',
        "Put into the cart",
        '<b class="wrap-any">mug</b>',
    ):
        assert word in page
    assert "quantity" not in page


def test_an_order_of_which_a_part_was_given_back_counts_in_the_average(maya):
    bring(orders, paid("o-1", MAYA, 5000), paid("o-2", MAYA, 3000, status="refunded", refunded_total=1000))
    euro = buyer.of(maya.id).worth[0]
    assert (euro.spent, euro.orders, euro.average) == (7000, 2, 3500)
