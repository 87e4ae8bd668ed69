"""One product at a time, beside carts that are told as a whole."""

from __future__ import annotations

from datetime import datetime, timedelta

from app.catalogue import cart_lines, carts
from app.catalogue.cart_keeping import WHOLE, Content, Row, Shelf, written
from app.catalogue.cart_lines import Change
from app.catalogue.item import Item
from app.catalogue.screening import MOST_ITEMS
from app.catalogue.visitor import Visitor
from app.db import db
from tests.catalogue.buying import EARLIER, SHIRT, bring, cart, counts, lead, rows
from tests.factories import NOW, make_customer

MAYA = Visitor("L1")


def put_in(product_id: str, at: datetime = NOW, quantity: int = 1) -> list[str]:
    changed = cart_lines.put_in(MAYA, Change(product_id, at, quantity), NOW)
    db.session.commit()
    return [one.name for one in changed.happened]


def lines() -> list[tuple[str, int]]:
    (row,) = rows("carts")
    return [(item["product_id"], item["quantity"]) for item in row["items"]]


def test_what_was_put_in_before_the_whole_was_told_is_in_it_already(app):
    make_customer(lms_lead_id="L1")
    bring(carts, cart(lead("L1"), SHIRT))
    assert put_in("shirt", at=EARLIER) == ["cart_added"]
    assert put_in("mug", at=EARLIER) == ["cart_added"]
    assert lines() == [("shirt", 2)]
    assert put_in("mug") == ["cart_added", "cart_updated"]
    assert lines() == [("shirt", 2), ("mug", 1)]


def test_a_cart_of_a_clock_that_runs_ahead_keeps_nobody_from_putting_something_in(app):
    make_customer(lms_lead_id="L1")
    bring(carts, cart(lead("L1"), SHIRT, at=NOW + timedelta(hours=6)))
    put_in("mug")
    assert lines() == [("shirt", 2), ("mug", 1)]


def test_the_whole_told_again_is_unchanged_and_keeps_when_lines_were_put_in(app):
    make_customer(lms_lead_id="L1")
    put_in("mug")
    before = rows("carts")[0]["items"]
    later = NOW + timedelta(minutes=1)
    assert counts(bring(carts, cart(lead("L1"), Item("mug"), at=later))[0]) == (0, 0, 1, [])
    assert rows("carts")[0]["items"] == before
    assert counts(bring(carts, cart(lead("L1"), Item("mug"), SHIRT, at=later))[0]) == (0, 1, 0, [])
    assert rows("carts")[0]["items"][0]["at"] == before[0]["at"]


def test_the_last_change_is_the_latest_of_them(app):
    make_customer(lms_lead_id="L1")
    put_in("mug")
    put_in("shirt", at=EARLIER)
    assert (lines(), rows("carts")[0]["occurred_at"]) == ([("mug", 1), ("shirt", 1)], NOW)


def test_of_what_was_taken_out_a_cart_remembers_as_much_as_it_holds(app):
    make_customer(lms_lead_id="L1")
    bring(carts, cart(lead("L1"), SHIRT))
    (row,) = rows("carts")
    taken = {f"p{number}": written(NOW - timedelta(seconds=number)) for number in range(MOST_ITEMS + 7)}
    row = Row(("customer_id", row["customer_id"]), Content([], None, NOW, row["removed"] | taken), row["id"], True)
    shelf = Shelf([row.key])
    shelf.rows[row.key] = row
    shelf.write(NOW)
    db.session.commit()
    (kept,) = rows("carts")
    assert set(kept["removed"]) == {WHOLE, *(f"p{number}" for number in range(MOST_ITEMS - 1))}
