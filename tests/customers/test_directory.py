"""Whom a search or a filter finds: for each, these people in and exactly those out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.customers import directory
from app.db import db
from app.listing import BadAsk, Filter
from tests.factories import make_attribute, make_customer

BERLIN = ZoneInfo("Europe/Berlin")
pytestmark = pytest.mark.usefixtures("app")


def found(q: str = "", *filters: str) -> set[str]:
    listing = directory.listing(BERLIN)
    ask = listing.read(q, list(filters), None, None)
    return {person.first_name or "nobody" for person in listing.page(directory.everyone(), ask).rows}


class TestSearch:
    @pytest.fixture(autouse=True)
    def people(self, app):
        make_customer("Jürgen", "Krüger", email="jk@posteo.example", mobile="+49 151 2093 4471", lms_lead_id="L-204811")
        make_customer("Ana", "Jovanović", email="ana_j@web.example")
        make_customer("Bo", "Li", email="bo.li@web.example")
        make_customer("Łucja", "O'Neill-Ødegård", email="100%@odd.example")

    @pytest.mark.parametrize(
        ("q", "names"),
        [
            ("kruger", {"Jürgen"}),
            ("KRÜGER", {"Jürgen"}),
            ("jovanovic ana", {"Ana"}),
            ("ana jürgen", set()),
            ("posteo", {"Jürgen"}),
            ("L-204811", {"Jürgen"}),
            ("l-2048", {"Jürgen"}),
            ("0151 2093", {"Jürgen"}),
            ("15120934471", {"Jürgen"}),
            ("li", {"Bo"}),
            ("b", {"Bo"}),
            ("a", {"Ana"}),
            ("ana_j", {"Ana"}),
            ("an%", set()),
            ("100%", {"Łucja"}),
            ("o'neill", {"Łucja"}),
            ("\\", {"Jürgen", "Ana", "Bo", "Łucja"}),
            ("?!", {"Jürgen", "Ana", "Bo", "Łucja"}),
            ("zzz", set()),
        ],
    )
    def test_words_find_people(self, q, names):
        assert found(q) == names


class TestFilters:
    @pytest.fixture(autouse=True)
    def people(self, app):
        for name, kind in {
            "score": "numeric",
            "course": "string",
            "vip": "boolean",
            "interest": "array",
            "intake": "date",
            "seen": "timestamp",
        }.items():
            make_attribute(name, kind)
        now = datetime.now(UTC)
        make_customer(
            "Max",
            email="max@a.example",
            timezone="Europe/Berlin",
            created_date=now - timedelta(days=1),
            attributes={
                "score": 80,
                "course": "Data",
                "vip": True,
                "interest": ["data", "design"],
                "intake": "2026-11-09",
                "seen": "2026-11-09T22:30:00Z",
            },
        )
        make_customer(
            "Kim",
            email="kim@b.example",
            timezone="Asia/Tokyo",
            created_date=now - timedelta(days=40),
            attributes={
                "score": 9.5,
                "course": "Design",
                "vip": False,
                "interest": ["design"],
                "intake": "2027-01-11",
                "seen": "2026-11-09T23:30:00Z",
            },
        )
        make_customer("Odd", created_date=now - timedelta(days=400), attributes={"score": "lots", "interest": "data"})
        make_customer("Nil", created_date=now - timedelta(days=800), attributes={})

    @pytest.mark.parametrize(
        ("asked", "names"),
        [
            ("attributes.score:at_least:80", {"Max"}),
            ("attributes.score:at_least:9.5", {"Max", "Kim"}),
            ("attributes.score:at_most:10", {"Kim"}),
            ("attributes.score:is:80", {"Max"}),
            ("attributes.score:exists:", {"Max", "Kim", "Odd"}),
            ("attributes.score:not_exists:", {"Nil"}),
            ("attributes.course:is:Data", {"Max"}),
            ("attributes.course:is:data", set()),
            ("attributes.course:is_not:Data", {"Kim", "Odd", "Nil"}),
            ("attributes.vip:is:true", {"Max"}),
            ("attributes.vip:is:false", {"Kim"}),
            ("attributes.interest:contains:data", {"Max"}),
            ("attributes.intake:after:2027-01-11", {"Kim"}),
            ("attributes.intake:before:2027-01-11", {"Max"}),
            ("attributes.intake:is:2026-11-09", {"Max"}),
            ("attributes.seen:after:2026-11-10", {"Kim"}),
            ("attributes.seen:before:2026-11-10", {"Max"}),
            ("email:is: MAX@a.example ", {"Max"}),
            ("email:ends_with:@b.example", {"Kim"}),
            ("email:ends_with:b.exampl", set()),
            ("timezone:is:Asia/Tokyo", {"Kim"}),
            ("created_date:within_last:30", {"Max"}),
            ("created_date:within_last:500", {"Max", "Kim", "Odd"}),
        ],
    )
    def test_a_filter_finds_these_and_no_others(self, asked, names):
        assert found("", asked) == names

    def test_filters_and_words_narrow_each_other(self):
        assert found("", "attributes.score:at_least:5", "timezone:is:Asia/Tokyo") == {"Kim"}
        assert found("max", "timezone:is:Asia/Tokyo") == set()

    @pytest.mark.parametrize(
        "asked",
        [
            "score:at_least:1",
            "attributes.nothing:is:1",
            "attributes.score:at_least:many",
            "attributes.score:at_least:NaN",
            "attributes.score:at_least:1e999999",
            "attributes.score:contains:1",
            "attributes.vip:is:maybe",
            "attributes.intake:after:31.12.2026",
            "created_date:within_last:-1",
            "created_date:within_last:99999999",
            "email",
            "email:is",
            ":",
            "email:is:\0",
        ],
    )
    def test_a_filter_that_makes_no_sense_is_refused_with_a_sentence(self, asked):
        with pytest.raises(BadAsk, match=r"\w+.*\."):
            found("", asked)


def test_the_name_of_an_attribute_may_hold_a_colon():
    make_attribute("utm:source %", "string")
    make_customer("Ada", attributes={"utm:source %": "a:b"})
    make_customer("Bob", attributes={"utm:source %": "c"})
    asked = str(Filter("attributes.utm:source %", "is", "a:b"))
    assert found("", asked) == {"Ada"}


def test_a_day_begins_in_the_teams_zone():
    make_customer("Late", created_date=datetime(2026, 10, 21, 22, 30, tzinfo=UTC))  # 00:30 in Berlin
    assert found("", "created_date:after:2026-10-22") == {"Late"}
    assert found("", "created_date:before:2026-10-22") == set()


def test_an_erased_person_is_found_nowhere():
    gone = make_customer("Gone")
    gone.erased_at = datetime.now(UTC)
    db.session.commit()
    assert found() == set()
    assert directory.find(gone.id) is None
