"""The doors of customers: they work, refuse, explain, and answer page and fragment."""

from __future__ import annotations

import csv
import io
import re

import pytest

from app.audit import Entry
from app.db import db
from tests.factories import NOW, make_attribute, make_customer, make_customers, make_event, make_move


@pytest.fixture
def browser(client_of, viewer):
    return client_of(viewer)


def text_of(answer) -> str:
    return answer.get_data(as_text=True)


def test_the_list_shows_names_addresses_and_stages(browser):
    maya = make_customer(email="maya@posteo.example", lms_lead_id="L-1")
    make_move(maya, "applied", "enquired")
    make_event(maya)
    page = text_of(browser.get("/customers"))
    for word in ("Maya Lindqvist", "maya@posteo.example", "L-1", "applied", "1–1"):
        assert word in page


def test_htmx_gets_the_fragment_of_the_same_url(browser):
    make_customer()
    page, fragment = browser.get("/customers"), browser.get("/customers", headers={"HX-Request": "true"})
    assert "<html" in text_of(page)
    assert "<html" not in text_of(fragment)
    assert 'id="results"' in text_of(fragment)
    assert "HX-Request" in fragment.headers["Vary"]
    restored = browser.get("/customers", headers={"HX-Request": "true", "HX-History-Restore-Request": "true"})
    assert "<html" in text_of(restored)


def test_older_leads_to_the_rest(browser):
    make_customers(60)
    page = text_of(browser.get("/customers"))
    assert "1–50" in page
    assert "60</span>" in page
    older = page.split('rel="next"')[0].rpartition('href="')[2].partition('"')[0].replace("&amp;", "&")
    assert "51–60" in text_of(browser.get(older))


@pytest.mark.parametrize(
    ("url", "status"),
    [
        ("/customers/0", 404),
        ("/customers/999999", 404),
        ("/customers/99999999999999999999999", 404),
        ("/customers/-1", 404),
        ("/customers/abc", 404),
        ("/customers/1%00", 404),
        ("/customers?sort=nothing", 422),
        ("/customers?sort=--name", 422),
        ("/customers?cursor=%00", 422),
        ("/customers?cursor=W10", 422),
        ("/customers?filter=x", 422),
        ("/customers?filter=attributes.%27;drop:is:1", 422),
        ("/customers?q=" + "x" * 201, 422),
        ("/customers?q=%00", 200),
        ("/customers?q=%F0%9F%92%A9", 200),
        ("/customers?q=%ED%A0%80", 200),
        ("/customers?sort=", 200),
        ("/customers?" + "&".join(["filter=email:is:a"] * 21), 422),
        ("/customers/export?filter=x", 422),
    ],
)
def test_bad_input_is_answered_with_a_sentence_and_never_with_sql(browser, url, status):
    answer = browser.get(url)
    assert answer.status_code == status
    assert not any(word in text_of(answer) for word in ("SELECT", "psycopg", "Traceback", "sqlalchemy"))


def test_a_wrong_filter_as_fragment_shows_its_sentence_in_place(browser):
    answer = browser.get("/customers?filter=email:is_like:x", headers={"HX-Request": "true"})
    assert answer.status_code == 422
    assert 'id="results"' in text_of(answer)
    assert "cannot be compared" in text_of(answer)


def test_the_form_becomes_one_filter_in_the_address(browser):
    answer = browser.get("/customers?q=may&field=email&op=is&value=a%26b@x.example&sort=name")
    assert answer.status_code == 302
    assert "filter=email:is:a%26b@x.example" in answer.headers["Location"]
    assert "q=may" in answer.headers["Location"]


def test_no_match_says_what_was_searched(browser):
    make_customer()
    page = text_of(browser.get("/customers?q=wram"))
    assert "Nobody matches “wram”" in page
    assert "No customers yet" not in page


def test_an_empty_product_says_so(browser):
    assert "No customers yet" in text_of(browser.get("/customers"))


def test_details_show_the_person_their_attributes_and_their_story(browser):
    make_attribute("interest", "array")
    maya = make_customer(timezone="Europe/Berlin", attributes={"interest": ["data", "design"], "vip": True})
    make_event(maya, "order_completed", total=4180, currency="EUR")
    make_move(maya, "applied", "enquired")
    page = text_of(browser.get(f"/customers/{maya.id}"))
    for word in ("data, design", "array", "Order completed", "41.80 EUR", "enquired → applied", "in Europe/Berlin"):
        assert word in page
    stages = text_of(browser.get(f"/customers/{maya.id}?show=stages"))
    assert "Order completed" not in stages
    assert browser.get(f"/customers/{maya.id}?show=nothing").status_code == 422
    assert browser.get(f"/customers/{maya.id}?after=x").status_code == 422


def test_a_long_story_comes_page_by_page_without_gaps(browser):
    from datetime import timedelta

    maya = make_customer()
    for minute in range(60):
        make_event(maya, f"step_{minute:02}", NOW - timedelta(minutes=minute // 2))
    seen, url = [], f"/customers/{maya.id}"
    for _ in range(3):
        page = text_of(browser.get(url))
        seen += [int(part[:2]) for part in page.split("Step ")[1:]]
        url = next(iter(re.findall(r'href="([^"]*after=[^"]*)"', page)), "").replace("&amp;", "&")
    assert sorted(seen) == list(range(60))


def test_names_are_shown_as_text(browser):
    maya = make_customer("<script>alert(1)</script>", email="<b>@x.example", attributes={"<i>": "<u>"})
    for url in ("/customers", f"/customers/{maya.id}", "/"):
        page = text_of(browser.get(url))
        assert "<script>alert" not in page
        assert "<u>" not in page


def test_an_odd_zone_is_shown_as_it_is(browser):
    maya = make_customer(timezone="../../etc/passwd")
    assert "../../etc/passwd" in text_of(browser.get(f"/customers/{maya.id}"))


class TestExport:
    def test_it_holds_what_is_filtered_with_all_attributes(self, browser):
        make_attribute("score", "numeric")
        make_attribute("interest", "array")
        make_customer(email="a@x.example", attributes={"score": 82, "interest": ["data"]})
        make_customer("Other", email="b@y.example")
        answer = browser.get("/customers/export?filter=email:ends_with:@x.example")
        rows = list(csv.DictReader(io.StringIO(text_of(answer).removeprefix("\ufeff"))))
        assert [(row["email"], row["score"], row["interest"]) for row in rows] == [("a@x.example", "82", '["data"]')]
        assert answer.mimetype == "text/csv"

    @pytest.mark.parametrize("name", ['=HYPERLINK("x")', "+cmd", "-1+1", "@sum", "\tx"])
    def test_a_formula_becomes_text(self, browser, name):
        make_customer(name)
        row = list(csv.reader(io.StringIO(text_of(browser.get("/customers/export")))))[1]
        assert row[2] == "'" + name

    def test_it_is_written_to_the_audit_trail(self, browser):
        browser.get("/customers/export?q=maya").get_data()
        entry = db.session.query(Entry).filter_by(verb="exported").one()
        assert (entry.actor_name, entry.after) == ("Vic", {"q": "maya", "filters": []})
