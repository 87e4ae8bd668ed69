"""A mail about the shop goes out only while it is still true, and shows what is true then."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update

from app.automations import following
from app.clock import clock
from app.content import publishing, writing
from app.content.writing import Draft
from app.db import db
from app.deliveries import carriers, limits, overtaken, sealing
from app.deliveries.batch import Batch
from app.deliveries.run import Run
from app.deliveries.viewing import page
from tests.automations.behaviours.shop import (
    BAG,
    DAY,
    HOUR,
    MUG,
    SHIRT,
    answers,
    buys,
    claims,
    fills_cart,
    ids,
    looks,
    looks_at,
    mail_with,
    moments,
    people,
    sells,
    watches,
)
from tests.automations.happening import accept_all, mails, settle
from tests.automations.making import ADA, make_active
from tests.deliveries.making import addresses, outbox, sent
from tests.factories import make_event

CART = (
    "{% for item in facts.cart.items %}[{{ item.quantity }} {{ item.name }} {{ item.price | money }}]{% endfor %}"
    " {{ facts.cart.total | money(facts.cart.currency) }} {{ facts.checkout_url }}"
)
PRODUCTS = (
    "{% for item in facts.products %}[{{ item.name }} {{ item.price | money }}]{% endfor %}"
    " {{ facts.product_name }} {{ facts.product_link }} {{ facts.product.savings | money }}"
)
SECOND = timedelta(seconds=1)


@pytest.fixture
def now(app) -> datetime:
    """These mails really go out: their time is that of the clock."""
    return clock()


def says(text: str) -> int:
    template = writing.create(Draft("Shop", subject="Look", message=mail_with(text)), clock(), ADA)
    publishing.publish(template, clock(), ADA)
    db.session.commit()
    return template.id


def fate() -> list[tuple[str, str | None]]:
    return [(one.state, one.reason) for one in mails()]


def text_of(place: int = 0) -> str:
    return outbox()[place].text


def test_the_cart_of_now_is_shown_with_what_the_catalogue_knows(now):
    maya, noor = people(2)
    automation = answers("abandoned_cart", template_id=says(CART))
    sells("shirt", name="Shirt", price=2500, currency="EUR", url="https://shop.example/shirt")
    sells("mug", price=900, currency="EUR")
    fills_cart(maya, SHIRT, MUG, at=now - 30 * HOUR, checkout_url="https://shop.example/checkout")
    fills_cart(noor, MUG, at=now - 30 * HOUR)
    looks(automation, now)
    sells("shirt", name="Linen Shirt")
    settle(now)
    sent()
    assert addresses() == ["maya@posteo.example", "noor@posteo.example"]
    assert "[2 Linen Shirt 19.00 EUR][1 mug 9.00 EUR] 47.00 EUR https://shop.example/checkout" in text_of()
    kept = mails()[0].facts
    assert (kept["product_name"], kept["product_link"]) == ("Linen Shirt", "https://shop.example/shirt")
    assert "Linen Shirt" in (page(mails()[0].id) or "")


def test_whoever_emptied_it_or_bought_meanwhile_gets_nothing(now):
    emptied, bought, left, touched, at_that_second = people(5)
    automation = answers("abandoned_cart")
    for one in (emptied, bought, left, touched, at_that_second):
        fills_cart(one, SHIRT, at=now - 30 * HOUR)
    looks(automation, now)
    settle(now)
    fills_cart(emptied, at=now)
    buys(bought, SHIRT, at=now)
    fills_cart(touched, SHIRT, MUG, at=now)
    buys(at_that_second, SHIRT, at=now - 30 * HOUR - SECOND / 2)
    sent()
    assert addresses() == ["otto@posteo.example"]
    over = ("skipped", "overtaken")
    assert fate() == [over, over, ("accepted", None), over, over]


@pytest.mark.parametrize("behaviour", ["abandoned_cart", "browse"])
def test_what_goes_on_after_such_a_mail_asks_again(now, behaviour):
    bought, left = people(2)
    first = answers(behaviour)
    sells("shirt", price=1900)
    for one in (bought, left):
        if behaviour == "abandoned_cart":
            fills_cart(one, SHIRT, at=now - 30 * HOUR)
        else:
            looks_at(one, "shirt", *moments(now - 3 * DAY, 3))
    looks(first, now)
    settle(now)
    accept_all(now)
    second = make_active(trigger={"after": {"automation": first.id, "delay": "1m"}}, segment_id=None, name="Second")
    second.looked_until = now - HOUR
    db.session.commit()
    list(following.follow(now + HOUR))
    db.session.commit()
    buys(bought, SHIRT, at=now)
    sent()
    assert addresses() == [left.email]


@pytest.mark.parametrize(("behaviour", "flag"), [("price_drop", "on_price_drop"), ("back_in_stock", "on_restock")])
def test_whoever_does_not_want_to_hear_of_it_any_more_gets_nothing(now, behaviour, flag):
    removed, switched_off, left = people(3)
    sells("shirt", price=3000, stock=0)
    said = [watches(one, "shirt", seen_price=3000) for one in (removed, switched_off, left)]
    sells("shirt", at=now - HOUR, price=2000, stock=9)
    looks(answers(behaviour), now)
    settle(now)
    db.session.delete(said[0])
    setattr(said[1], flag, False)
    db.session.commit()
    sent()
    assert fate() == [("skipped", "overtaken"), ("skipped", "overtaken"), ("accepted", None)]


def test_whoever_put_it_into_the_cart_or_bought_it_is_not_reminded(now):
    added, took_out, bought, left = people(4)
    automation = answers("browse")
    sells("shirt", price=1900)
    for one in (added, took_out, bought, left):
        looks_at(one, "shirt", *moments(now - 3 * DAY, 3))
    looks(automation, now)
    settle(now)
    fills_cart(added, SHIRT, at=now)
    make_event(took_out, "cart_added", now, product_id="shirt")
    buys(bought, SHIRT, BAG, at=now)
    sent()
    assert addresses() == [left.email]


def test_the_price_of_now_is_shown_and_one_that_went_up_is_not(now):
    maya, noor = people(2)
    automation = answers("price_drop", template_id=says(PRODUCTS))
    for product_id, price in (("shirt", 3000), ("mug", 900)):
        sells(product_id, price=price, currency="EUR", name=product_id.title(), url="https://shop.example/p")
    watches(maya, "shirt", seen_price=3000)
    watches(maya, "mug", seen_price=900)
    watches(noor, "mug", seen_price=900)
    sells("shirt", at=now - HOUR, price=2400)
    sells("mug", at=now - HOUR, price=700)
    looks(automation, now)
    settle(now)
    sells("shirt", at=now, price=2300)
    sells("mug", at=now, price=900)
    sent()
    assert "[Shirt 23.00 EUR] Shirt https://shop.example/p 7.00 EUR" in text_of()
    assert fate() == [("accepted", None), ("skipped", "overtaken")]


def test_in_another_currency_it_is_no_lower_price(now):
    (maya,) = people(1)
    automation = answers("price_drop")
    sells("shirt", price=3000, currency="EUR")
    watches(maya, "shirt", seen_price=3000)
    sells("shirt", at=now - HOUR, price=2400)
    looks(automation, now)
    settle(now)
    sells("shirt", at=now, currency="CHF")
    sent()
    assert fate() == [("skipped", "overtaken")]


def test_whose_product_was_gone_before_their_mail_waits_for_it_again(now):
    maya, noor = people(2)
    automation = answers("back_in_stock", template_id=says(PRODUCTS))
    for product_id in ("shirt", "mug"):
        sells(product_id, price=900, stock=0)
        watches(maya, product_id)
    watches(noor, "shirt")
    for product_id in ("shirt", "mug"):
        sells(product_id, at=now - HOUR, stock=9)
    assert looks(automation, now) == 2
    settle(now)
    sells("shirt", at=now, stock=0)
    sent()
    assert fate() == [("accepted", None), ("skipped", "overtaken")]
    assert "[mug 9.00" in text_of()
    sells("shirt", at=now + HOUR, stock=9)
    assert looks(automation, now + 2 * HOUR) == 2
    spent = {(one.customer_id, one.product_id) for one in claims()}
    assert spent == {(maya.id, "mug"), (maya.id, "shirt"), (noor.id, "shirt")}


def test_what_waited_for_days_and_is_gone_is_waited_for_again(now):
    (maya,) = people(1)
    automation = answers("back_in_stock")
    sells("shirt", price=900, stock=0)
    watches(maya, "shirt")
    sells("shirt", at=now - HOUR, stock=9)
    looks(automation, now)
    settle(now)
    db.session.execute(update(Run).values(open_until=now - 5 * DAY))
    sells("shirt", at=now, stock=0)
    sent()
    sells("shirt", at=now + HOUR, stock=9)
    claimed = claims()[0].occasion
    assert looks(automation, now + 2 * HOUR) == 1
    assert [one.occasion for one in claims()] != [claimed]
    assert len(claims()) == 1


def test_what_was_sealed_and_not_posted_is_drawn_anew_once_it_is_over(now):
    maya, noor = people(2)
    automation = answers("abandoned_cart")
    for one in (maya, noor):
        fills_cart(one, SHIRT, at=now - 30 * HOUR)
    looks(automation, now)
    settle(now)
    batch = db.session.scalars(select(Batch)).one()
    run, held = limits.found(batch.run_id)
    sealing.seal(batch, run, carriers.expected(), now, held)
    db.session.commit()
    assert not overtaken.is_out_of_date(run, batch.sealed_ids)
    fills_cart(maya, at=now)
    assert overtaken.is_out_of_date(run, batch.sealed_ids)
    sent()
    assert addresses() == [noor.email]


def test_mail_that_answers_nothing_of_the_shop_is_left_alone(now):
    """Its facts may have a cart of their own."""
    automation = answers("abandoned_cart")
    maya, noor = people(2)
    fills_cart(maya, SHIRT, at=now - 30 * HOUR)
    assert looks(automation, now) == 1
    settle(now)
    (mail,) = mails()
    assert ids(maya) == [mail.customer_id]
    assert noor.id != mail.customer_id
