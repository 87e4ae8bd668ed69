"""Goals: an event or a segment within its time, for mails whose goal it is, and for those who were held out of them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.audit.actor import COMMAND_LINE
from app.automations import entering
from app.db import db
from app.ops import erasing, exporting, merging
from tests.automations.happening import happens, moves
from tests.automations.making import make_active, make_segment
from tests.factories import NOW, make_customer
from tests.tracking.leading import DAY, HOUR, buys, click, counted, credit, mail, make_sent, marked, settle

LOGIN = {"event": "login", "within": "2d"}
VIPS = {"field": "last_name", "op": "equals", "value": "Vip"}


@pytest.fixture
def maya(app):
    return make_customer("Maya", email="maya@posteo.example")


def test_a_goal_counts_within_its_time_and_for_the_mails_whose_goal_it_is(maya):
    other = mail(make_sent("no goal"), maya, NOW + HOUR)
    early = mail(make_sent("early", LOGIN), maya, NOW - 3 * DAY)
    aimed = mail(make_sent("aimed", LOGIN), maya)
    for one in (other, early, aimed):
        click(one, NOW + 2 * HOUR)
    happens(maya, "login", NOW + 3 * HOUR)
    happens(maya, "logout", NOW + 4 * HOUR)
    settle()
    assert list(credit().values()) == [aimed]
    assert marked("reached_at") == {aimed: NOW + 3 * HOUR}
    assert marked() == {aimed: NOW + 3 * HOUR}


def test_a_goal_is_reached_without_a_click_but_only_the_rule_gives_credit(maya):
    aimed = mail(make_sent("aimed", LOGIN), maya)
    happens(maya, "login", NOW + HOUR)
    settle()
    assert (credit("last_click"), list(credit("last_send").values())) == ({}, [aimed])
    assert (marked(), marked("reached_at")) == ({}, {aimed: NOW + HOUR})


def test_of_two_automations_with_one_goal_one_has_the_credit(maya):
    first, second = (mail(make_sent(name, LOGIN), maya, NOW + n * HOUR) for n, name in enumerate("ab"))
    click(second, NOW + 2 * HOUR)
    click(first, NOW + 3 * HOUR)
    happens(maya, "login", NOW + 4 * HOUR)
    settle()
    assert list(credit().values()) == [first]
    assert set(marked("reached_at")) == {first, second}


def test_a_goal_may_ask_what_the_event_is_like_and_be_a_move_in_a_funnel(maya):
    large = {"property": "total", "op": "at_least", "value": 4000}
    aimed = mail(make_sent("paid", {"event": "paid", "where": [large], "within": "2d"}), maya)
    to = {"property": "to_stage", "op": "equals", "value": "enrolled"}
    moved = mail(make_sent("move", {"event": "funnel", "where": [to], "within": "2d"}), maya)
    happens(maya, "paid", NOW + HOUR, total=3900)
    happens(maya, "paid", NOW + 2 * HOUR, total=4000)
    moves(maya, "lead", NOW + HOUR)
    moves(maya, "enrolled", NOW + 3 * HOUR)
    settle()
    assert marked("reached_at") == {aimed: NOW + 2 * HOUR, moved: NOW + 3 * HOUR}


def test_who_was_held_out_reaches_it_too_but_is_nobodys_success(maya):
    held_out = mail(make_sent("aimed", LOGIN), maya, None)
    late = mail(make_sent("ended", LOGIN, at=NOW - 3 * DAY), maya, None)
    happens(maya, "login", NOW + HOUR)
    settle()
    assert marked("reached_at") == {held_out: NOW + HOUR}
    assert counted() == [(held_out, None, NOW + HOUR), (late, None, None)]


def test_an_event_that_tells_of_an_order_is_that_order_and_counts_once(maya):
    aimed = mail(make_sent("buy", {"event": "order_completed", "within": "2d"}), maya)
    told = {"order_id": "A", "total": 4900, "currency": "EUR"}
    happens(maya, "order_completed", NOW + HOUR, **told)
    settle()
    assert list(credit("last_send")) == ["order:A"]
    happens(maya, "order_completed", NOW + 2 * HOUR, order_id="B")
    settle()
    assert sorted(key.partition(":")[0] for key in credit("last_send")) == ["event", "order"]
    buys(maya, "B", NOW + 2 * HOUR)
    settle()
    assert sorted(credit("last_send")) == ["order:A", "order:B"]
    assert marked("reached_at") == {aimed: NOW + HOUR}


def test_whoever_joins_the_segment_has_reached_the_goal_once(maya):
    tom, ina = (make_customer(name, email=f"{name}@posteo.example") for name in ("Tom", "Ina"))
    segment = make_segment("VIPs", {"all": [VIPS]})
    goal = {"segment": segment.id, "within": "2d"}
    make_active("Become one", goal=goal)
    look(NOW)
    run, another = make_sent("aimed", goal), make_sent("another")
    aimed, held_out, _ = mail(run, maya, NOW), mail(run, tom, None), mail(another, ina, NOW)
    for one in (maya, tom, ina):
        one.last_name = "Vip"
    db.session.commit()
    for minutes in (1, 2):
        look(NOW + minutes * timedelta(minutes=1))
    settle()
    assert marked("reached_at") == dict.fromkeys((aimed, held_out), NOW + timedelta(minutes=1))
    assert list(credit("last_send").values()) == [aimed]


def test_merged_they_have_the_credit_together_as_if_they_had_always_been_one(maya):
    twin = make_customer("Maya", email="m.lindqvist@posteo.example")
    aimed = mail(make_sent("aimed", LOGIN), twin)
    click(aimed, NOW + HOUR)
    happens(maya, "login", NOW + 2 * HOUR)
    buys(maya, "A", NOW + 3 * HOUR)
    settle()
    assert credit() == {}
    merging.merge(maya.id, twin.id, [], None, COMMAND_LINE, NOW)
    db.session.commit()
    settle()
    assert set(credit().values()) == {aimed}
    assert len(credit()) == 2
    assert exporting.of(maya)["tracking"]["conversions"][0]["run"] == "aimed"


def test_of_an_erased_person_the_sums_stay_and_nothing_leads_back_to_them(maya):
    one = mail(make_sent(), maya)
    click(one, NOW + HOUR)
    buys(maya, "A-4711", NOW + 2 * HOUR)
    settle()
    before = marked()
    erasure = erasing.begin(maya.id, COMMAND_LINE)
    db.session.commit()
    for _ in erasing.go_on(erasure.id, NOW):
        db.session.commit()
    db.session.commit()
    settle()
    assert marked() == before
    assert "4711" not in str(counted())
    assert [row[6] for row in counted() if len(row) > 3] == [4900, 4900, 4900]


def look(at) -> None:
    for _ in entering.look(at):
        db.session.commit()
