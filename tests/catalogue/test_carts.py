"""Carts: the whole each time, one a person; whatever is older never overwrites, and counts as an event still."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from app.catalogue import carts, products
from app.catalogue.item import Item
from app.customers.ambiguous_item import AmbiguousItem
from app.customers.who import Who
from app.db import db
from tests.catalogue.buying import EARLIER, LATER, MUG, SHIRT, bring, cart, counts, lead, mail, product, rows
from tests.factories import NOW, make_customer

STRANGER = Who()


def only() -> dict:
    (row,) = rows("carts")
    return row


def whose() -> list[tuple]:
    names = ("customer_id", "lms_lead_id", "email_folded", "session_id")
    return [tuple(row[name] for name in names) for row in rows("carts")]


def lines(row: dict) -> list[tuple[str, int]]:
    return [(item["product_id"], item["quantity"]) for item in row["items"]]


def test_a_cart_is_kept_whole_and_counts_as_an_event(app):
    maya = make_customer(lms_lead_id="L1")
    bring(products, product("shirt", price=1800, currency="EUR"), product("mug", price=900, currency="EUR"))
    tally, happened = bring(carts, cart(lead("L1"), SHIRT, Item("mug"), checkout_url="https://x.example/c"))
    assert counts(tally) == (1, 0, 0, [])
    assert (only()["customer_id"], lines(only())) == (maya.id, [("shirt", 2), ("mug", 1)])
    (event,) = happened
    assert (event.name, event.who, event.customer_id, event.occurred_at) == ("cart_updated", Who(maya.id), maya.id, NOW)
    assert event.properties == {
        "items": [{"product_id": "shirt", "quantity": 2, "price": 1900}, {"product_id": "mug", "quantity": 1}],
        "total": 4700,
        "currency": "EUR",
        "checkout_url": "https://x.example/c",
    }


def test_a_later_cart_replaces_it_and_an_empty_one_empties_it(app):
    make_customer(lms_lead_id="L1")
    bring(carts, cart(lead("L1"), SHIRT))
    assert counts(bring(carts, cart(lead("L1"), MUG, at=LATER))[0]) == (0, 1, 0, [])
    assert lines(only()) == [("mug", 1)]
    tally, happened = bring(carts, cart(lead("L1"), at=LATER))
    assert counts(tally) == (0, 1, 0, [])
    assert (only()["items"], happened[0].properties) == ([], {"items": [], "total": 0})


def test_an_older_cart_overwrites_nothing_and_counts_as_an_event(app):
    make_customer(lms_lead_id="L1")
    bring(carts, cart(lead("L1"), SHIRT))
    tally, happened = bring(carts, cart(lead("L1"), MUG, at=EARLIER))
    assert counts(tally) == (0, 0, 1, [])
    assert (lines(only()), happened[0].occurred_at) == ([("shirt", 2)], EARLIER)


def test_the_same_cart_again_is_the_same_event(app):
    make_customer(lms_lead_id="L1")
    _, first = bring(carts, cart(lead("L1"), SHIRT))
    tally, again = bring(carts, cart(lead("L1"), SHIRT))
    assert (counts(tally), again[0].source_id) == ((0, 0, 1, []), first[0].source_id)
    assert bring(carts, cart(lead("L1"), SHIRT, at=LATER))[1][0].source_id != first[0].source_id
    assert only()["occurred_at"] == LATER


def test_none_of_a_product_is_no_line(app):
    bring(carts, cart(lead("L1"), SHIRT, Item("mug", 0)))
    assert lines(only()) == [("shirt", 2)]


def test_several_of_one_person_in_one_call_count_each_and_the_latest_wins(app):
    make_customer(lms_lead_id="L1", email="maya@posteo.example")
    tally, happened = bring(
        carts,
        cart(lead("L1"), SHIRT, at=NOW),
        cart(mail("maya@posteo.example"), MUG, at=LATER),
        cart(lead("L1"), at=EARLIER),
    )
    assert counts(tally) == (1, 1, 1, [])
    assert (lines(only()), len(happened)) == ([("mug", 1)], 3)


def test_a_session_has_a_cart_until_it_turns_out_to_be_somebodys(app):
    maya = make_customer(lms_lead_id="L1")
    _, happened = bring(carts, cart(STRANGER, SHIRT, session="s1", checkout_url="https://x.example/s1"))
    assert (whose(), happened[0].who) == ([(None, None, None, "s1")], Who(anonymous_id="s1"))
    tally, _ = bring(carts, cart(lead("L1"), SHIRT, MUG, at=LATER, session="s1"))
    assert (counts(tally), whose()) == ((0, 1, 0, []), [(maya.id, None, None, None)])
    assert (len(only()["items"]), only()["checkout_url"]) == (2, "https://x.example/s1")


def test_of_a_session_and_its_person_the_newer_cart_stays(app):
    maya = make_customer(lms_lead_id="L1")
    bring(carts, cart(lead("L1"), SHIRT, at=EARLIER), cart(STRANGER, MUG, at=LATER, session="s1"))
    tally, _ = bring(carts, cart(lead("L1"), at=NOW, session="s1"))
    assert (counts(tally), whose()) == ((0, 0, 1, []), [(maya.id, None, None, None)])
    assert lines(only()) == [("mug", 1)]


def test_a_session_and_its_person_in_one_call(app):
    maya = make_customer(lms_lead_id="L1")
    bring(carts, cart(STRANGER, MUG, session="s1"), cart(lead("L1"), SHIRT, at=LATER, session="s1"))
    assert whose() == [(maya.id, None, None, None)]
    assert lines(only()) == [("shirt", 2)]


def test_strangers_carts_wait_and_the_newest_joins_them(app):
    bring(carts, cart(lead("L1"), SHIRT), cart(mail("maya@posteo.example"), MUG, at=LATER))
    assert len(rows("carts")) == 2
    maya = make_customer(lms_lead_id="L1", email="maya@posteo.example")
    assert carts.join([maya.id]) == 2
    assert whose() == [(maya.id, None, None, None)]
    assert lines(only()) == [("mug", 1)]
    assert carts.join([maya.id]) == 0


def test_a_waiting_cart_that_is_older_than_their_own_is_let_go(app):
    maya = make_customer(lms_lead_id="L1")
    bring(carts, cart(lead("L1"), SHIRT, at=LATER), cart(mail("maya@posteo.example"), MUG))
    maya.email = "maya@posteo.example"
    db.session.commit()
    carts.join([maya.id])
    assert lines(only()) == [("shirt", 2)]


def test_a_waiting_cart_is_updated_under_what_named_it(app):
    bring(carts, cart(lead("L1"), SHIRT))
    assert counts(bring(carts, cart(lead("L1"), MUG, at=LATER))[0]) == (0, 1, 0, [])
    assert whose() == [(None, "L1", None, None)]


def test_an_address_of_several_waits_for_a_decision_and_says_so(app):
    people = [make_customer(lms_lead_id=f"L{n}", email="family@posteo.example") for n in range(2)]
    bring(carts, cart(mail("family@posteo.example"), SHIRT))
    assert carts.join([person.id for person in people]) == 0
    assert db.session.query(AmbiguousItem).one().email_folded == "family@posteo.example"


def test_who_came_in_the_same_moment_is_joined_soon_after(app):
    bring(carts, cart(mail("maya@posteo.example"), SHIRT))
    maya = make_customer(email="maya@posteo.example")
    assert carts.join_missed(NOW) == 1
    assert only()["customer_id"] == maya.id


@pytest.mark.parametrize(
    ("bad", "refused"),
    [
        (cart(STRANGER, SHIRT), "missing who"),
        (cart(Who(customer_id=404), SHIRT), "unknown_customer customer_id"),
        (cart(lead("L1"), Item("mug", -1)), "bad_value items.0.quantity"),
        (cart(lead("L1"), MUG, Item("mug", 1, -1)), "bad_value items.1.price"),
        (cart(lead("L1"), Item("mug", 2**40, 2**40)), "too_large items"),
        (cart(lead("L1"), *[Item(f"p{n}", name="x" * 200) for n in range(400)]), "too_large items"),
        (cart(lead("L1"), at=NOW + timedelta(days=2)), "in_the_future occurred_at"),
        (cart(lead("L1"), checkout_url="ftp://x"), "bad_value checkout_url"),
        (cart(lead("x" * 501)), "too_long lms_lead_id"),
        (cart(STRANGER, session="s\0"), "bad_value session_id"),
    ],
)
def test_nonsense_is_refused_by_name_and_the_rest_is_kept(app, bad, refused):
    tally, happened = bring(carts, cart(lead("L2"), SHIRT), bad)
    assert (counts(tally), len(happened)) == ((1, 0, 0, [refused]), 1)


def test_several_at_once_make_one_cart_each(app):
    make_customer(lms_lead_id="L0")

    def shop(way: int) -> None:
        with app.app_context():
            for turn in range(4):
                sent = [cart(lead(f"L{n}"), SHIRT, at=NOW + timedelta(seconds=turn)) for n in range(20)]
                sessions = [cart(lead(f"L{n}"), MUG, session=f"s{n}") for n in range(20)]
                alone = [cart(STRANGER, MUG, session=f"s{n}") for n in range(20)]
                bring(carts, *(sent + sessions + alone)[::way])
            db.session.remove()

    threads = [threading.Thread(target=shop, args=(way,)) for way in (1, -1, 1, -1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    people = [row for row in whose() if row[3] is None]
    assert len(people) == 20


def test_joining_and_bringing_at_once_meet_in_no_circle(app):
    people = [make_customer(email=f"p{n}@x.example") for n in range(20)]
    ids, failed = [person.id for person in people], []

    def shop(way: int) -> None:
        with app.app_context():
            try:
                for turn in range(6):
                    at = NOW + timedelta(seconds=turn)
                    bring(carts, *[cart(Who(person), MUG, at=at) for person in ids][::way])
                    bring(carts, *[cart(lead(f"L{n}"), SHIRT, at=at) for n in range(20)][::way])
                    carts.join(ids[::way])
                    db.session.commit()
            except Exception as error:
                failed.append(error)
            db.session.remove()

    threads = [threading.Thread(target=shop, args=(way,)) for way in (1, -1, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
