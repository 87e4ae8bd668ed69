"""What a trigger would have done in the last thirty days, counted from what has happened."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from app.automations import rehearsal
from app.consent import suppressions
from app.db import db
from app.segments.unavailable import Unavailable
from app.settings import team
from tests.automations.happening import accept_all, happens, moves
from tests.automations.making import ADA, NOW, make_active, make_automation, make_segment
from tests.factories import make_customer

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
UTC = ZoneInfo("UTC")
MAYAS = {"field": "first_name", "op": "equals", "value": "Maya"}


@pytest.fixture
def maya(app):
    return make_customer("Maya", email="maya@posteo.example")


@pytest.fixture
def ole(app):
    return make_customer("Ole", email="ole@posteo.example")


def of(trigger, segment=None):
    found = rehearsal.of(trigger, segment.id if segment else None, UTC, NOW)
    db.session.rollback()
    return found


def did(customer, name, *ago, **said):
    for one in ago:
        happens(customer, name, NOW - one, **said)


def test_times_people_and_who_had_several_in_a_day(maya, ole):
    did(maya, "login", HOUR, 2 * HOUR, 3 * DAY)
    did(ole, "login", HOUR, 40 * DAY)
    found = of({"event": "login"})
    assert (found.times, found.people, found.several, found.mails) == (4, 2, 1, 4)
    assert of({"event": "logout"}).times == 0


def test_a_day_is_one_of_the_team(maya):
    here = team.zone()
    midnight = NOW.astimezone(here).replace(hour=0, minute=0)
    did(maya, "login", NOW - midnight + 10 * MINUTE, NOW - midnight - 10 * MINUTE)
    assert of({"event": "login"}).several == 0


def test_only_what_meets_the_conditions(maya):
    for total in (10, 20, 30):
        did(maya, "checkout_started", HOUR, total=total)
    where = [{"property": "total", "op": "at_least", "value": 20}]
    assert of({"event": "checkout_started", "where": where}).times == 2


def test_moves_in_a_funnel(maya):
    moves(maya, "applied", NOW - DAY)
    moves(maya, "enrolled", NOW - HOUR, from_stage="applied")
    where = [{"property": "to_stage", "op": "equals", "value": "enrolled"}]
    assert of({"event": "funnel", "where": where}).times == 1
    assert of({"event": "funnel"}).times == 2


def test_at_most_once_in_a_while_counts_from_the_last_that_was_sent(maya, ole):
    did(maya, "login", 50 * HOUR, 40 * HOUR, 30 * HOUR, 20 * HOUR, HOUR)
    did(ole, "login", HOUR)
    assert of({"event": "login", "at_most_every": "1d"}).mails == 3
    assert of({"event": "login", "at_most_every": "7d"}).mails == 2


def test_what_happened_meanwhile_takes_a_mail_away_and_what_came_later_does_not(maya, ole):
    for one in (maya, ole):
        did(one, "checkout_started", 5 * HOUR)
    did(maya, "order_completed", 4 * HOUR)
    did(ole, "order_completed", 2 * HOUR)
    found = of({"event": "checkout_started", "delay": "2h", "unless": {"event": "order_completed"}})
    assert (found.times, found.people, found.meanwhile, found.mails) == (2, 2, 1, 1)
    assert of({"event": "checkout_started", "unless": {"event": "order_completed"}}).meanwhile == 0


def test_who_of_them_is_in_the_segment_now(maya, ole):
    did(maya, "login", HOUR, 2 * HOUR)
    did(ole, "login", HOUR)
    assert of({"event": "login"}, make_segment("Mayas", MAYAS)).inside == 1
    assert of({"event": "login"}).inside is None


def test_who_got_the_mail_of_another_one(maya):
    first = make_active("First", trigger={"event": "login"}, segment_id=None)
    did(maya, "login", DAY)
    accept_all(NOW - DAY)
    found = of({"after": {"automation": first.id, "delay": "3d"}})
    assert (found.times, found.people) == (1, 1)


def test_what_takes_too_long_is_not_said(maya, monkeypatch):
    did(maya, "login", HOUR)
    monkeypatch.setattr(
        rehearsal, "LAY", "CREATE TEMP TABLE called ON COMMIT DROP AS SELECT * FROM ({calls}) c, pg_sleep(2)"
    )
    monkeypatch.setattr(rehearsal, "SECONDS", 0.3)
    with pytest.raises(Unavailable):
        of({"event": "login"})


def test_the_preflight_says_whom_it_would_have_answered_and_who_may_not_be_written_to(maya, ole):
    nils = make_customer("Nils", email="nils@posteo.example")
    for one in (maya, ole, nils):
        did(one, "login", HOUR, 2 * HOUR)
    suppressions.add("ole@posteo.example", "", NOW, ADA)
    db.session.commit()
    automation = make_automation(trigger={"event": "login"}, segment_id=None)
    assert rehearsal.preflight(automation, NOW) == {None: 2, "suppressed": 1}
    db.session.rollback()
    automation.segment_id = make_segment("Mayas", MAYAS).id
    db.session.commit()
    assert rehearsal.preflight(automation, NOW) == {None: 1}
