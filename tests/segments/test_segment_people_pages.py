"""Who is on a list, why somebody is in a segment, and in which segments somebody is."""

from __future__ import annotations

import pytest

from app.segments import listed, membership
from tests.factories import make_attribute, make_customer, make_customers
from tests.segments.making import (
    HERE,
    HTMX,
    MAYA_ONLY,
    NOW,
    make_rules,
    make_segment,
    page_of,
    put,
    the_only,
)


@pytest.fixture
def browser(client_of, editor):
    return client_of(editor)


# the people of a list


def test_one_and_many_are_added_by_lead_id_or_address(browser):
    segment, people = make_segment(), make_customers(3)
    make_customer(email="Maya@mail.example")
    answer = browser.post(f"{HERE}/{segment.id}/people", data={"people": "L-0, L-1\nmaya@MAIL.example;L-0"})
    assert answer.status_code == 303
    assert listed.count(segment) == 3
    assert the_only().size == 3
    browser.post(f"{HERE}/{segment.id}/people", data={"people": people[0].lms_lead_id})
    assert "1 was there already" in page_of(browser.get(HERE))


def test_unknown_names_are_told_up_to_a_hundred_and_counted(browser):
    segment, _ = make_segment(), make_customers(1)
    words = ["L-0", "<b>x</b>", *(f"X-{number}" for number in range(150))]
    page = page_of(browser.post(f"{HERE}/{segment.id}/people", data={"people": "\n".join(words)}))
    assert "151 unknown names" in page
    assert "X-50<" in page
    assert "X-140<" not in page
    assert "And 51 more." in page
    assert "<b>x" not in page
    answer = browser.post(f"{HERE}/{segment.id}/people", data={"people": "nobody@mail.example"})
    assert answer.status_code == 422
    assert "Nobody was added" in page_of(answer)


def test_a_million_names_are_refused_with_a_sentence(browser):
    segment = make_segment()
    names = "\n".join(map(str, range(1_000_000)))
    answer = browser.post(f"{HERE}/{segment.id}/people", data={"people": names})
    assert answer.status_code == 422
    assert "At most 100,000 at once; these are 1,000,000." in page_of(answer)
    assert listed.count(segment) == 0
    assert browser.post(f"{HERE}/{segment.id}/people", data={"people": " ,; "}).status_code == 422


def test_somebody_is_taken_off_a_list(browser):
    segment, maya = make_segment(), make_customer()
    put(segment, maya)
    there = f"/customers/{maya.id}"
    data = {"customer_id": maya.id, "next": there}
    assert browser.post(f"{HERE}/{segment.id}/people/removal", data=data).headers["Location"] == there
    assert listed.count(segment) == 0
    assert browser.post(f"{HERE}/{segment.id}/people/removal", data={"customer_id": "x"}).status_code == 404
    assert browser.post(f"{HERE}/{make_rules().id}/people", data={"people": "L-1"}).status_code == 404


# why, and where


def test_why_shows_each_condition_with_their_value(browser):
    make_attribute("score", "numeric")
    maya = make_customer(email="maya@mail.example", attributes={"score": 40})
    rules = {"all": [*MAYA_ONLY["all"], {"none": [{"attribute": "score", "op": "at_least", "value": 30}]}]}
    segment = make_rules(rules=rules)
    for asked in ("q=maya@mail.example", f"q={maya.id}", f"customer={maya.id}"):
        page = page_of(browser.get(f"{HERE}/{segment.id}/why?{asked}"))
        assert "is not in it" in page
        assert "None of these" in page
        assert "40" in page
    assert "No customer is meant by “nobody”" in page_of(browser.get(f"{HERE}/{segment.id}/why?q=nobody"))
    fragment = page_of(browser.get(f"{HERE}/{segment.id}/why?q=maya@mail.example", headers=HTMX))
    assert "<html" not in fragment


def test_a_shared_address_asks_whom_one_means(browser):
    make_customer("Maya", email="home@mail.example")
    make_customer("Tom", email="home@mail.example")
    page = page_of(browser.get(f"{HERE}/{make_segment().id}/why?q=home@mail.example"))
    assert "Whom do you mean?" in page
    assert "The list" not in page


def test_a_customer_is_put_on_a_list_from_their_page(browser):
    segment, maya = make_segment(), make_customer()
    rules = make_rules()
    broken = make_rules("Broken", {"segment": 99})
    assert f'hx-get="/customers/{maya.id}/segments"' in page_of(browser.get(f"/customers/{maya.id}"))
    assert "Warm applicants" in page_of(browser.get(f"/customers/{maya.id}/segments/new"))
    answer = browser.post(f"/customers/{maya.id}/segments", data={"segment_id": segment.id})
    assert answer.status_code == 303
    assert browser.post(f"/customers/{maya.id}/segments", data={"segment_id": rules.id}).status_code == 422
    card = page_of(browser.get(f"/customers/{maya.id}/segments", headers=HTMX))
    for word in ("Warm applicants", "All Mayas", "1 segment could not be computed", broken.name):
        assert word in card


def test_without_a_list_to_choose_one_is_offered(browser):
    maya = make_customer()
    answer = browser.get(f"/customers/{maya.id}/segments/new")
    assert answer.status_code == 200
    assert "No other list is there" in page_of(answer)


def test_looking_for_someones_segments_stops_in_time_and_says_so(app):
    maya = make_customer()
    make_rules()
    found = membership.of(maya.id, NOW, seconds=0)
    assert (found.asked, found.there, found.is_whole) == (0, 1, False)
