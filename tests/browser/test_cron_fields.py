"""The cron builder in a browser: each side shows what the other is told, and nothing is taken from under the hand."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import AXE, SCREENS, shoot

pytestmark = pytest.mark.browser
NEW = "/automations/new"


@pytest.fixture
def page(visit) -> Page:
    visitor = visit()
    visitor.sign_in("max")
    page = visitor.open(NEW)
    page.visitor = visitor  # type: ignore[attr-defined]
    return page


def test_fields_write_the_expression(page):
    page.select_option("#cron_repeat", "week")
    page.get_by_label("Tuesday").check()
    page.get_by_label("Sunday").check()
    page.fill("#cron_times", "10:00, 16:00")
    expect(page.locator("#cron-input")).to_have_value("0 10,16 * * 0,2")
    expect(page.locator("#cron-read")).to_contain_text("At 10:00 and 16:00, only on Sunday and Tuesday")
    expect(page.locator(".runs li")).to_have_count(10)
    assert page.visitor.complaints == []


def test_the_expression_sets_the_fields_while_it_is_typed(page):
    page.fill("#cron-input", "")
    page.locator("#cron-input").press_sequentially("30 8 * * mon-fri", delay=30)
    expect(page.locator("#cron_repeat")).to_have_value("week")
    expect(page.locator("#cron_times")).to_have_value("08:30")
    expect(page.get_by_label("Friday")).to_be_checked()
    expect(page.locator("#cron-input")).to_be_focused()
    expect(page.locator("#cron-input")).to_have_value("30 8 * * mon-fri")
    page.locator("#cron-input").press_sequentially("x")
    expect(page.locator("#cron-bad")).to_contain_text("is no weekday")
    expect(page.locator(".runs li")).to_have_count(0)
    page.locator("#cron-input").press("Backspace")
    expect(page.locator(".runs li")).to_have_count(10)
    assert page.visitor.complaints == []


def test_a_preset_and_another_zone(page):
    page.get_by_text("Weekdays at 9").click()
    expect(page.locator("#cron-input")).to_have_value("0 9 * * 1-5")
    page.select_option("[name=timezone]", "Asia/Kathmandu")
    expect(page.locator("#cron-read")).to_contain_text("Asia/Kathmandu")
    expect(page.locator(".runs li").first).to_contain_text("+05:45")
    page.fill("#cron-input", "*/7 * * * *")
    expect(page.locator("#cron_repeat")).to_have_value("own")
    expect(page.get_by_text("the expression stays as it is")).to_be_visible()
    expect(page.get_by_role("radio", name="Weekdays at 9")).not_to_be_checked()
    assert page.visitor.complaints == []


@pytest.mark.parametrize(("width", "theme"), SCREENS)
@pytest.mark.parametrize("expression", ["0 9 1,15 6-8 *", "0 10 * * 0,2", "H 9 * * *", "5 */2 * * *"])
def test_it_is_sound_on_each_screen(visit, width, theme, expression):
    visitor = visit(width, theme)
    visitor.sign_in("max")
    page = visitor.open(NEW)
    page.fill("#cron-input", expression)
    expect(page.locator("[name=cron_was]")).to_have_value(expression)
    shoot(page.locator("#cron"), f"cron-{re.sub(r'[^0-9A-Z]+', '-', expression)}-{width}-{theme}")
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    page.evaluate(AXE.read_text())
    faults = page.evaluate(
        "axe.run('#cron', {resultTypes: ['violations']}).then(r => r.violations.map(v => v.id + ' ' + v.nodes[0].html))"
    )
    assert (faults, visitor.complaints) == ([], [])
