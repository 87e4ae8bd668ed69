"""Automations that look at the shop, as other systems, the command line and previews meet them."""

from __future__ import annotations

import pytest

from app.automations import waits
from app.automations.behaviours import previewing, settings
from app.clock import clock
from app.db import db
from app.metrics import explain
from app.queue import redis_connection
from app.segments.unavailable import Unavailable
from tests.api.conftest import lms, make_system
from tests.automations.behaviours.shop import (
    DAY,
    HOUR,
    MUG,
    SHIRT,
    answers,
    called,
    claims,
    fills_cart,
    ids,
    looks,
    people,
    sells,
    watches,
)
from tests.automations.happening import settle, to
from tests.automations.making import NOW, make_automation, make_segment, make_template, page_of, the_only
from tests.events.coming_in import rows

__all__ = ["lms", "make_system"]
HERE = "automations"


@pytest.fixture
def system(make_system):
    return make_system("read", "write", "send", "ingest")


def make(system, trigger, **said):
    return system.post(HERE, {"name": "Cart", "message_template_id": make_template().id, "trigger": trigger, **said})


def test_it_is_made_with_the_topic_of_its_behaviour_activated_and_read_back(system):
    trigger = {"behaviour": "price_drop", "percent": 10, "when": "0 9 * * *"}
    answer = make(system, trigger)
    assert (answer.status_code, answer.json["topic"], answer.json["trigger"]) == (201, "price_drop", trigger)
    active = system.post(f"{HERE}/{answer.json['id']}/activation", {})
    assert active.json["is_active"]
    assert active.json["next_at"]
    at_once = make(system, {"behaviour": "browse", "when": "at_once"}, topic="newsletter")
    assert at_once.json["topic"] == "newsletter"
    assert system.post(f"{HERE}/{at_once.json['id']}/activation", {}).json["next_at"] is None
    assert make(system, {"behaviour": "browse"}, purpose="informational").json["topic"] is None


@pytest.mark.parametrize(
    ("trigger", "field"),
    [
        ({"behaviour": "wishing"}, "trigger.behaviour"),
        ({"behaviour": ["browse"]}, "trigger.behaviour"),
        ({"behaviour": "browse", "views": 0}, "trigger.views"),
        ({"behaviour": "browse", "percent": 5}, "trigger.percent"),
        ({"behaviour": "price_drop", "when": "sometimes"}, "trigger.when"),
        ({"behaviour": "abandoned_cart", "idle_to": "1h"}, "trigger.idle_to"),
    ],
)
def test_a_wrong_setting_is_named(system, trigger, field):
    answer = make(system, trigger)
    assert answer.status_code == 422
    assert [one["field"] for one in answer.json["error"]["details"]] == [field]


def test_a_run_by_hand_looks_now_active_or_not(system):
    (maya,) = people(1)
    fills_cart(maya, SHIRT, at=clock() - 30 * HOUR)
    key = make(system, {"behaviour": "abandoned_cart"}).json["id"]
    first = system.post(f"{HERE}/{key}/runs", {})
    again = system.post(f"{HERE}/{key}/runs", {})
    assert (first.status_code, first.json) == (202, again.json)
    assert called() == ids(maya)
    settle(clock())
    assert to() == ids(maya)


def test_the_command_line_looks_now_too(app):
    (maya,) = people(1)
    fills_cart(maya, SHIRT, at=clock() - 30 * HOUR)
    automation = answers("abandoned_cart")
    done = app.test_cli_runner().invoke(args=["automations", "run", str(automation.id)])
    assert done.output == "run 1\n"
    assert called() == ids(maya)


def test_the_systems_cron_has_its_planned_time_looked_at_once(app):
    answers("abandoned_cart", when="0 10 * * *")
    at = f"{clock():%Y-%m-%d}T10:00Z"
    for _ in range(2):
        done = app.test_cli_runner().invoke(args=["automations", "run", "1", "--at", at])
        assert done.output == "run 1\n"
    assert len(rows("behaviour_scans")) == 1


