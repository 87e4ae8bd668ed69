"""What became known of a customer: in the timeline, beside each value, and as the whole history of one."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.customers import history, upsert
from app.customers.alias import CustomerAlias
from app.customers.customer import Customer
from app.customers.incoming import Incoming, Source
from app.db import db
from app.events import story
from tests.factories import NOW, make_customer, make_event, make_move

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def browser(client_of, viewer):
    return client_of(viewer)


def text_of(answer) -> str:
    return answer.get_data(as_text=True)


def publish(source: str, hours: int, attributes=None, **columns) -> None:
    said = Incoming(0, columns={"lms_lead_id": "L-1", **columns}, attributes=attributes or {})
    upsert.upsert_many([said], Source(source), NOW + timedelta(hours=hours))
    db.session.commit()


@pytest.fixture
def maya(app) -> Customer:
    """Created by the LMS, then twice changed."""
    publish("LMS (API)", 0, {"score": 64, "course": "Data"}, first_name="Maya", email="old@x.example")
    publish("LMS (API)", 1, {"score": 82})
    publish("import 7", 2, {"score": 85, "course": None, "city": "Berlin"}, email="new@x.example")
    return db.session.query(Customer).one()


def lines(customer: Customer) -> list[tuple[str, list[tuple]]]:
    told = story.of(customer.id, [story.changes], None).lines
    return [(line.name, [(c["name"], c["old"], c["new"]) for c in line.properties["changes"]]) for line in told]


class TestStory:
    def test_what_one_source_set_at_one_moment_is_one_line(self, maya):
        assert lines(maya) == [
            (
                "import 7",
                [
                    ("email", "old@x.example", "new@x.example"),
                    ("city", None, "Berlin"),
                    ("course", "Data", None),
                    ("score", 82, 85),
                ],
            ),
            ("LMS (API)", [("score", 64, 82)]),
        ]

    def test_two_sources_of_one_moment_are_two_lines(self, maya):
        publish("LMS (API)", 5, {"score": 1})
        publish("Shop (API)", 5, {"score": 2})
        assert [name for name, _ in lines(maya)[:2]] == ["Shop (API)", "LMS (API)"]

    def test_changes_stand_among_what_the_person_did(self, maya):
        make_event(maya, at=NOW + timedelta(minutes=90))
        make_move(maya, "applied", at=NOW + timedelta(minutes=30))
        parts = [story.events, story.moves, story.changes]
        assert [line.kind for line in story.of(maya.id, parts, None).lines] == ["change", "event", "change", "stage"]
        assert [line.kind for line in story.of(maya.id, [story.events], None).lines] == ["event"]

    def test_many_come_page_by_page_without_gaps(self, maya):
        for n in range(60):
            publish("LMS (API)", 3 + n // 2, {"score": 100 + n}, first_name=f"M{n}")
        seen, after = [], None
        while True:
            told = story.of(maya.id, [story.changes], after)
            seen += [line.id for line in told.lines]
            if not (after := told.older):
                break
        # Two of one moment and one source are one line.
        assert len(seen) == len(set(seen)) == 32

    def test_the_page_tells_them_and_leads_to_events(self, browser, maya):
        made = make_event(maya, "order_completed")
        page = text_of(browser.get(f"/customers/{maya.id}"))
        for word in ("<del>64</del>", "<ins>82</ins>", "E-mail", f'href="/events/{made.id}"'):
            assert word in page
        changes = text_of(browser.get(f"/customers/{maya.id}?show=changes"))
        assert "Order completed" not in changes
        assert "<ins>82</ins>" in changes


class TestValues:
    def test_the_latest_change_of_each_field_and_attribute_is_known(self, maya):
        fields, attributes = history.latest(maya.id)
        assert {name: change.source for name, change in fields.items()} == {"email": "import 7"}
        assert {name: change.source for name, change in attributes.items()} == dict.fromkeys(
            ("score", "course", "city"), "import 7"
        )

    def test_an_attribute_named_like_a_field_is_told_apart(self, maya):
        publish("LMS (API)", 3, {"mobile_os": 1}, mobile="+49 151 1")
        assert [c.new for c in history.of(maya, "mobile", is_column=True).changes] == ["+49 151 1"]
        assert not history.of(maya, "mobile", is_column=False).is_known

    def test_a_history_begins_with_what_the_creator_said(self, maya):
        score = history.of(maya, "score", is_column=False)
        assert [(change.old, change.new) for change in score.changes] == [(82, 85), (64, 82)]
        assert score.first == 64
        assert history.of(maya, "first_name", is_column=True).first == "Maya"

    def test_what_came_later_has_no_beginning(self, maya):
        assert history.of(maya, "city", is_column=False).first is None

    def test_a_long_one_is_cut_and_does_not_invent_a_beginning(self, maya, monkeypatch):
        monkeypatch.setattr(history, "MOST", 1)
        score = history.of(maya, "score", is_column=False)
        assert (len(score.changes), score.is_cut, score.first) == (1, True, None)


class TestPages:
    def test_each_value_shows_who_set_it_and_leads_to_its_history(self, browser, maya):
        page = text_of(browser.get(f"/customers/{maya.id}"))
        assert f'href="/customers/{maya.id}/history?attribute=score"' in page
        assert f'href="/customers/{maya.id}/history?field=email"' in page
        assert "· import 7" in page
        assert "set when the customer was created by LMS (API)" in page

    def test_an_attribute_that_is_gone_keeps_its_history(self, browser, maya):
        page = text_of(browser.get(f"/customers/{maya.id}"))
        assert f'href="/customers/{maya.id}/history?attribute=course"' in page
        told = text_of(browser.get(f"/customers/{maya.id}/history?attribute=course"))
        assert "<del>Data</del>" in told
        assert "empty" in told

    def test_the_history_is_a_page_and_a_fragment(self, browser, maya):
        url = f"/customers/{maya.id}/history?attribute=score"
        page, fragment = text_of(browser.get(url)), text_of(browser.get(url, headers={"HX-Request": "true"}))
        for told in (page, fragment):
            assert "<del>82</del>" in told
            assert "set when the customer was created by LMS (API)" in told
        assert "<html" in page
        assert "<html" not in fragment

    @pytest.mark.parametrize(
        "query", ["", "?field=", "?attribute=", "?attribute=nothing", "?field=id", "?attribute=%00", "?field=__dict__"]
    )
    def test_what_has_no_history_is_not_found(self, browser, maya, query):
        assert browser.get(f"/customers/{maya.id}/history{query}").status_code == 404

    def test_odd_names_and_values_are_shown_as_text(self, browser):
        maya = make_customer(attributes={"a&b=<i>": "<u>", "x/y?z": 1})
        page = text_of(browser.get(f"/customers/{maya.id}"))
        assert "<u>" not in page
        assert browser.get(f"/customers/{maya.id}/history", query_string={"attribute": "a&b=<i>"}).status_code == 200
        assert browser.get(f"/customers/{maya.id}/history", query_string={"attribute": "x/y?z"}).status_code == 200

    def test_the_old_number_of_a_merged_customer_leads_to_the_survivor(self, browser, maya):
        db.session.add(CustomerAlias(merged_id=9_999, lms_lead_id="L-old", customer_id=maya.id))
        db.session.commit()
        answer = browser.get("/customers/9999")
        assert (answer.status_code, answer.headers["Location"]) == (302, f"/customers/{maya.id}")
        page = text_of(browser.get(f"/customers/{maya.id}"))
        assert "Merged from" in page
        assert "L-old" in page
