"""What an automation is for: asked in the form, said on its page, kept where others said more than fields show."""

from __future__ import annotations

import pytest

from app.audit.actor import COMMAND_LINE
from app.automations import occasions
from app.segments import usage
from tests.automations.making import HERE, NOW, make_automation, make_segment, page_of, the_only
from tests.factories import NOW as SENT
from tests.factories import make_customer
from tests.tracking.leading import HOUR, buys, click, mail, make_sent, settle

FORM = {"name": "Mine", "purpose": "promotional", "topic": "promotional", "when": "cron", "cron": "0 10 * * 2"}
EVENT = {"goal_kind": "event", "goal_event": "login", "goal_count": "2", "goal_unit": "d"}


@pytest.fixture
def browser(client_of, marketer):
    return client_of(marketer)


def test_an_event_is_kept_said_frozen_on_a_run_and_taken_back(browser):
    browser.post(HERE, data={**FORM, **EVENT})
    automation = the_only()
    assert automation.goal == {"event": "login", "within": "2d"}
    assert "It is for “login” within 2 days after the mail." in page_of(browser.get(f"{HERE}/{automation.id}"))
    form = page_of(browser.get(f"{HERE}/{automation.id}/edit"))
    assert 'name="goal_event" value="login"' in form
    browser.post(f"{HERE}/{automation.id}", data={**FORM, "goal_kind": "", "version": "1"})
    assert the_only().goal is None
    run = occasions.by_hand(make_automation("Another", goal={"event": "login", "within": "2d"}), NOW, COMMAND_LINE, "x")
    assert run.goal == {"event": "login", "within": "2d"}


def test_a_segment_that_is_a_goal_says_who_uses_it(browser):
    segment = make_segment("VIPs")
    browser.post(HERE, data={**FORM, **EVENT, "goal_kind": "segment", "goal_segment_id": str(segment.id)})
    assert the_only().goal == {"segment": segment.id, "within": "2d"}
    assert [one.name for one in usage.of(segment.id)] == ["Mine"]


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"goal_event": ""}, "goal_event"),
        ({"goal_count": "many"}, "goal_count"),
        ({"goal_count": "400"}, "goal_count"),
        ({"goal_kind": "segment"}, "goal_segment_id"),
    ],
)
def test_nonsense_is_refused_beside_its_field(browser, typed, field):
    answer = browser.post(HERE, data={**FORM, **EVENT, **typed})
    assert answer.status_code == 422
    marked = f'id="{field}-bad"', f'id="{field}-hint">\n'
    assert any(one in page_of(answer) for one in (*marked, f'id="{field}-hint"><i class="i i-alert-circle'))


def test_what_the_api_wrote_stays_word_for_word(browser):
    goal = {"event": "paid", "where": [{"property": "total", "op": "at_least", "value": 4000}], "within": "2d"}
    automation = make_automation(goal=goal)
    assert "As the API wrote it" in page_of(browser.get(f"{HERE}/{automation.id}/edit"))
    browser.post(f"{HERE}/{automation.id}", data={**FORM, "goal_kind": "kept", "version": "1"})
    assert (the_only().name, the_only().goal) == ("Mine", goal)


def test_pages_say_what_mails_led_to(browser):
    maya, automation = make_customer("Maya", email="maya@posteo.example"), make_automation()
    one = mail(make_sent(automation_id=automation.id), maya)
    click(one, SENT + HOUR)
    buys(maya, "A-17", SENT + 2 * HOUR)
    settle()
    assert "Led to" in page_of(browser.get(f"/deliveries/{one}"))
    assert "order A-17, 49.00 EUR" in page_of(browser.get(f"/deliveries/{one}"))
    said = page_of(browser.get(f"{HERE}/{automation.id}"))
    assert "<b>1 conversion</b>, worth <b>49.00 EUR</b>, by the rule “last click”" in said
