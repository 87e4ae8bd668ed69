"""When, as a form and as a page: what happens, who joins, what follows; and what waits for whom."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app.automations import keeping
from app.automations.trigger_wait import TriggerWait
from app.blueprints.api.automation_paths import EXAMPLES
from app.blueprints.automations import sent_trigger, shown
from app.db import db
from app.deliveries.delivery import Delivery
from tests.automations.happening import happens, settle
from tests.automations.making import (
    HERE,
    HTMX,
    NOW,
    make_active,
    make_automation,
    make_segment,
    make_template,
    page_of,
    runs,
    the_only,
)
from tests.factories import make_customer

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WHOLE = {
    "event": "checkout_started",
    "where": [
        {"property": "total", "op": "at_least", "value": 4000},
        {"property": "currency", "op": "in", "value": ["EUR", "CHF"]},
        {"property": "plan", "op": "equals", "value": "12"},
        {"property": "is_gift", "op": "equals", "value": True},
        {"property": "coupon", "op": "not_exists"},
    ],
    "delay": "2h",
    "at_most_every": "1d",
    "unless": {"event": "order_completed"},
}
MOVE = {
    "event": "funnel",
    "where": [
        {"property": "funnel_type", "op": "equals", "value": "sales"},
        {"property": "to_stage", "op": "equals", "value": "enrolled"},
        {"property": "from_stage", "op": "not_equals", "value": "lost"},
    ],
}
TOO_MUCH = [
    {"event": "login", "where": [{"property": f"p{n}", "op": "equals", "value": n} for n in range(6)]},
    {"event": "login", "unless": {"event": "logout", "where": [{"property": "a", "op": "equals", "value": 1}]}},
    {"event": "login", "where": [{"property": "a", "op": "in", "value": ["x, y", "z"]}]},
    {"event": "login", "where": [{"property": "a", "op": "in", "value": ["12", 12]}]},
    {"event": " login"},
]


@pytest.fixture
def browser(client_of, marketer):
    return client_of(marketer)


@pytest.fixture
def maya(app):
    return make_customer("Maya", email="maya@posteo.example")


def form_of(**said):
    parts = {"name": "Mine", "purpose": "promotional", "topic": "promotional", "when": "event", "happening": "event"}
    return {**parts, "event_name": "checkout_started", **said}


def as_sent(trigger):
    """What a browser would send of what the form shows."""
    found = {**sent_trigger.BLANK, **sent_trigger.shown(trigger)}
    rows = found.pop("where")
    return found | {f"where_{n}_{part}": word for n, row in enumerate(rows) for part, word in row.items()}


# the form


def test_an_event_with_conditions_a_wait_and_an_unless_is_made(browser):
    conditions = {"where_0_property": "total", "where_0_op": "at_least", "where_0_value": "4000"}
    conditions |= {"where_2_property": "plan", "where_2_op": "equals", "where_2_value": "12", "where_2_as": "text"}
    wait = {
        "wait_count": "2",
        "wait_unit": "h",
        "every_count": "1",
        "every_unit": "d",
        "unless_event": "order_completed",
    }
    assert browser.post(HERE, data=form_of(**conditions, **wait)).status_code == 303
    assert the_only().trigger == {
        "event": "checkout_started",
        "where": [
            {"property": "total", "op": "at_least", "value": 4000},
            {"property": "plan", "op": "equals", "value": "12"},
        ],
        "delay": "2h",
        "at_most_every": "1d",
        "unless": {"event": "order_completed"},
    }


def test_a_move_in_a_funnel_has_fields_of_its_own(browser):
    browser.post(HERE, data=form_of(happening="funnel", funnel_type="sales", to_stage="enrolled"))
    assert the_only().trigger["where"] == [
        {"property": "funnel_type", "op": "equals", "value": "sales"},
        {"property": "to_stage", "op": "equals", "value": "enrolled"},
    ]


def test_joining_a_segment_and_following_are_made(browser):
    segment = make_segment()
    data = form_of(when="enters_segment", segment_id=segment.id, wait_count="1", wait_unit="d")
    browser.post(HERE, data=data)
    first = the_only()
    assert first.trigger == {"enters_segment": True, "delay": "1d"}
    after = {"after_automation": first.id, "after_count": "3", "after_unit": "d", "after_if": "not_clicked"}
    answer = browser.post(HERE, data=form_of(when="after", **after))
    key = int(answer.headers["Location"].rpartition("/")[2])
    said = {"automation": first.id, "delay": "3d", "if": "not_clicked"}
    assert keeping.find(key).trigger == {"after": said}
    menu = page_of(browser.get(f"{HERE}/{key}/edit")).split('id="after_automation"')[1].split("</select>")[0]
    assert (f'value="{first.id}"' in menu, f'value="{key}"' in menu) == (True, False)


def test_a_new_one_is_answered_at_most_once_a_day_until_somebody_says_otherwise(browser):
    page = page_of(browser.get(f"{HERE}/new"))
    assert 'name="every_count" value="1"' in page
    often = make_automation(trigger={"event": "login"})
    assert 'name="every_count" value=""' in page_of(browser.get(f"{HERE}/{often.id}/edit"))


@pytest.mark.parametrize("trigger", [WHOLE, MOVE, {"event": "login"}, {"enters_segment": True, "delay": "30m"}])
def test_what_is_saved_unchanged_is_word_for_word_what_it_was(browser, trigger):
    automation = make_automation(trigger=trigger)
    data = form_of(name="Other", version=1, segment_id=automation.segment_id, **as_sent(trigger))
    assert browser.post(f"{HERE}/{automation.id}", data=data).status_code == 303
    assert (the_only().name, the_only().trigger) == ("Other", trigger)


def test_what_means_the_same_is_left_as_it_was_written(browser, client_of, editor):
    short = {"event": "login", "where": [{"property": "page", "value": "A"}], "unless": None}
    automation = make_active(trigger=short)
    data = form_of(version=1, segment_id=automation.segment_id, template_id=automation.template_id, **as_sent(short))
    assert client_of(editor).post(f"{HERE}/{automation.id}", data={**data, "name": "Other"}).status_code == 303
    assert (the_only().trigger, the_only().name) == (short, "Other")


@pytest.mark.parametrize("trigger", TOO_MUCH)
def test_what_the_form_cannot_show_is_kept_until_it_is_replaced(browser, trigger):
    automation = make_automation(trigger=trigger, segment_id=None)
    page = page_of(browser.get(f"{HERE}/{automation.id}/edit"))
    assert "came by the API" in page
    assert 'value="kept" checked' in page
    there = f"{HERE}/{automation.id}"
    assert browser.post(there, data=form_of(name="Other", version=1, when="kept")).status_code == 303
    assert (the_only().name, the_only().trigger) == ("Other", trigger)
    answer = browser.post(there, data=form_of(version=2, event_name=""))
    assert (answer.status_code, 'value="kept"' in page_of(answer)) == (422, True)
    browser.post(there, data=form_of(version=2, event_name="login"))
    assert the_only().trigger == {"event": "login"}


def test_kept_means_nothing_where_there_is_nothing_to_keep(browser):
    assert browser.post(HERE, data=form_of(when="kept")).status_code == 422


@pytest.mark.parametrize(
    ("said", "field", "sentence"),
    [
        ({"event_name": ""}, "event_name-bad", "Say what happens"),
        ({"wait_count": "soon"}, "wait-hint", "It must be a duration"),
        ({"wait_count": "400", "wait_unit": "d"}, "wait-hint", "At most a year."),
        ({"every_count": "0"}, "every-hint", "It must be a duration"),
        ({"unless_event": "x" * 300}, "unless-hint", "at most 200 characters"),
        (
            {"where_1_property": "total", "where_1_op": "at_least", "where_1_value": "much"},
            "where_0-bad",
            "must be a day",
        ),
        ({"where_0_property": "total", "where_0_op": "like"}, "where_0-bad", "is no comparison"),
        ({"where_0_value": "12"}, "where_0-bad", "must be a text"),
        ({"happening": "funnel", "to_stage": "x" * 1001}, "to_stage-bad", "at most 1,000 characters"),
        (
            {"happening": "funnel", "to_stage": "won", "where_0_property": "a", "where_0_op": "between"},
            "where_0-bad",
            "list of two",
        ),
        ({"when": "after"}, "after_automation-bad", "Choose which automation"),
        (
            {"when": "after", "after_automation": "4711", "after_count": "1"},
            "after_automation-bad",
            "no such automation",
        ),
        ({"when": "after", "after_automation": "1", "after_count": ""}, "after_count-bad", "Say how long after"),
        ({"when": "after", "after_automation": "1", "after_count": "3", "after_if": "x"}, "after_if-bad", "one of"),
    ],
)
def test_what_is_wrong_stands_at_its_field_and_what_was_typed_stays(browser, said, field, sentence):
    typed = {
        "wait_unit": "h",
        "every_unit": "d",
        "after_unit": "d",
        "where_3_property": "kept",
        "where_3_value": "typed",
    }
    answer = browser.post(HERE, data=form_of(**{**typed, "where_3_op": "equals", **said}))
    page = page_of(answer)
    assert answer.status_code == 422
    assert sentence in page.split(f'id="{field}"')[1].split("</p>")[0]
    assert 'value="typed"' in page
    for value in said.values():
        assert f'value="{value}"' in page or value in ("", "like", "x", "4711")


def test_what_was_typed_survives_somebody_elses_save(browser):
    automation = make_automation(trigger=WHOLE)
    browser.post(f"{HERE}/{automation.id}", data=form_of(version=1, name="Theirs"))
    answer = browser.post(f"{HERE}/{automation.id}", data=form_of(version=1, event_name="mine", wait_count="7"))
    assert answer.status_code == 409
    assert 'value="mine"' in page_of(answer)
    assert 'value="7"' in page_of(answer)


def test_a_circle_is_said_at_its_field(browser):
    first = make_automation("First", trigger={"event": "login"})
    second = make_automation("Second", trigger={"after": {"automation": first.id, "delay": "1d"}})
    data = form_of(when="after", version=1, after_automation=second.id, after_count="1", after_unit="d")
    answer = browser.post(f"{HERE}/{first.id}", data=data)
    assert answer.status_code == 422
    assert "come after itself" in page_of(answer).split('id="after_automation-bad"')[1]


# beside the form


def rehearsed(browser, **said):
    return page_of(browser.post(f"{HERE}/rehearsal", data=form_of(**said), headers=HTMX))


def test_beside_the_form_stands_how_often_it_would_have_fired(browser, maya):
    now = datetime.now(UTC)
    segment = make_segment("Mayas", {"field": "first_name", "op": "equals", "value": "Maya"})
    for hours in (1, 1, 60):
        happens(maya, "checkout_started", now - hours * HOUR, now=now)
    page = " ".join(rehearsed(browser, segment_id=segment.id, every_count="1", every_unit="d").split())
    for words in (
        "<b>3 times</b>",
        "<b>1 person</b>",
        "1 person had several in a day",
        "<b>2 mails</b>",
        "<b>1</b> is in",
    ):
        assert words in page
    assert "It has not happened" in rehearsed(browser, event_name="never")
    assert "once it is clear" in rehearsed(browser, event_name="")
    assert "once it is clear" in rehearsed(browser, where_0_property="a", where_0_op="between")
    assert "Who joined before is not known" in rehearsed(browser, when="enters_segment")
    assert rehearsed(browser, when="cron").strip() == ""
    assert "<html" in page_of(browser.post(f"{HERE}/rehearsal", data=form_of()))


def test_a_viewer_rehearses_nothing(client_of, viewer):
    assert client_of(viewer).post(f"{HERE}/rehearsal", data=form_of()).status_code == 403


# in words


@pytest.mark.parametrize(
    ("trigger", "words"),
    [
        (
            WHOLE,
            "When checkout_started happens (total is at least 4,000 and currency is one of EUR, CHF and plan is 12 and"
            " is_gift is yes and coupon is not known), 2 hours later, unless order_completed happens first,"
            " at most once in 1 day",
        ),
        (MOVE, "When somebody moves in the sales funnel to enrolled (from_stage is not lost)"),
        ({"event": "funnel"}, "When somebody moves in a funnel"),
        ({"enters_segment": True}, "When somebody joins its segment"),
        ({"after": {"automation": 4711, "delay": "3d"}}, "3 days after an automation that was deleted"),
    ],
)
def test_a_trigger_is_said_in_words(app, trigger, words):
    automation = make_automation()
    automation.trigger = trigger
    assert shown.when(automation) == words


def test_the_list_says_what_happens_instead_of_a_time_and_finds_it_by_kind(browser):
    make_active("Answers", trigger={"event": "login"}, segment_id=None)
    make_automation("Clock")
    page = page_of(browser.get(HERE))
    assert ("when it happens" in page, "whoever does it" in page) == (True, True)
    for kind in ("event", "enters_segment", "after"):
        found = page_of(browser.get(f"{HERE}?filter=trigger:is:{kind}"))
        assert ("Answers" in found) is (kind == "event")
        assert "Clock" not in found


# the page


def test_the_page_says_who_is_meant_and_offers_no_run_without_a_segment(browser):
    automation = make_automation(trigger={"event": "login"}, segment_id=None)
    page = page_of(browser.get(f"{HERE}/{automation.id}"))
    assert ("Whoever it happens to." in page, "Run now" in page, "it needs a segment" in page) == (True, False, False)
    other = make_automation("Other", trigger={"event": "login"})
    page = page_of(browser.get(f"{HERE}/{other.id}"))
    assert ("if they are in" in page, "Run now" in page) == (True, True)


def test_the_page_tells_who_waits_and_what_became_of_those_who_did(browser, maya):
    ole = make_customer("Ole", email="ole@posteo.example")
    trigger = {"event": "checkout_started", "delay": "2h", "unless": {"event": "order_completed"}}
    automation = make_active("Reminder", trigger=trigger, segment_id=None)
    for one in (maya, ole):
        happens(one, "checkout_started", NOW)
    page = page_of(browser.get(f"{HERE}/{automation.id}"))
    assert "2 people wait" in page
    happens(maya, "order_completed", NOW + HOUR)
    settle(NOW + 2 * HOUR)
    page = page_of(browser.get(f"{HERE}/{automation.id}"))
    for word in ("nobody waits now", "Something else happened meanwhile", "It was sent.", f'/customers/{maya.id}"'):
        assert word in page


def test_the_chain_is_drawn_from_its_first_to_its_last(browser):
    first = make_automation("First", trigger={"event": "login"}, segment_id=None)
    said = {"automation": first.id, "delay": "3d", "if": "not_clicked"}
    second = make_automation("Second", trigger={"after": said}, segment_id=None)
    make_automation("Third", trigger={"after": {"automation": second.id, "delay": "1d"}}, segment_id=None)
    make_automation("Other", trigger={"after": {"automation": first.id, "delay": "7d"}}, segment_id=None)
    page = page_of(browser.get(f"{HERE}/{first.id}")).split('class="chain"')[1].split("</ol>")[0]
    order = [
        page.index(one) for one in ("First", "3 days later, if it was not clicked", "Second", "1 day later", "Third")
    ]
    assert order == sorted(order)
    assert "7 days later, after “First”" in page
    page = page_of(browser.get(f"{HERE}/{second.id}")).split('class="chain"')[1].split("</ol>")[0]
    assert ('aria-current="true">Second' in page, f'href="{HERE}/{first.id}"' in page) == (True, True)
    assert 'class="chain"' not in page_of(browser.get(f"{HERE}/{make_automation('Alone').id}"))


def test_the_preflight_of_one_that_answers_counts_the_last_thirty_days(browser, maya):
    now = datetime.now(UTC)
    happens(maya, "login", now - HOUR, now=now)
    automation = make_automation(trigger={"event": "login"}, segment_id=None)
    page = page_of(browser.get(f"{HERE}/{automation.id}/preflight"))
    for word in ("Would have been answered", "the last 30 days", "Of them may be written to", "Activate"):
        assert word in page
    never = make_automation("Never", trigger={"event": "never"}, segment_id=None)
    assert "It has not happened" in page_of(browser.get(f"{HERE}/{never.id}/preflight"))
    joins = make_automation("Joins", trigger={"enters_segment": True})
    assert "Whoever comes in from now on" in page_of(browser.get(f"{HERE}/{joins.id}/preflight"))
    assert browser.post(f"{HERE}/{automation.id}/activation").status_code == 303
    assert "It acts when it happens" in page_of(browser.get(f"{HERE}/{automation.id}"))


# elsewhere


def test_a_customer_is_told_about_what_waits_and_what_came_to_nothing(browser, maya):
    now = datetime.now(UTC)
    trigger = {"event": "checkout_started", "delay": "2h", "unless": {"event": "order_completed"}}
    make_active("Reminder", now, trigger=trigger, segment_id=None)
    happens(maya, "checkout_started", now)
    page = page_of(browser.get(f"/customers/{maya.id}/mails"))
    assert "What waits for them" in page
    assert "unless order_completed happens first" in page
    assert ">in 1 h<" in page or ">in 2 h<" in page
    happens(maya, "order_completed", now + HOUR)
    settle(now + 2 * HOUR)
    page = page_of(browser.get(f"/customers/{maya.id}/mails"))
    assert ("What waits for them" in page, "Something else happened meanwhile" in page) == (False, True)
    assert db.session.scalars(select(TriggerWait)).one().outcome == "happened"


def test_a_run_that_is_open_for_the_day_says_so(browser, maya):
    automation = make_active("Welcome", trigger={"event": "login"}, segment_id=None)
    happens(maya, "login", NOW)
    (run,) = runs()
    said = "It stays open until midnight: 1 so far"
    for path in (f"/runs/{run.id}", "/runs", f"{HERE}/{automation.id}"):
        assert said in page_of(browser.get(path)), path
    assert "1 so far" in page_of(browser.get(HERE))
    run.state, run.finished_at = "finished", NOW
    db.session.commit()
    assert "stays open" not in page_of(browser.get(f"/runs/{run.id}"))


def test_answers_that_wait_stand_among_the_queues(client_of, admin, maya):
    now = datetime.now(UTC)
    make_active(at=now, trigger={"event": "login", "delay": "2h"}, segment_id=None)
    happens(maya, "login", now)
    assert "Answers that wait: 1" in page_of(client_of(admin).get("/settings/queues"))


def test_a_delivery_names_what_it_answers(make_system, maya):
    make_active(trigger={"event": "login"}, segment_id=None)
    happens(maya, "login", NOW)
    delivery = db.session.scalars(select(Delivery)).one()
    said = make_system("read").get(f"deliveries/{delivery.id}").get_json()
    assert said["occasion"] == delivery.occasion != ""


def test_the_document_shows_every_kind_of_trigger_and_each_is_taken(make_system):
    system = make_system("read", "write")
    segment, template, first = make_segment(), make_template(), make_automation("First", segment_id=None)
    for said in EXAMPLES.values():
        trigger = dict(said["trigger"])
        if "after" in trigger:
            trigger["after"] = {**trigger["after"], "automation": first.id}
        body = {**said, "message_template_id": template.id, "trigger": trigger}
        if "customer_segment_id" in said:
            body["customer_segment_id"] = segment.id
        assert system.post("automations", body).status_code == 201, said
