"""The doors of events: the list, one event with its raw record, and the file of those one sees."""

from __future__ import annotations

import csv
import io
import json

import pytest

from app.audit import Entry
from app.customers.who import Who
from app.db import db
from app.events.event import Event
from app.events.incoming import Origin
from app.events.pending_event import PendingEvent
from app.receipts import keep
from app.receipts.receipt import Receipt
from app.tally import Tally
from tests.events.coming_in import event, move, store
from tests.factories import NOW, make_customer, make_event, make_move


@pytest.fixture
def browser(client_of, viewer):
    return client_of(viewer)


@pytest.fixture
def maya(app):
    return make_customer(email="maya@posteo.example", lms_lead_id="L-1")


def text_of(answer) -> str:
    return answer.get_data(as_text=True)


def a_call(body: bytes, source: str = "api", sender: str = "Shop", path: str = "/api/v1/events") -> int:
    receipt_id = keep.begin()
    keep.keep(receipt_id, source, sender, path, body, 200, Tally())
    db.session.commit()
    return receipt_id


def the_event() -> Event:
    return db.session.query(Event).one()


def test_the_list_shows_what_happened_to_whom_and_what_brought_it(browser, maya):
    shop = a_call(b"{}")
    store(event(Who(lms_lead_id="L-1"), "order_completed", total=4180, currency="EUR"), origin=Origin(shop))
    make_move(maya, "enrolled", "applied")
    store(move(Who(lms_lead_id="L-9"), "applied"), origin=Origin(a_call(b"{}", "webhook", "funnel")))
    page = text_of(browser.get("/events"))
    for word in ("Order completed", "41.80 EUR", "Sales: applied → enrolled", "Maya Lindqvist", "Shop (API)"):
        assert word in page
    assert "Sales: new → applied" in page
    assert "waiting for" in page
    assert "L-9" in page
    assert "Funnel webhook" in page
    assert "1–3" in page


def test_htmx_gets_the_fragment_of_the_same_url(browser, maya):
    make_event(maya)
    fragment = browser.get("/events?q=login", headers={"HX-Request": "true"})
    assert "<html" not in text_of(fragment)
    assert 'id="results"' in text_of(fragment)
    assert "HX-Request" in fragment.headers["Vary"]


def test_the_form_becomes_one_filter_in_the_address(browser):
    answer = browser.get("/events?q=may&field=stage&op=to&value=enrolled&sort=-at")
    assert answer.status_code == 302
    assert "filter=stage:to:enrolled" in answer.headers["Location"]


@pytest.mark.parametrize(
    ("url", "status"),
    [
        ("/events/0", 404),
        ("/events/99999999999999999999999", 404),
        ("/events/-1", 404),
        ("/events/x", 404),
        ("/events?sort=name", 422),
        ("/events?cursor=W10", 422),
        ("/events?filter=x", 422),
        ("/events?filter=kind:is:purple", 422),
        ("/events?filter=at:after:0001-01-01", 200),
        ("/events?filter=at:before:9999-12-31", 200),
        ("/events?filter=at:within_last:99999", 200),
        ("/events?filter=customer:is:99999999999999999999", 200),
        ("/events?q=" + "x" * 201, 422),
        ("/events?q=%00", 200),
        ("/events?q=x%00y", 200),
        ("/events?q=%ED%A0%80", 200),
        ("/events?q=%25_%5C", 200),
        ("/events/export?filter=x", 422),
    ],
)
def test_bad_input_is_answered_with_a_sentence_and_never_with_sql(browser, url, status):
    answer = browser.get(url)
    assert answer.status_code == status
    assert not any(word in text_of(answer) for word in ("SELECT", "psycopg", "Traceback", "sqlalchemy"))


def test_an_empty_product_and_a_search_without_a_match_say_different_things(browser, maya):
    assert "Nothing has happened yet" in text_of(browser.get("/events"))
    make_event(maya)
    page = text_of(browser.get("/events?q=wram"))
    assert "Nothing matches “wram”" in page
    assert "Nothing has happened yet" not in page


