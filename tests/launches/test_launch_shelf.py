"""What the catalogue tells becomes launches: once each, only what is newer than the switch, and never a flood."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import delete, select

from app.alerts.alert import Alert
from app.automations.keeping import NotReady
from app.automations.launches import steps
from app.catalogue.product import Product, ProductChange
from app.db import db
from app.settings.launches import Switch
from tests.deliveries.making import addresses, outbox
from tests.launches.making import (
    ADA,
    launches,
    looked,
    make_fan,
    make_product,
    make_starter,
    now,
    set_launches,
    went_out,
)


@pytest.fixture(autouse=True)
def starter(app):
    return make_starter()


def on(**said):
    return Switch(since=now() - timedelta(minutes=1), **said)


def alerts():
    return [one.title for one in db.session.scalars(select(Alert).where(Alert.settled_at.is_(None)))]


def interests():
    return [(one.key.split("-")[1], one.product_id, one.interest) for one in launches()]


def test_nothing_is_launched_unless_somebody_switched_it_on(app):
    make_product()
    make_product(price=100)
    looked()
    assert launches() == []


def test_a_new_product_is_launched_once_to_whoever_likes_its_category(app):
    make_fan("Maya")
    set_launches(new=on())
    make_product()
    looked()
    looked()
    assert interests() == [("new", "P-1", "festivals")]
    went_out()
    assert addresses() == ["maya@campus.example"]
    assert "Tent for Maya" in outbox()[0].html


def test_what_was_there_before_the_switch_stays_unsaid(app):
    make_product()
    set_launches(new=Switch(since=now()))
    looked()
    assert launches() == []


@pytest.mark.parametrize("lacking", [{"name": None}, {"url": None}, {"category": None}, {"in_stock": False}])
def test_a_product_that_a_mail_could_not_name_waits(app, lacking):
    set_launches(new=on())
    make_product(**lacking)
    looked()
    assert launches() == []
    make_product(in_stock=True)
    looked()
    assert interests() == [("new", "P-1", "festivals")]


def test_a_product_that_is_back_in_stock_is_launched(app):
    make_product(in_stock=False)
    set_launches(back=on())
    make_product(in_stock=True)
    looked()
    looked()
    assert interests() == [("back", "P-1", "festivals")]


def test_a_stock_that_comes_and_goes_is_said_once_a_day(app):
    set_launches(back=on())
    for _ in range(3):
        make_product(in_stock=False)
        make_product(in_stock=True)
        looked()
    assert len(launches()) == 1


def test_a_drop_is_launched_from_its_percent_on_with_both_prices(app):
    make_product()
    set_launches(drop=on(), drop_percent=20)
    make_product(price=8000)
    looked()
    assert launches() == []
    make_product(price=6000)
    looked()
    product = launches()[0].facts["product"]
    assert (product["old_price"], product["new_price"], product["savings"], product["price"]) == (
        8000,
        6000,
        2000,
        6000,
    )


def test_each_switch_may_have_a_mail_of_its_own(app):
    other = make_starter(starter=None)
    set_launches(new=on(template_id=other.id))
    make_fan("Maya")
    make_product()
    looked()
    assert db.session.execute(select(ProductChange.id)).first() is not None
    run = steps.runs.find(launches()[0].run_id)
    assert steps.keeping.find(launches()[0].automation_id).template_id == other.id
    assert run is not None


def test_a_flood_is_held_and_told_and_none_goes_out(app):
    make_fan("Maya")
    set_launches(new=on(), most_an_hour=3)
    for number in range(4):
        make_product(f"P-{number}")
    looked()
    looked()
    assert [(one.outcome, one.run_id) for one in launches()] == [("held", None)] * 4
    assert alerts() == ["4 launches of the catalogue held"]
    went_out()
    assert outbox() == []


def test_what_comes_right_after_a_flood_is_held_too(app):
    set_launches(new=on(), most_an_hour=1)
    for number in range(2):
        make_product(f"P-{number}")
    looked()
    make_product("P-9")
    looked()
    assert {one.outcome for one in launches()} == {"held"}
    later = now() + timedelta(hours=2)
    make_product("P-10")
    looked(later)
    assert [one.outcome for one in launches()][-1] is None


def test_another_currency_is_no_drop(app):
    make_product()
    set_launches(drop=on(), drop_percent=20)
    make_product(price=100, currency="BTC")
    looked()
    assert launches() == []


def test_one_that_is_held_is_sent_or_dropped_once(app):
    make_fan("Maya")
    set_launches(new=on(), most_an_hour=1)
    for number in range(2):
        make_product(f"P-{number}")
    looked()
    first, second = launches()
    assert steps.send(first, now(), ADA)
    assert not steps.send(first, now(), ADA)
    assert steps.drop(second, now(), ADA)
    assert not steps.drop(second, now(), ADA)
    db.session.commit()
    went_out()
    assert [one.outcome for one in launches()] == ["finished", "dropped"]
    assert (len(outbox()), alerts()) == (1, [])


def test_without_a_published_mail_it_is_held_and_says_why(app, starter):
    starter.archived_at = now()
    db.session.commit()
    set_launches(new=on())
    make_product()
    looked()
    assert [one.outcome for one in launches()] == ["held"]
    assert alerts() == ["A launch of the catalogue could not go out"]


def make_held_drop():
    make_product()
    set_launches(drop=on(), most_an_hour=0)
    make_product(price=8000)
    looked()
    assert launches()[0].outcome == "held"


def test_one_that_was_held_tells_what_is_so_when_it_is_sent(app):
    make_fan("Maya")
    make_held_drop()
    make_product(price=7000, in_stock=True)
    assert steps.send(launches()[0], now(), ADA)
    db.session.commit()
    product = launches()[0].facts["product"]
    assert [product[name] for name in ("old_price", "new_price", "savings", "price")] == [9900, 7000, 2900, 7000]
    went_out()
    assert "Tent for Maya: soon, 7000" in outbox()[0].html


@pytest.mark.parametrize(
    ("meanwhile", "why"),
    [({"in_stock": False}, "is sold out"), ({"price": 9900}, "is not cheaper any more"),
     ({"currency": "CHF"}, "is not cheaper any more")],
)  # fmt: skip
def test_one_that_was_held_and_is_no_news_any_more_is_refused(app, client_of, marketer, meanwhile, why):
    make_held_drop()
    make_product(**{"price": 8000, **meanwhile})
    answer = client_of(marketer).post(f"/launches/{launches()[0].id}/sending")
    assert answer.status_code == 422
    assert f"“Tent” {why}. Nobody gets it; drop this launch." in answer.get_data(as_text=True)
    assert [(one.outcome, one.run_id) for one in launches()] == [("held", None)]


def test_one_whose_product_is_gone_is_refused(app):
    make_held_drop()
    db.session.execute(delete(ProductChange))
    db.session.execute(delete(Product))
    db.session.commit()
    with pytest.raises(NotReady, match="is not in the catalogue any more"):
        steps.send(launches()[0], now(), ADA)
