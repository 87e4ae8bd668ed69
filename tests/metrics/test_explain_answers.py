"""Why did they (not) get it, of an automation: by the clock, and in answer to what people do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from app.automations import entering, following, keeping
from app.customers.customer import Customer
from app.db import db
from app.deliveries.delivery import Delivery
from app.metrics import explain
from app.settings.setting import Setting
from tests.automations.happening import accept_all, happens, settle, to
from tests.automations.making import ADA, make_active, make_automation, make_segment, the_only
from tests.deliveries.making import make_run, make_version
from tests.factories import make_customer

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NOW = datetime.now(UTC) + HOUR  # the audit trail, by the clock of the machine, says since when something is active
TOMS = {"all": [{"field": "first_name", "op": "equals", "value": "Tom"}]}
LOGIN = {"event": "login"}


@pytest.fixture
def maya(app):
    return make_customer("Maya", email="maya@posteo.example", timezone="UTC", created_date=NOW - DAY)


def answering(**more):
    segment = make_segment(rules=more.pop("rules")).id if "rules" in more else None
    return make_active(trigger=LOGIN | more, segment_id=segment)


def why(automation, customer, at=NOW + MINUTE):
    db.session.expire_all()
    return explain.of_automation(automation, customer, at)


def stop(automation, customer, at=NOW + MINUTE):
    found = why(automation, customer, at).stop
    return found.name, found.said


# by the clock


def test_one_that_never_ran_says_when_it_will_and_what_would_be_then(maya):
    found = why(make_active(cron="0 10 * * *", topic="newsletter"), maya)
    assert (found.is_foretold, found.stop, found.wait.name) == (True, None, "planned")
    assert found.wait.at == the_only().next_at
    assert [one.standing for one in found.gates if one.name in ("segment", "consent")] == ["passed", "passed"]


def test_one_that_is_not_active_stops_there_and_the_rest_is_as_of_now(maya):
    automation = make_automation(segment_id=make_segment(rules=TOMS).id)
    found = why(automation, maya)
    assert (found.stop.name, found.stop.said) == ("acts", "It is not active.")
    assert {one.name: one.standing for one in found.gates}["segment"] == "stopped"
    keeping.archive(automation, NOW, ADA)
    db.session.commit()
    assert stop(automation, maya) == ("acts", "It is in the archive.")


def test_its_latest_run_is_what_is_told(maya):
    automation = make_active()
    run = make_run(make_version(), automation_id=automation.id, key="its run")
    found = why(automation, maya)
    assert (found.run, found.is_foretold, found.wait.name) == (run, False, "posted")
    late = make_customer("Tom", created_date=NOW + 365 * DAY)
    assert stop(automation, late) == ("segment", "They signed up only after that.")


def test_a_cap_an_address_that_is_shared_and_quiet_hours_are_asked_as_of_now(maya):
    automation = make_active(segment_id=make_segment().id)
    twin = make_customer("Tom", email="MAYA@posteo.example", created_date=NOW - DAY)
    assert stop(automation, twin)[0] == "duplicate"
    assert why(automation, maya).stop is None
    run = make_run(make_version(), key="another")
    accept_all(NOW - HOUR)
    assert run.purpose == "promotional"
    quiet = {"from": f"{NOW - HOUR:%H:%M}", "to": f"{NOW + HOUR:%H:%M}"}
    db.session.add(Setting(name="limits", value={"cap": {"n": 1, "per": "1d"}, "quiet_hours": quiet}))
    db.session.commit()
    assert stop(automation, maya) == ("capped", "Enough mail already: at most 1 mail in 1 day.")
    held = {one.name: one for one in why(automation, maya).gates}["held"]
    assert (held.standing, held.said) == ("waits", "It is quiet for them at this moment.")


# in answer to what people do


def test_who_never_did_it_and_who_did_it_otherwise(maya):
    automation = answering(where=[{"property": "page", "op": "equals", "value": "A"}])
    assert stop(automation, maya) == ("happened", "They have not done “login”.")
    happens(maya, "login", NOW, page="B")
    found = why(automation, maya).stop
    assert (found.name, found.at) == ("happened", NOW)
    assert found.said == "They did “login”, but never one where page is A."


def test_who_did_it_before_it_was_active_gets_nothing(maya):
    happens(maya, "login", NOW - 2 * DAY)
    assert stop(answering(), maya) == ("acts", "It was not active yet when they did.")


def test_a_mail_that_answers_is_told_with_what_it_answers(maya):
    automation = answering()
    happens(maya, "login", NOW)
    found = why(automation, maya)
    assert (found.is_foretold, found.wait.name) == (False, "posted")
    assert {one.name: one for one in found.gates}["happened"].at == NOW


def test_who_was_not_in_its_segment_at_once_is_asked_again_now(maya):
    automation = answering(rules=TOMS)
    happens(maya, "login", NOW)
    found = why(automation, maya)
    assert (found.stop.name, found.is_foretold) == ("segment", True)


def test_the_second_one_of_a_day_came_too_often(maya):
    automation = answering(at_most_every="1d")
    happens(maya, "login", NOW - HOUR)
    happens(maya, "login", NOW)
    assert len(to()) == 1
    assert stop(automation, maya) == ("often", "They had one not long before.")


def test_a_wait_says_until_when(maya):
    automation = answering(delay="2h")
    happens(maya, "login", NOW)
    found = why(automation, maya)
    assert (found.stop, found.wait.name, found.wait.at) == (None, "due", NOW + 2 * HOUR)


def leaves(_automation, _maya):
    pass


def orders(_automation, maya):
    happens(maya, "order", NOW + HOUR)


def stops(automation, _maya):
    keeping.deactivate(automation, ADA)


WAITED = [
    ("unless", {"unless": {"event": "order"}}, orders),
    ("segment", {"rules": TOMS}, leaves),
    ("acts", {}, stops),
]


@pytest.mark.parametrize(("gate", "more", "meanwhile"), WAITED, ids=[one[0] for one in WAITED])
def test_what_became_of_a_wait_is_told_as_it_was_kept(maya, gate, more, meanwhile):
    automation = answering(delay="2h", **more)
    happens(maya, "login", NOW)
    meanwhile(automation, maya)
    settle(NOW + 2 * HOUR)
    found = why(automation, maya, NOW + 3 * HOUR)
    assert (found.stop.name, found.stop.at, found.is_foretold) == (gate, NOW + 2 * HOUR, False)


def test_two_who_joined_together_are_each_told_their_own_outcome(maya):
    """They share the occasion: one of them has left again before it is due."""
    tom = make_customer("Tom", email="tom@posteo.example", created_date=NOW - DAY)
    here = {"all": [{"field": "last_name", "op": "equals", "value": "Here"}]}
    automation = make_active(trigger={"enters_segment": True, "delay": "1h"}, segment_id=make_segment(rules=here).id)
    look(NOW)
    called(maya, "Here")
    called(tom, "Here")
    look(NOW + MINUTE)
    called(maya, "Gone")
    settle(NOW + 2 * HOUR)
    assert to() == [tom.id]
    assert stop(automation, maya, NOW + 3 * HOUR)[0] == "segment"
    assert why(automation, tom, NOW + 3 * HOUR).stop is None


def called(customer, last_name):
    db.session.get(Customer, customer.id).last_name = last_name
    db.session.commit()


def look(at):
    for _ in entering.look(at):
        db.session.commit()


def test_who_was_in_the_segment_from_the_beginning_joins_nothing(maya):
    automation = make_active(trigger={"enters_segment": True}, segment_id=make_segment().id)
    look(NOW)
    name, said = stop(automation, maya)
    assert name == "happened"
    assert "Who was there at the first look" in said


def test_a_mail_after_a_mail_waits_for_its_day_or_was_hoped_away(maya):
    first = answering()
    second = make_active(
        name="Second", trigger={"after": {"automation": first.id, "delay": "3d", "if": "not_clicked"}}, segment_id=None
    )
    assert stop(second, maya) == ("happened", "They did not get “Invitation”.")
    happens(maya, "login", NOW)
    accept_all(NOW)
    assert why(second, maya).wait.at == NOW + 3 * DAY
    db.session.execute(update(Delivery).values(clicked_at=NOW + HOUR))
    for _ in following.follow(NOW + 4 * DAY):
        db.session.commit()
    assert stop(second, maya, NOW + 4 * DAY)[0] == "hoped"