class TestOne:
    def test_an_event_shows_its_properties_its_person_and_its_record(self, browser, maya):
        items = [{"name": "Hoodie", "quantity": 1001}, {"name": "Pen", "sizes": ["S", "M"]}]
        store(event(Who(lms_lead_id="L-1"), "order_completed", id="o-7", items=items, paid=True, note=None))
        page = text_of(browser.get(f"/events/{the_event().id}"))
        for word in ("Order completed", f'href="/customers/{maya.id}"', "o-7", "Hoodie", "1001", "S, M", "boolean"):
            assert word in page
        assert "It did not come by a call or a file" in page

    def test_the_raw_record_is_the_item_as_it_was_sent(self, browser, maya):
        body = b'{"events": [{"name": "other"}, {"name": "login",  "price": 1.10, "b": 1, "a": "<b>"}]}'
        store(event(Who(lms_lead_id="L-1"), "first"), event(Who(lms_lead_id="L-1")), origin=Origin(a_call(body)))
        second = db.session.query(Event).filter_by(receipt_index=1).one()
        page = text_of(browser.get(f"/events/{second.id}"))
        assert "1.10" in page, "a number as they wrote it"
        assert page.index("&#34;b&#34;: 1") < page.index("&#34;a&#34;"), "in the order in which they wrote it"
        assert "&lt;b&gt;" in page
        assert "other" not in page
        assert "Shop (API)" in page
        assert "item 2" in page

    @pytest.mark.parametrize(
        ("body", "shown"),
        [
            (b'{"name": "alone"}', "alone"),
            (b'{"batch": [{"event": "From Segment"}]}', "From Segment"),
            (b'{"events": []}', "events"),
            (b"not json at \xff all", "not json at"),
            (b"[1, 2]", "1"),
            (b"", ""),
        ],
    )
    def test_any_body_can_be_shown(self, browser, maya, body, shown):
        store(event(Who(lms_lead_id="L-1")), origin=Origin(a_call(body)))
        answer = browser.get(f"/events/{the_event().id}")
        assert answer.status_code == 200
        assert shown in text_of(answer).partition("As it came")[2]

    def test_a_call_that_is_gone_says_for_how_long_calls_are_kept(self, browser, maya):
        store(event(Who(lms_lead_id="L-1")), origin=Origin(a_call(b"{}")))
        db.session.query(Receipt).delete()
        db.session.commit()
        assert "for 90 days" in text_of(browser.get(f"/events/{the_event().id}"))

    def test_a_line_of_an_import_names_the_line(self, browser, maya):
        fact = event(Who(lms_lead_id="L-1"))
        store(fact, origin=Origin(import_id=7))
        page = text_of(browser.get(f"/events/{the_event().id}"))
        assert "import 7" in page

    def test_a_funnel_move_shows_its_stages(self, browser, maya):
        page = text_of(browser.get(f"/events/{make_move(maya, 'enrolled', 'applied').id}"))
        for word in ("Sales: applied → enrolled", "from_stage", "to_stage"):
            assert word in page

    def test_one_that_waits_says_for_whom_and_what_will_happen(self, browser, app):
        store(event(Who(lms_lead_id="L-9", email="new@x.example")))
        page = text_of(browser.get(f"/events/{db.session.query(PendingEvent).one().id}"))
        assert "Waiting for a customer: L-9 · new@x.example" in page
        assert "As soon as a customer with this lead id or address comes in" in page

    def test_one_that_waits_for_a_shared_address_says_that_somebody_has_to_choose(self, browser, app):
        for name in ("One", "Two"):
            make_customer(name, email="family@x.example")
        store(event(Who(email="family@x.example")))
        page = text_of(browser.get(f"/events/{db.session.query(PendingEvent).one().id}"))
        assert "2 customers share this address" in page

    def test_names_and_properties_are_shown_as_text(self, browser, maya):
        made = make_event(maya, "<script>alert(1)</script>", **{"<i>": {"<u>": "<s>"}})
        for url in ("/events", f"/events/{made.id}"):
            page = text_of(browser.get(url))
            assert not any(tag in page for tag in ("<script>alert", "<i>", "<u>", "<s>"))

    def test_a_deep_nest_ends_in_what_it_holds(self, browser, maya):
        nest: dict = {"end": "here"}
        for n in range(40):
            nest = {f"n{n}": nest}
        page = text_of(browser.get(f"/events/{make_event(maya, **nest).id}"))
        assert "here" in page


class TestExport:
    def rows(self, browser, query: str = "") -> list[dict[str, str]]:
        answer = browser.get(f"/events/export{query}")
        assert answer.mimetype == "text/csv"
        return list(csv.DictReader(io.StringIO(text_of(answer).removeprefix("\ufeff"))))

    def test_it_holds_what_is_filtered_newest_first(self, browser, maya):
        store(event(Who(lms_lead_id="L-1"), "order_completed", id="o-1", total=5), origin=Origin(a_call(b"{}")))
        make_move(maya, "enrolled", "applied", NOW.replace(hour=1))
        store(event(Who(email="new@x.example"), at=NOW.replace(hour=2)))
        rows = self.rows(browser)
        assert [row["kind"] for row in rows] == ["behaviour", "waiting", "funnel"]
        assert rows[0]["lms_lead_id"] == "L-1"
        assert json.loads(rows[0]["properties"]) == {"total": 5}
        assert (rows[0]["source"], rows[0]["source_id"]) == ("Shop (API)", "o-1")
        assert rows[1]["email"] == "new@x.example"
        assert (rows[2]["from_stage"], rows[2]["to_stage"]) == ("applied", "enrolled")
        assert len(self.rows(browser, "?filter=kind:is:funnel")) == 1

    def test_it_goes_on_after_the_first_batch(self, browser, maya, monkeypatch):
        from app.events import export

        monkeypatch.setattr(export, "BATCH", 2)
        ids = [make_event(maya).id for _ in range(7)]
        assert [int(row["id"]) for row in self.rows(browser)] == ids[::-1]

    @pytest.mark.parametrize("name", ['=HYPERLINK("x")', "+cmd", "@sum"])
    def test_a_formula_becomes_text(self, browser, maya, name):
        make_event(maya, name)
        assert self.rows(browser)[0]["name"] == "'" + name

    def test_it_is_written_to_the_audit_trail(self, browser, app):
        browser.get("/events/export?q=maya").get_data()
        entry = db.session.query(Entry).filter_by(verb="exported").one()
        assert (entry.actor_name, entry.subject_type, entry.after) == ("Vic", "events", {"q": "maya", "filters": []})