def test_products_that_change_ring_for_whoever_answers_at_once(system):
    answer = system.post("products", {"product_id": "shirt", "price": 900})
    assert answer.status_code == 200
    assert redis_connection().exists("campus:rung:automations.look_at_shop")


def test_a_preview_says_whom_it_would_call_and_writes_nothing(app):
    maya, noor, otto = people(3)
    sells("shirt", name="Linen Shirt", price=2500, currency="EUR")
    fills_cart(maya, SHIRT, MUG)
    fills_cart(noor, MUG, at=NOW - 40 * HOUR)
    fills_cart(otto, MUG, at=NOW - HOUR)
    found = previewing.of({"behaviour": "abandoned_cart"}, None, NOW, most=1)
    assert (found.people, len(found.rows)) == (2, 1)
    row = found.rows[0]
    assert (row.customer_id, row.name, row.about) == (maya.id, maya.name, "Linen Shirt, mug")
    assert row.facts["cart"]["total"] == 4700
    assert (called(), claims()) == ([], [])
    only = make_segment("Noor", {"field": "first_name", "op": "equals", "value": "Noor"})
    inside = previewing.of({"behaviour": "abandoned_cart"}, only.id, NOW)
    assert [one.customer_id for one in inside.rows] == ids(noor)


@pytest.mark.parametrize("kind", settings.KINDS)
def test_a_preview_of_nothing_is_empty(app, kind):
    assert previewing.of({"behaviour": kind}, None, NOW).people == 0
    assert previewing.of({"behaviour": kind, "when": "at_once"}, None, NOW).rows == []


def test_a_preview_needs_its_segment_and_its_settings(app):
    with pytest.raises(Unavailable):
        previewing.of({"behaviour": "browse"}, 99, NOW)
    with pytest.raises(settings.Wrong):
        previewing.of({"behaviour": "browse", "views": "many"}, None, NOW)


def test_a_preview_shows_the_prices(app):
    (maya,) = people(1)
    sells("shirt", price=3000, currency="EUR")
    watches(maya, "shirt", seen_price=3000)
    sells("shirt", at=NOW - DAY, price=2400)
    (row,) = previewing.of({"behaviour": "price_drop"}, None, NOW).rows
    shown = row.facts["product"]
    assert (shown["old_price"], shown["new_price"], shown["savings"]) == (3000, 2400, 600)


def test_why_tells_what_it_answers_and_what_it_did_not_find(app):
    maya, noor = people(2)
    fills_cart(maya, SHIRT)
    automation = answers("abandoned_cart")
    before = explain.of_automation(automation, noor, NOW)
    assert [one.said for one in before.gates if one.name == "happened"] == ["It has not looked at the shop yet."]
    looks(automation)
    (happened,) = (one for one in explain.of_automation(automation, maya, NOW).gates if one.name == "happened")
    assert happened.said == "They left their cart alone."
    stop = explain.of_automation(automation, noor, NOW).stop
    assert stop
    assert stop.said == "It found nothing of them when it looked at the shop last."
    settle(NOW)
    assert waits.OUTCOMES["answered"]


def test_its_page_says_what_it_answers_and_who_waited(client_of, marketer):
    (maya,) = people(1)
    fills_cart(maya, SHIRT)
    automation = answers("abandoned_cart")
    looks(automation)
    settle(NOW)
    page = page_of(client_of(marketer).get(f"/automations/{automation.id}"))
    assert "Whoever it is about" in page
    assert maya.name in page
    assert "It was sent." in page


def test_without_a_template_it_does_not_run(system):
    automation = make_automation(trigger={"behaviour": "browse"}, segment_id=None, template_id=None)
    db.session.commit()
    assert the_only().id == automation.id
    answer = system.post(f"{HERE}/{automation.id}/runs", {})
    assert answer.status_code == 422
