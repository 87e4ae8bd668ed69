"""Addresses that fit several: shown with whom they could mean, merged, told apart or left."""

from __future__ import annotations

import pytest

from app.audit import Entry
from app.catalogue import orders
from app.customers import ambiguity
from app.customers.ambiguous_item import AmbiguousItem
from app.customers.customer import Customer
from app.db import db
from tests.catalogue.buying import bring, mail, paid, rows
from tests.events import coming_in
from tests.factories import make_customer, make_event

HOME = "home@posteo.example"
FRAGMENT = {"HX-Request": "true"}


@pytest.fixture
def family(app) -> list[Customer]:
    """Two with one address, and what named it."""
    people = [
        make_customer(lms_lead_id="L1", email=HOME, attributes={"score": 7}),
        make_customer("May", lms_lead_id="L2", email=HOME, mobile="0151 2093", attributes={"score": 9, "city": "Oslo"}),
    ]
    make_event(people[1])
    coming_in.store(coming_in.event(mail(HOME), "signed_in"))
    bring(orders, paid("A1", mail(HOME)))
    return people


def said(answer) -> str:
    return answer.get_data(as_text=True)


def item() -> AmbiguousItem:
    db.session.expire_all()
    return db.session.query(AmbiguousItem).one()


def pair(client, survivor: int = 1, other: int = 2, **changes: str) -> dict[str, str]:
    page = said(client.get(f"/customers/merges/new?id={survivor}&id={other}"))
    stamp = page.partition('name="stamp" value="')[2].partition('"')[0]
    return {"survivor": str(survivor), "other": str(other), "stamp": stamp, **changes}


def test_the_list_shows_what_waits_and_whom_it_could_mean(client_of, viewer, family):
    page = said(client_of(viewer).get("/customers/ambiguous"))
    assert HOME in page
    assert "Maya Lindqvist, May Lindqvist" in page
    fragment = said(client_of(viewer).get("/customers/ambiguous?q=home", headers=FRAGMENT))
    assert HOME in fragment
    assert "<html" not in fragment
    assert "No address matches" in said(client_of(viewer).get("/customers/ambiguous?q=nobody"))


def test_where_nothing_waits_it_says_so(client_of, viewer):
    assert "Nothing to decide" in said(client_of(viewer).get("/customers/ambiguous"))


def test_it_is_counted_on_the_customers_page_and_among_what_needs_a_person(client_of, editor, viewer, family):
    client = client_of(editor)
    assert "Needs a person" not in said(client_of(viewer).get("/"))
    assert "1 ambiguous address<" in said(client.get("/customers"))
    assert "One address fits several customers" in said(client.get("/"))
    ambiguity.settle_cleared(None, "", item().first_at)
    family[1].email = "other@posteo.example"
    db.session.commit()
    assert "ambiguous address" not in said(client.get("/customers"))
    assert "fits several customers" not in said(client.get("/"))


def test_the_candidates_stand_side_by_side(client_of, editor, family):
    page = said(client_of(editor).get("/customers/ambiguous/1"))
    for word in ("Maya Lindqvist", "May Lindqvist", "L1", "L2", "0151 2093", "1 event and 1 cart or order wait"):
        assert word in page, word
    assert client_of(editor).get("/customers/ambiguous/99").status_code == 404


def test_a_viewer_sees_and_decides_nothing(client_of, viewer, family):
    client = client_of(viewer)
    page = said(client.get("/customers/ambiguous/1"))
    assert "Merge…" not in page
    assert "Leave it" not in page
    for path in ("ambiguous/1/assignment", "ambiguous/1/settlement", "merges"):
        assert client.post(f"/customers/{path}").status_code == 403
    for path in ("merges/new?id=1&id=2", "1/merge", "ambiguous/1/assignment?customer_id=1"):
        assert client.get(f"/customers/{path}").status_code == 403
    assert "Merge with" not in said(client.get("/customers/1"))


