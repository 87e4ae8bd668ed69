"""The list of events: what each filter and each search finds, page by page, whichever table it lies in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product
from zoneinfo import ZoneInfo

import pytest

from app.customers.alias import CustomerAlias
from app.customers.who import Who
from app.db import db
from app.events import directory, occurring, wanted
from app.listing import BadAsk
from tests.events.coming_in import event, move, store
from tests.factories import NOW, make_customer, make_customers, make_event, make_move

pytestmark = pytest.mark.usefixtures("app")
UTC_ZONE = ZoneInfo("UTC")


def page(q="", *filters, cursor=None, sort=None):
    listing = directory.listing()
    ask = listing.read(q, list(filters), sort, cursor)
    return directory.page(listing, ask, directory.asked(listing, ask, UTC_ZONE))


def said(*asked, **more) -> list[str]:
    return [fact.to_stage or fact.name for fact in page(*asked, **more).rows]


@pytest.fixture
def maya(app):
    return make_customer("Maya", "Lindqvist", email="maya@posteo.example", lms_lead_id="L-1")


@pytest.fixture
def life(maya):
    """One of each kind, an hour apart, the newest first: login, applied, enrolled (waiting), order (waiting)."""
    jonas = make_customer("Jonas", "Weber", email="jonas@posteo.example", lms_lead_id="L-2")
    make_event(maya, "login", NOW)
    make_move(jonas, "applied", "enquired", NOW - timedelta(hours=1))
    store(move(Who(lms_lead_id="L-9"), "enrolled", "applied", NOW - timedelta(hours=2)))
    store(event(Who(email="nobody@x.example"), "order_completed", NOW - timedelta(hours=3)))


@pytest.mark.usefixtures("life")
class TestFilters:
    @pytest.mark.parametrize(
        ("filters", "found"),
        [
            ([], ["login", "applied", "enrolled", "order_completed"]),
            (["kind:is:behaviour"], ["login"]),
            (["kind:is:funnel"], ["applied"]),
            (["kind:is:waiting"], ["enrolled", "order_completed"]),
            (["kind:is:funnel", "kind:is:waiting"], []),
            (["name:is:login"], ["login"]),
            (["name:is:order_completed"], ["order_completed"]),
            (["name:is:never_used"], []),
            (["name:is:login", "name:is:order_completed"], []),
            (["name:is:sales"], []),
            (["funnel:is:sales"], ["applied", "enrolled"]),
            (["funnel:is:service-delivery"], []),
            (["stage:is:applied"], ["applied", "enrolled"]),
            (["stage:to:applied"], ["applied"]),
            (["stage:from:applied"], ["enrolled"]),
            (["stage:from:applied", "stage:to:enrolled"], ["enrolled"]),
            (["stage:from:applied", "stage:to:applied"], []),
            (["stage:is:nowhere"], []),
            (["stage:is:applied", "name:is:login"], []),
            (["customer:is:L-1"], ["login"]),
            (["customer:is:JONAS@posteo.example"], ["applied"]),
            (["customer:is:L-9"], ["enrolled"]),
            (["customer:is:Nobody@x.example"], ["order_completed"]),
            (["customer:is:L-77"], []),
            (["customer:is:L-1", "customer:is:L-2"], []),
            (["customer:is:L-2", "stage:to:applied"], ["applied"]),
            (["customer:is:L-2", "name:is:login"], []),
            (["at:after:2026-10-22"], ["login", "applied", "enrolled", "order_completed"]),
            (["at:after:2026-10-23"], []),
            (["at:before:2026-10-22"], []),
            (["at:after:2026-10-22", "at:before:2026-10-23", "kind:is:funnel"], ["applied"]),
        ],
    )
    def test_each_finds_what_it_says(self, filters, found):
        here = page("", *filters)
        assert [fact.to_stage or fact.name for fact in here.rows] == found
        assert here.count == len(found)

    @pytest.mark.parametrize(
        ("q", "found"),
        [
            ("login", ["login"]),
            ("LOG", ["login"]),
            ("order completed", ["order_completed"]),
            ("order_completed", ["order_completed"]),
            ("applied", ["applied", "enrolled"]),
            ("sales applied", ["applied", "enrolled"]),
            ("enquired applied", ["applied"]),
            ("enquired enrolled", []),
            ("enrolled", ["enrolled"]),
            ("maya", ["login"]),
            ("lindqvist maya", ["login"]),
            ("L-2", ["applied"]),
            ("L-9", ["enrolled"]),
            ("nobody@x.example", ["order_completed"]),
            ("wram", []),
            ("!!", ["login", "applied", "enrolled", "order_completed"]),
            ("\0", ["login", "applied", "enrolled", "order_completed"]),
            ("x\0y", []),
            ("%", ["login", "applied", "enrolled", "order_completed"]),
        ],
    )
    def test_words_are_those_of_events_stages_and_customers(self, q, found):
        assert said(q) == found

    def test_words_and_filters_are_both_asked(self):
        assert said("posteo", "kind:is:funnel") == ["applied"]
        assert said("maya", "name:is:login") == ["login"]
        assert said("maya", "name:is:order_completed") == []
        assert said("login", "customer:is:L-1") == ["login"]
        assert said("applied", "customer:is:L-1") == []
        assert said("applied", "customer:is:L-2") == ["applied"]
        assert said("order", "customer:is:nobody@x.example") == ["order_completed"]
        assert said("enrolled", "customer:is:nobody@x.example") == []

    @pytest.mark.parametrize(
        "asked",
        [
            "colour:is:red",
            "kind:is:purple",
            "kind:is_not:funnel",
            "funnel:is:support",
            "stage:after:applied",
            "at:after:soon",
            "at:within_last:many",
            "customer:is: ",
        ],
    )
    def test_what_the_list_does_not_know_is_refused(self, asked):
        with pytest.raises(BadAsk):
            page("", asked)

    def test_every_two_filters_and_words_can_be_asked_together(self):
        filters = ["kind:is:waiting", "name:is:login", "funnel:is:sales", "stage:is:applied", "customer:is:L-1"]
        times = ["at:after:2026-01-01", "at:within_last:30"]
        for q, one, other in product(("", "applied", "maya"), filters, [*filters, *times]):
            everything = {fact.id for fact in page(q, one).rows}
            assert {fact.id for fact in page(q, one, other).rows} <= everything


class TestPages:
    def test_each_fact_comes_once_although_all_happened_at_once(self, maya):
        for n in range(9):
            make_event(maya, f"step_{n}")
            make_move(maya, f"stage_{n}")
            store(event(Who(lms_lead_id="L-9"), f"wait_{n}"))
        listing, seen, cursor = directory.listing(), [], None
        while True:
            ask = listing.read("", [], None, cursor)
            here = directory.page(listing, ask, directory.asked(listing, ask, UTC_ZONE))
            seen += [fact.id for fact in here.rows]
            if not (cursor := here.older):
                break
        assert len(seen) == len(set(seen)) == 27
        assert seen == sorted(seen, reverse=True)

    def test_older_and_newer_lead_there_and_back_across_the_kinds(self, maya):
        for n in range(70):
            make = make_event if n % 2 else make_move
            make(maya, f"n{n:02}", at=NOW - timedelta(days=n))  # over three months
        first = page()
        second = page(cursor=first.older)
        back = page(cursor=second.newer)
        assert [fact.id for fact in back.rows] == [fact.id for fact in first.rows]
        assert (first.first, first.last, second.first, second.last) == (1, 50, 51, 70)
        assert (first.newer, second.older, back.newer) == (None, None, None)
        assert said(sort="at")[0] == "n69"

    def test_what_fits_in_two_ways_is_one_row(self, maya):
        make_event(maya, "maya_called")
        make_move(maya, "maya", "maya")
        assert sorted(said("maya")) == ["maya", "maya_called"]
        assert page("maya").count == 2
        assert page("", "stage:is:maya").count == 1

    def test_the_count_is_capped_and_says_so(self, maya, monkeypatch):
        monkeypatch.setattr(directory, "COUNT_CAP", 3)
        for _ in range(5):
            make_event(maya)
        assert (page().count, page().is_capped) == (3, True)
        assert (page("", "kind:is:behaviour").count, page("", "kind:is:behaviour").is_capped) == (5, False)

    @pytest.mark.parametrize("cursor", ["x", "e30", "WyItYXQiLGZhbHNlLDAsIngiLDFd", "WyJhdCIsZmFsc2UsMCwxLDFd"])
    def test_a_forged_cursor_is_refused(self, cursor):
        with pytest.raises(BadAsk):
            page(cursor=cursor)


class TestPeople:
    def test_a_number_is_an_id_or_a_lead_id(self, maya):
        make_event(maya, "hers")
        make_event(make_customer(lms_lead_id=str(maya.id)), "of_the_number")
        assert sorted(said("", f"customer:is:{maya.id}")) == ["hers", "of_the_number"]

    def test_everybody_of_an_address_is_meant(self):
        for name in ("one", "two"):
            make_event(make_customer(name, email="family@x.example"), f"of_{name}")
        assert sorted(said("", "customer:is:family@x.example")) == ["of_one", "of_two"]

    def test_a_merged_customer_is_found_by_the_old_names(self, maya):
        make_event(maya, "hers")
        db.session.add(CustomerAlias(merged_id=9_999, lms_lead_id="L-old", customer_id=maya.id))
        db.session.commit()
        assert said("", "customer:is:9999") == said("", "customer:is:L-old") == ["hers"]

    def test_words_that_fit_too_many_people_say_so_instead_of_reading_them_all(self, maya, monkeypatch):
        monkeypatch.setattr(wanted, "MOST_PEOPLE", 3)
        make_event(maya, "row_opened")
        make_event(make_customers(4, lms_lead_id=None)[0], "login")
        listing = directory.listing()
        ask = listing.read("row", [], None, None)
        asked = directory.asked(listing, ask, UTC_ZONE)
        assert asked.words
        assert asked.words.fits_too_many
        assert [fact.name for fact in directory.page(listing, ask, asked).rows] == ["row_opened"]


class TestTimes:
    def test_the_last_days_count_back_from_now(self, maya):
        now = datetime.now(UTC)
        make_event(maya, "today", now)
        make_event(maya, "last_week", now - timedelta(days=7, hours=1))
        assert said("", "at:within_last:7") == ["today"]

    def test_a_day_begins_in_the_zone_of_the_team(self, maya):
        make_event(maya, "late", datetime(2026, 10, 21, 22, 30, tzinfo=UTC))  # half past midnight in Berlin
        listing = directory.listing()
        ask = listing.read("", ["at:after:2026-10-22"], None, None)
        for zone, count in (("Europe/Berlin", 1), ("UTC", 0)):
            assert len(directory.page(listing, ask, directory.asked(listing, ask, ZoneInfo(zone))).rows) == count


def test_a_funnel_of_countless_different_moves_is_searched_all_the_same(maya, monkeypatch):
    monkeypatch.setattr(occurring, "MOST", 2)
    for stage in ("applied", "enrolled", "graduated"):
        make_move(maya, stage)
    assert said("", "stage:to:graduated") == ["graduated"]


def test_names_and_stages_that_occur_are_offered(maya):
    for name in ("b_event", "a_event", "b_event"):
        make_event(maya, name)
    store(event(Who(lms_lead_id="L-9"), "waits"), move(Who(lms_lead_id="L-9"), "somewhere"))
    make_move(maya, "applied")
    make_move(maya, "enrolled", "applied")
    assert occurring.names() == ["a_event", "b_event", "waits"]
    assert occurring.stages() == ["applied", "enrolled"]
