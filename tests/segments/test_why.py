"""Why is somebody in a segment, or not: each condition with their own value, and a tick or a cross."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from app.customers.customer import Customer
from app.db import db
from app.segments import audience, why, words
from app.settings.setting import Setting
from tests.api.conftest import lms, make_system  # noqa: F401
from tests.factories import NOW
from tests.imports.bringing import by_lead, counts, written
from tests.segments.making import make_rules, make_segment, put
from tests.segments.test_conditions import (
    AGAIN,
    CARTS,
    CHECKOUTS,
    CITIES,
    INTERESTS,
    LISTS,
    LOGINS,
    NAMES,
    ORDERS,
    PAID,
    SCORES,
    SIGN_UPS,
    STAGES,
    STEPS,
    attribute,
    field,
    make_four,
    refuse,
)  # fmt: skip

BERLIN = ZoneInfo("Europe/Berlin")
TEN_DAYS = {"streak": "login", "days": 10, "starting": "signup"}
SECOND = {"nth": {"event": "order", "n": 2}, "within": "7d"}
LEFT = {"event": "checkout", "not_followed_by": "order", "for": "24h"}
LARGE = {"last": {"event": "paid"}, "where": [{"property": "total", "value": 50}]}
# Of one of four customers: does it hold, and what is said of them?
REASONS = [
    (attribute("at_least", 60), SCORES, 0, False, "59"),
    (attribute("at_least", 60), SCORES, 2, True, "61.5"),
    (attribute("at_least", 60), SCORES, 3, False, "is not known"),
    (attribute("not_equals", 60), SCORES, 3, True, "is not known"),
    (attribute("equals", "Berlin", "city"), CITIES, 1, False, "berlin"),
    (attribute("contains", "sound", "tags"), LISTS, 0, True, "data, sound"),
    (attribute("contains", "sound", "tags"), LISTS, 2, False, "an empty list"),
    (field("email", "ends_with", "@posteo.example"), NAMES, 0, True, "Maya@Posteo.example"),
    (field("email", "exists"), NAMES, 2, False, "is not known"),
    (field("created_date", "within_last", "24h"), SIGN_UPS, 3, False, "19 Oct 2026 10:04"),
    ({"event": "login", "times": {"at_least": 3}}, LOGINS, 1, True, "3 times, the last on 22 Oct 2026 09:04"),
    ({"event": "login"}, LOGINS, 2, True, "1 time, on 12 Sep 2026 10:04"),
    ({"event": "login", "within": {"last": "30d"}}, LOGINS, 2, False, "never"),
    ({"streak": "login", "days": 3, "starting": "any"}, LOGINS, 1, False, "at most 2 days in a row"),
    (SECOND, AGAIN, 0, True, "the 2nd came 7 days and 0 hours after the 1st"),
    (SECOND, AGAIN, 1, False, "the 2nd came 10 days and 0 hours after the 1st"),
    (SECOND, AGAIN, 2, False, "1 time"),
    ({"sequence": ["kyc", "loan"], "within": "48h"}, STEPS, 0, True, "begun on 17 Oct 2026 10:04"),
    ({"sequence": ["kyc", "loan"], "within": "48h"}, STEPS, 1, False, "not in this order and time"),
    (LEFT, CHECKOUTS, 0, True, "unanswered on 19 Oct 2026 10:04"),
    (LEFT, CHECKOUTS, 3, False, "each was answered, or there is still time"),
    (LARGE, PAID, 1, False, "total 10, on 20 Oct 2026 10:04"),
    ({"funnel": "sales", "in_stage": "applied"}, STAGES, 1, False, "enrolled since 20 Oct 2026 10:04"),
    ({"funnel": "sales", "in_stage": "applied"}, STAGES, 3, False, "never moved in this funnel"),
    ({"funnel": "sales", "to": "enrolled"}, STAGES, 1, True, "1 time, on 20 Oct 2026 10:04"),
    ({"orders": "spent", "op": "at_least", "value": 60}, ORDERS, 1, False, "50"),
    ({"orders": "count", "op": "at_least", "value": 1}, ORDERS, 3, False, "0"),
    ({"cart": "idle", "for": "24h"}, CARTS, 1, False, "touched on 21 Oct 2026 11:04"),
    ({"cart": "idle", "for": "24h"}, CARTS, 3, False, "nothing in the cart"),
    ({"interest": "festivals"}, INTERESTS, 1, True, "sound, FESTIVALS"),
    ({"consent": "newsletter"}, NAMES, 0, True, "yes"),
    ({"consent": "newsletter"}, NAMES, 2, False, "no: no address"),
    ({"mail": "clicked"}, NAMES, 0, False, "never"),
]  # fmt: skip


@pytest.fixture(autouse=True)
def _berlin(app):
    db.session.add(Setting(name="team", value={"timezone": "Europe/Berlin"}))
    db.session.commit()


@pytest.mark.parametrize(
    ("rule", "four", "which", "holds", "value"), REASONS, ids=[str(n) for n in range(len(REASONS))]
)
def test_each_condition_says_the_value_and_whether_it_holds(rule, four, which, holds, value):
    person = make_four(*four)[which]
    reason = why.of(make_rules("Some", rule), person.id, NOW)
    assert (reason.holds, reason.value) == (holds, value)
    assert words.plain(reason.words)


def test_permission_says_who_said_no():
    maya = make_four(*NAMES)[0]
    refuse("Maya", "newsletter")
    reason = why.of(make_rules("Readers", {"consent": "newsletter"}), maya.id, NOW)
    assert (reason.holds, reason.value) == (False, "no: unsubscribed")


def test_groups_hold_as_their_conditions_do():
    people = make_four(*SCORES)
    rule = {"all": [attribute("exists"), {"none": [attribute("equals", 59), attribute("equals", 60)]}]}
    segment = make_rules("Others", rule)
    for person, holds in zip(people, (False, False, True, False), strict=True):
        reason = why.of(segment, person.id, NOW)
        assert reason.holds is holds
        assert why.is_in(audience.of(segment, NOW), person.id) is holds
    first = why.of(segment, people[0].id, NOW)
    assert [(one.how, one.holds) for one in first.reasons] == [("", True), ("none", False)]
    assert [one.holds for one in first.reasons[1].reasons] == [True, False]


def test_another_segment_is_said_by_its_name():
    maya, jo, *_ = make_four(*SCORES)
    listed = make_segment("Press list")
    put(listed, maya)
    segment = make_rules("Of the press", {"segment": listed.id})
    assert [why.of(segment, one.id, NOW).holds for one in (maya, jo)] == [True, False]
    assert "Press list" in words.plain(why.of(segment, maya.id, NOW).words)


def test_a_streak_of_two_years_ago_is_found_and_who_missed_a_day_is_told_which(lms):  # noqa: F811
    """People from a file, their logins by the API: as whoever moves here from another system brings them."""
    now = datetime.now(UTC)
    first = now.astimezone(BERLIN).date() - timedelta(days=725)  # behaviour is kept for 730
    upload = written(
        "lms_lead_id,first_name,created_date\n"
        f"L-1,Maya,{_at(first, 23, 30)}\n"  # half an hour is left of the first day
        f"L-2,Jo,{_at(first, 12)}\n"
        f"L-3,Tom,{_at(first, 12)}\n"
        f"L-4,Ida,{_at(first, 12)}\n"
    )
    assert counts(upload) == (4, 0, 0, 0)
    days = [first + timedelta(days=n) for n in range(11)]
    logins = {
        "L-1": [_at(first, 23, 45), *(_at(day, 0, 1) for day in days[1:10])],
        "L-2": [_at(day, 18) for day in days[:10] if day != days[5]] + [_at(days[4], 23, 59), _at(days[6], 0)],
        "L-3": [_at(day, 8) for day in days[1:11]],
    }
    facts = [{"lms_lead_id": lead, "name": "login", "occurred_at": at} for lead, of in logins.items() for at in of]
    answer = lms.post("events", {"events": facts})
    assert answer.get_json()["created"] == len(facts), answer.get_json()
    signed_up, sixth, tenth = (_said(days[n]) for n in (0, 5, 9))

    segment = make_rules("Ten days straight", TEN_DAYS)
    assert _leads(audience.of(segment, now)) == ["L-1"]
    assert _told(segment, "L-1", now) == (True, f"on each day from {signed_up} to {tenth}")
    assert _told(segment, "L-2", now) == (False, f"not on {sixth}, day 6 of 10 (signed up on {signed_up})")
    assert _told(segment, "L-3", now) == (False, f"not on {signed_up}, day 1 of 10 (signed up on {signed_up})")
    assert _told(segment, "L-4", now) == (False, "never")
    anywhere = make_rules("Ten days at any time", {**TEN_DAYS, "starting": "any"})
    assert _leads(audience.of(anywhere, now)) == ["L-1", "L-3"]
    assert _told(anywhere, "L-2", now) == (False, "at most 5 days in a row")


def _at(day, hour, minute=0):
    return datetime.combine(day, time(hour, minute), BERLIN).isoformat()


def _said(day):
    return f"{day.day} {day:%b %Y}"


def _leads(found):
    ids = db.session.scalars(text(found.sql), found.said).all()
    return sorted(db.session.get_one(Customer, one).lms_lead_id for one in ids)


def _told(segment, lead, now):
    reason = why.of(segment, by_lead(lead).id, now)
    return reason.holds, reason.value
