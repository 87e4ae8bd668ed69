"""Who left a cart alone gets one mail about it, and nobody else does."""

from __future__ import annotations

from sqlalchemy import text

from app.automations.answering import FIRED, TOO_OFTEN
from app.catalogue import carts
from app.customers.who import Who
from app.db import db
from tests.automations.behaviours.shop import (
    DAY,
    HOUR,
    MINUTE,
    MUG,
    SHIRT,
    answers,
    buys,
    called,
    claims,
    fills_cart,
    ids,
    looks,
    people,
    waiting,
)
from tests.automations.happening import outcomes, settle, to
from tests.automations.making import NOW
from tests.catalogue.buying import bring, cart
from tests.events.coming_in import rows


def test_whoever_left_it_alone_for_a_day_and_not_two(app):
    early, due, long_ago, emptied, bought, at_end = people(6)
    fills_cart(early, SHIRT, at=NOW - 23 * HOUR)
    fills_cart(due, SHIRT, at=NOW - 24 * HOUR)
    fills_cart(long_ago, SHIRT, at=NOW - 49 * HOUR)
    fills_cart(emptied, at=NOW - 30 * HOUR)
    fills_cart(bought, SHIRT, at=NOW - 30 * HOUR)
    buys(bought, SHIRT, at=NOW - 29 * HOUR)
    fills_cart(at_end, SHIRT, at=NOW - 48 * HOUR)
    assert looks(answers("abandoned_cart")) == 2
    assert called() == ids(due, at_end)


def test_nothing_between_two_looks_is_left_out(app):
    """The second is late by minutes, and its day had 25 hours."""
    maya, noor = people(2)
    automation = answers("abandoned_cart")
    fills_cart(maya, SHIRT, at=NOW - 24 * HOUR + MINUTE)
    fills_cart(noor, SHIRT, at=NOW - 25 * HOUR)
    assert looks(automation) == 1
    assert looks(automation, NOW + 25 * HOUR + 4 * MINUTE) == 1
    assert sorted(called()) == ids(maya, noor)


def test_what_was_left_alone_while_it_rested_for_days_is_too_old(app):
    (maya,) = people(1)
    automation = answers("abandoned_cart")
    looks(automation, NOW - 3 * DAY)
    fills_cart(maya, SHIRT, at=NOW - 56 * HOUR)
    assert looks(automation) == 0


def test_once_a_week_is_not_missed_by_seconds(app):
    (maya,) = people(1)
    automation = answers("abandoned_cart", at_most_every="7d")
    fills_cart(maya, SHIRT)
    looks(automation)
    settle(NOW + MINUTE / 2)
    fills_cart(maya, MUG, at=NOW + 6 * DAY)
    again = NOW + 7 * DAY
    assert looks(automation, again) == 1
    settle(again)
    assert outcomes() == [FIRED, FIRED]


def test_a_mail_that_never_left_was_no_turn(app):
    maya, noor = people(2)
    automation = answers("abandoned_cart", at_most_every="7d")
    for one in (maya, noor):
        fills_cart(one, SHIRT)
    looks(automation)
    settle(NOW)
    for one, fate in (
        (maya, "state = 'skipped', reason = 'capped'"),
        (noor, "state = 'accepted', accepted_at = now()"),
    ):
        db.session.execute(text(f"UPDATE deliveries SET {fate} WHERE customer_id = :id"), {"id": one.id})
        fills_cart(one, SHIRT, at=NOW + HOUR)
    db.session.execute(text("UPDATE runs SET started_at = :now"), {"now": NOW})
    assert looks(automation, NOW + 2 * DAY) == 1
    settle(NOW + 2 * DAY)
    assert to() == ids(maya, noor, maya)
    assert looks(automation, NOW + 2 * DAY + HOUR) == 0


def test_an_order_of_before_and_a_cancelled_one_are_none(app):
    maya, noor = people(2)
    for one in (maya, noor):
        fills_cart(one, SHIRT)
    buys(maya, MUG, at=NOW - 31 * HOUR)
    buys(noor, SHIRT, at=NOW - 29 * HOUR, status="cancelled")
    looks(answers("abandoned_cart"))
    assert called() == ids(maya, noor)


def test_a_cart_of_nobody_calls_nobody(app):
    bring(carts, cart(Who(), SHIRT, at=NOW - 30 * HOUR, session="s-1"))
    assert looks(answers("abandoned_cart")) == 0


def test_the_same_cart_calls_once_and_again_once_it_was_touched(app):
    (maya,) = people(1)
    automation = answers("abandoned_cart", at_most_every="0h")
    fills_cart(maya, SHIRT)
    assert (looks(automation), looks(automation, NOW + HOUR)) == (1, 0)
    settle(NOW + HOUR)
    fills_cart(maya, SHIRT, MUG, at=NOW + HOUR)
    assert looks(automation, NOW + 26 * HOUR) == 1
    assert len(claims()) == 2


def test_at_most_once_in_a_week_and_what_was_not_called_for_stays_free(app):
    (maya,) = people(1)
    automation = answers("abandoned_cart", idle_to="30d")
    fills_cart(maya, SHIRT)
    looks(automation)
    settle(NOW)
    fills_cart(maya, SHIRT, MUG, at=NOW + DAY)
    assert looks(automation, NOW + 3 * DAY) == 0
    assert looks(automation, NOW + 8 * DAY) == 1
    settle(NOW + 8 * DAY)
    assert outcomes() == ["answered", "answered"]
    assert TOO_OFTEN not in outcomes()


def test_whoever_still_waits_is_not_called_again(app):
    (maya,) = people(1)
    automation = answers("abandoned_cart", at_most_every="0h", idle_to="30d")
    fills_cart(maya, SHIRT)
    looks(automation)
    fills_cart(maya, SHIRT, MUG, at=NOW + HOUR)
    assert looks(automation, NOW + 2 * DAY) == 0


def test_what_waits_knows_the_cart_and_becomes_a_mail_of_the_day(app):
    (maya,) = people(1)
    automation = answers("abandoned_cart")
    fills_cart(maya, SHIRT)
    looks(automation)
    (wait,) = waiting()
    assert wait.facts["behaviour"] == "abandoned_cart"
    assert wait.facts["cart"]["id"] == rows("carts")[0]["id"]
    assert (wait.due_at, wait.is_alone) == (NOW, False)
    settle(NOW)
    assert to() == [maya.id]
    (run,) = rows("runs")
    assert (run["behaviour"], run["topic"], run["automation_id"]) == ("abandoned_cart", "abandoned_cart", automation.id)
