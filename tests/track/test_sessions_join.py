"""A session that turns out to be somebody's: what becomes theirs, and what never does."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import insert, select, text

from app.catalogue import carts, merging, sessions, visit_stream
from app.catalogue.cart import Cart
from app.catalogue.visitor import Visitor
from app.catalogue.watch import Watch
from app.customers.who import Who
from app.db import db
from app.events import jobs, visits
from app.ops import joining
from tests.catalogue.buying import MUG, SHIRT, bring, cart
from tests.events.coming_in import event, store
from tests.factories import make_customer
from tests.track.visiting import NOW, come_in, days, meanwhile, rows, stayed, viewed, views, whose


def owned() -> list[tuple]:
    return [(row["session_id"], row["customer_id"], row["to_at"] is None) for row in rows("sessions")]


def make_watch(product_id: str = "mug", **facts: object) -> None:
    db.session.execute(insert(Watch).values(product_id=product_id, **facts))
    db.session.commit()


def watched() -> list[tuple]:
    found = rows("watchlist", "product_id")
    return [(row["customer_id"], row["product_id"], row["target_price"]) for row in found]


def join(lead: str, session: str = "s-1") -> int | None:
    found = visits.join(Visitor(lead, session), NOW)
    db.session.commit()
    return found


def test_what_a_session_did_becomes_theirs_who_signs_in_with_it(app):
    maya = make_customer(lms_lead_id="L-1")
    come_in(viewed("mug", ago=90), viewed("pen", session="s-2", ago=80))
    come_in(viewed("book", "L-1", ago=60))
    assert whose() == [(maya.id, None, "mug"), (None, None, "pen"), (maya.id, None, "book")]
    assert owned() == [("s-1", maya.id, True)]
    assert [row["properties"]["product_id"] for row in rows("events")] == ["mug", "book"]
    assert [row["anonymous_id"] for row in rows("pending_events")] == ["s-2"]


def test_in_one_portion_it_is_the_same(app):
    maya, tomasz = make_customer(lms_lead_id="L-1"), make_customer(lms_lead_id="L-2")
    come_in(
        viewed("a", ago=90), viewed("b", "L-1", ago=80), viewed("c", ago=70), viewed("d", "L-2", ago=60),
        viewed("e", ago=50),
    )  # fmt: skip
    assert [found[0] for found in whose()] == [maya.id, maya.id, maya.id, tomasz.id, tomasz.id]
    assert owned() == [("s-1", maya.id, False), ("s-1", tomasz.id, True)]
    first, second = rows("sessions")
    assert first["to_at"] == second["from_at"] == NOW - timedelta(seconds=60)


def test_somebody_else_gets_nothing_of_what_was_before(app):
    maya, tomasz = make_customer(lms_lead_id="L-1"), make_customer(lms_lead_id="L-2")
    come_in(viewed("mug", ago=90), viewed("mug", "L-1", ago=80))
    come_in(viewed("book", "L-2", ago=60), viewed("pen", ago=50))
    assert [found[0] for found in whose()] == [maya.id, maya.id, tomasz.id, tomasz.id]
    assert owned() == [("s-1", maya.id, False), ("s-1", tomasz.id, True)]


def test_a_view_that_comes_late_takes_no_session_back(app):
    maya, tomasz = make_customer(lms_lead_id="L-1"), make_customer(lms_lead_id="L-2")
    come_in(viewed("a", "L-1", ago=200))
    assert join("L-2") == tomasz.id
    come_in(viewed("b", "L-1", ago=100), viewed("c", ago=90))
    assert owned() == [("s-1", maya.id, False), ("s-1", tomasz.id, True)]
    assert [found[0] for found in whose()] == [maya.id] * 3
    come_in(viewed("d", ago=-1))
    assert [found[0] for found in whose()] == [maya.id] * 3 + [tomasz.id]


def test_a_late_view_of_a_session_that_was_nobodys_yet_is_the_first_ones(app):
    maya = make_customer(lms_lead_id="L-1")
    assert join("L-1") == maya.id
    come_in(viewed("old", ago=days(31)), viewed("new", ago=90))
    assert whose() == [(None, None, "old"), (maya.id, None, "new")]


def test_the_stream_asks_for_sessions_before_it_writes_what_they_did(app):
    make_customer(lms_lead_id="L-1")
    come_in(viewed("mug", ago=90))
    for told in (stayed(12, ago=80), viewed("book", "L-1", ago=60)):
        visit_stream.note(told)
    assert visit_stream.flush()
    sessions.hold(["s-1"])
    with meanwhile(app, jobs.drain_views):
        assert len(db.session.execute(text("SELECT id FROM product_views FOR UPDATE NOWAIT")).all()) == 1
        db.session.rollback()
    assert len(views()) == 2


def test_only_what_nobody_has_claimed_in_thirty_days_joins(app):
    maya = make_customer(lms_lead_id="L-1")
    come_in(viewed("old", ago=days(31)), viewed("new", ago=days(29)))
    assert join("L-1") == maya.id
    assert whose() == [(None, None, "old"), (maya.id, None, "new")]


def test_cart_and_watches_of_the_session_join_and_their_own_wish_stays(app):
    maya = make_customer(lms_lead_id="L-1")
    bring(carts, cart(Who(), MUG, session="s-1"))
    make_watch("mug", customer_id=maya.id, target_price=100)
    make_watch("mug", session_id="s-1", target_price=200)
    make_watch("pen", session_id="s-1", target_price=300)
    make_watch("pen", session_id="s-2")
    assert join("L-1") == maya.id
    assert db.session.scalars(select(Cart.customer_id)).all() == [maya.id]
    assert sorted(watched(), key=str) == sorted(
        [(maya.id, "mug", 100), (maya.id, "pen", 300), (None, "pen", None)], key=str
    )


def test_whose_it_is_is_asked_by_lead_and_else_by_session(app):
    maya = make_customer(lms_lead_id="L-1")
    join("L-1")
    asked = [Visitor("L-1"), Visitor(None, "s-1"), Visitor("L-9", "s-1"), Visitor(None, "s-2"), Visitor("L-1", "s-2")]
    assert [sessions.customer_of(one) for one in asked] == [maya.id, maya.id, None, None, maya.id]


def test_an_unknown_lead_claims_nothing_until_they_appear(app):
    bring(carts, cart(Who(), SHIRT, session="s-1"))
    come_in(viewed("mug", ago=90), viewed("book", "L-1", ago=60), stayed(20, "book", "L-1"))
    make_watch("pen", lms_lead_id="L-1")
    assert join("L-1") is None
    assert (whose(), owned()) == ([(None, None, "mug"), (None, "L-1", "book")], [])
    maya = make_customer(lms_lead_id="L-1")
    joining.join([maya.id], NOW)
    db.session.commit()
    assert whose() == [(maya.id, None, "mug"), (maya.id, None, "book")]
    assert (owned(), watched()) == ([("s-1", maya.id, True)], [(maya.id, "pen", None)])
    assert db.session.scalars(select(Cart.customer_id)).all() == [maya.id]
    assert (len(rows("events")), rows("pending_events")) == (2, [])


def test_what_came_in_the_same_moment_is_joined_a_little_later(app):
    come_in(viewed("book", "L-1", "s-1", ago=60))
    make_watch("pen", lms_lead_id="L-2", updated_date=NOW)
    maya, tomasz = make_customer(lms_lead_id="L-1"), make_customer(lms_lead_id="L-2")
    joining.join_missed(NOW)
    db.session.commit()
    assert (whose(), watched()) == ([(maya.id, None, "book")], [(tomasz.id, "pen", None)])


def test_what_a_session_left_while_it_changed_hands_is_given_to_its_owner(app):
    maya = make_customer(lms_lead_id="L-1")
    come_in(viewed("book", ago=60))
    db.session.execute(insert(sessions.Session).values(session_id="s-1", customer_id=maya.id, from_at=NOW))
    db.session.commit()
    store(event(Who(anonymous_id="s-1"), "cart_added", at=NOW), now=NOW)
    joining.join_missed(NOW)
    db.session.commit()
    assert whose() == [(maya.id, None, "book")]
    assert (len(rows("events")), rows("pending_events")) == (2, [])


def test_a_merge_takes_the_session_along(app):
    maya = make_customer(lms_lead_id="L-1")
    other = make_customer(lms_lead_id="L-2")
    come_in(viewed("mug", "L-2"))
    merging.move(maya.id, other.id)
    db.session.commit()
    come_in(viewed("book", ago=20))
    assert [found[0] for found in whose()] == [maya.id, maya.id]


def test_many_visitors_who_sign_in_at_once_are_joined_in_sets(app):
    people = [make_customer(lms_lead_id=f"L-{number}") for number in range(30)]
    come_in(*(viewed("mug", session=f"s-{number}", ago=90) for number in range(30)))
    come_in(*(viewed("book", f"L-{number}", f"s-{number}", ago=60) for number in range(30)))
    assert {row["customer_id"] for row in views()} == {one.id for one in people}
    assert (len(owned()), len(rows("events"))) == (30, 60)


def test_what_was_missed_asks_for_sessions_before_carts(app):
    make_customer(lms_lead_id="L-1")
    db.session.execute(insert(Cart).values(lms_lead_id="L-1", occurred_at=NOW, updated_date=NOW))
    db.session.commit()
    come_in(viewed("book", ago=60))
    db.session.execute(text("UPDATE product_views SET lms_lead_id = 'L-1'"))
    db.session.commit()
    sessions.hold(["s-1"])
    with meanwhile(app, lambda: (joining.join_missed(NOW), db.session.commit())):
        assert len(db.session.execute(text("SELECT id FROM carts FOR UPDATE NOWAIT")).all()) == 1
    assert [found[0] for found in whose()] != [None]
    assert db.session.scalars(select(Cart.customer_id)).all() != [None]