def test_what_waits_is_given_to_one_after_a_question(client_of, editor, family):
    client = client_of(editor)
    asked = said(client.get("/customers/ambiguous/1/assignment?customer_id=2"))
    assert "Give what waits to May Lindqvist?" in asked
    assert "1 event and 1 cart or order" in asked
    assert client.get("/customers/ambiguous/1/assignment?customer_id=77").status_code == 404
    answer = client.post("/customers/ambiguous/1/assignment", data={"customer_id": "2"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/customers/ambiguous")
    assert [row["customer_id"] for row in rows("orders")] == [2]
    assert item().settled_how == "given to customer 2"
    assert {entry.verb for entry in db.session.query(Entry)} >= {"settled", "gave what waited to"}
    again = client.post("/customers/ambiguous/1/assignment", data={"customer_id": "1"})
    assert again.status_code == 422
    assert "decided about this address already" in said(again)


@pytest.mark.parametrize("who", ["", "x", "99", "9" * 40])
def test_it_is_given_to_nobody_else(client_of, editor, family, who):
    answer = client_of(editor).post("/customers/ambiguous/1/assignment", data={"customer_id": who})
    assert answer.status_code == 422
    assert "no longer has the address" in said(answer)
    assert item().settled_at is None


def test_an_address_may_be_left_as_it_is(client_of, editor, family):
    client = client_of(editor)
    assert client.post("/customers/ambiguous/1/settlement").status_code == 303
    assert (item().settled_how, len(rows("pending_events"))) == ("left as it is", 1)
    assert client.post("/customers/ambiguous/1/settlement").status_code == 422


def test_before_a_merge_one_sees_field_by_field_what_becomes_of_it(client_of, editor, family):
    page = said(client_of(editor).get("/customers/merges/new?id=1&id=2&address=1"))
    for word in ("They differ: choose", "The other fills a gap", 'name="take:attributes.score"', "0151 2093", "Oslo"):
        assert word in page, word
    assert "customer 2 or L2 later reaches customer 1" in " ".join(page.split()).replace("Whatever names ", "")


def test_two_become_one_with_the_chosen_values(client_of, editor, family):
    client = client_of(editor)
    sent = pair(client, **{"take:first_name": "survivor", "take:attributes.score": "other"})
    answer = client.post("/customers/merges", data=sent)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/customers/1")
    db.session.expire_all()
    (maya,) = db.session.query(Customer)
    assert (maya.first_name, maya.mobile, maya.attributes) == ("Maya", "0151 2093", {"score": 9, "city": "Oslo"})
    assert [row["customer_id"] for row in rows("events") + rows("orders")] == [1, 1, 1]
    assert item().settled_how == "merged into customer 1"
    assert db.session.query(Entry).filter_by(verb="merged", actor_name="Eda").count() == 1


def test_who_has_changed_since_is_shown_again_first(client_of, editor, family):
    client = client_of(editor)
    sent = pair(client)
    family[0].first_name = "Maja"
    family[0].updated_date = family[1].created_date
    db.session.commit()
    answer = client.post("/customers/merges", data=sent)
    assert answer.status_code == 422
    assert "Look again" in said(answer)
    assert "Maja" in said(answer)
    assert db.session.query(Customer).count() == 2


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("", "Choose two customers"),
        ("id=1", "Choose two customers"),
        ("id=1&id=2&id=3", "Choose two customers"),
        ("id=1&id=1", "one and the same"),
        ("id=1&id=99", "There is no customer 99"),
        ("id=x&id=1", "There is no customer 0"),
        (f"id=1&id={'9' * 30}", "There is no customer 0"),
    ],
)
def test_a_merge_that_makes_no_sense_says_why(client_of, editor, family, query, why):
    answer = client_of(editor).get(f"/customers/merges/new?{query}")
    assert answer.status_code == 422
    assert why in said(answer)


def test_a_merge_sent_twice_says_that_it_is_done(client_of, editor, family):
    client = client_of(editor)
    sent = pair(client)
    assert client.post("/customers/merges", data=sent).status_code == 303
    again = client.post("/customers/merges", data=sent)
    assert again.status_code == 422
    assert "Customer 2 is part of customer 1 already" in said(again)


def test_from_a_customer_one_finds_who_looks_alike_or_anybody(client_of, editor, family):
    sam = make_customer("Sam", "Olsen", lms_lead_id="L3")
    client = client_of(editor)
    page = said(client.get("/customers/1/merge"))
    assert "May Lindqvist" in page
    assert "Sam Olsen" not in page
    found = said(client.get("/customers/1/merge?q=olsen", headers=FRAGMENT))
    assert f"id=1&amp;id={sam.id}" in found
    assert "<html" not in found
    assert "Nobody else matches" in said(client.get("/customers/1/merge?q=Maya+L1"))
    assert "Nobody looks alike" in said(client.get(f"/customers/{sam.id}/merge"))
    assert client.get("/customers/99/merge").status_code == 404
