"""The code of a mail in a browser: typed, completed, a problem marked and mended, a block put in, saved, published."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import AXE, SCREENS, shoot

pytestmark = pytest.mark.browser


@pytest.fixture
def page(visit) -> Page:
    visitor = visit()
    visitor.sign_in("max")
    page = visitor.open("/templates/new")
    page.visitor = visitor  # type: ignore[attr-defined]
    page.fill("[name=name]", "Written in a browser")
    page.click("[value=code]")
    page.wait_for_url(re.compile(r"/templates/\d+$"))
    page.wait_for_selector(".cm-content")
    return page


def source(page: Page) -> str:
    return page.locator("[name=message]").input_value()


def at_the_end_of(page: Page, text: str) -> None:
    page.locator(".cm-line", has_text=text).first.click()
    page.keyboard.press("End")


def test_a_mail_is_typed_completed_mended_and_published(page):
    page.fill("[name=subject]", "Come and see")
    at_the_end_of(page, "Hello")
    page.keyboard.type(", {{ customer.la")
    option = page.locator(".cm-tooltip-autocomplete li", has_text="customer.last_name")
    option.click()
    assert "{{ customer.last_name" in source(page)
    expect(page.locator("[data-unsaved-said]")).to_be_visible()
    at_the_end_of(page, "</mj-text>")
    page.keyboard.press("Enter")
    page.keyboard.type("<mj-ima")
    page.locator(".cm-tooltip-autocomplete li", has_text="mj-image").click()
    page.keyboard.type('alt="A lake" src="{{ brand.logo_url }}" widht="96px"')
    mends = page.locator("#problems [data-fix]")
    expect(mends).to_be_visible()
    expect(page.locator(".cm-line.cm-bad")).to_contain_text("widht")
    expect(page.locator(".cm-lintRange-error").first).to_be_visible()
    # A hidden caret would leave empty style attributes behind, which the swap that follows would copy.
    shoot(page, "template-code-problem-1280", full_page=True, caret="initial")
    mends.click()
    assert 'width="96px"' in source(page)
    expect(page.locator("#problems .bad")).to_have_count(0, timeout=20_000)
    page.keyboard.press("Control+s")
    expect(page.locator("[data-unsaved-said]")).to_be_hidden()
    page.click("[data-publishes]")
    expect(page.locator("#publish")).to_contain_text("Publish version 1?")
    page.click("#publish .btn-primary")
    expect(page.locator("#toasts")).to_contain_text("Version 1 is live.")
    # The preview asks for a picture of another host, and no test reaches one.
    complaints = page.visitor.complaints  # type: ignore[attr-defined]
    assert [one for one in complaints if "ERR_CONNECTION_REFUSED" not in one] == []


def test_a_block_goes_below_the_section_and_can_be_undone(page):
    before = source(page)
    at_the_end_of(page, "Hello")
    page.click(".block-of-it")
    page.click("#blocks-menu [data-block$='/button']")
    expect(page.locator("[name=message]")).to_have_value(re.compile("<mj-button"))
    after = source(page)
    assert after.index("</mj-section>") < after.index("<mj-button") < after.index("</mj-body>")
    page.keyboard.press("Control+z")
    assert source(page) == before


def test_what_is_published_is_saved_first_and_errors_stop_it(page):
    page.fill("[name=subject]", "Hi {{ customer.frist_name }}")
    page.click("[data-publishes]")
    expect(page.locator("#publish")).to_contain_text("cannot be published yet")
    expect(page.locator("#publish .btn-primary")).to_have_count(0)
    page.click("#publish [data-stays]")
    expect(page.locator("#publish")).to_be_hidden()
    page.locator("#problems [data-fix]").first.click()
    expect(page.locator("[name=subject]")).to_have_value("Hi {{ customer.first_name }}")


def test_what_is_typed_while_an_answer_is_on_its_way_is_asked_about_too(page):
    held: list[Route] = []
    page.route("**/templates/check", lambda route: route.continue_() if held else held.append(route))
    page.reload()
    page.wait_for_selector(".cm-content")
    page.wait_for_timeout(100)
    page.fill("[name=subject]", "Hi {{ customer.frist_name }}")
    held[0].continue_()
    expect(page.locator("#problems [data-fix]")).to_be_visible()


@pytest.mark.parametrize(("width", "theme"), SCREENS)
def test_the_editor_is_well_on_every_screen(page, width, theme):
    page.emulate_media(color_scheme=theme)
    page.set_viewport_size({"width": width, "height": 900})
    page.reload()
    page.wait_for_selector(".cm-content")
    shoot(page, f"template-code-{width}-{theme}", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.evaluate(AXE.read_text())
    faults = page.evaluate("axe.run(document, {resultTypes: ['violations']}).then(r => r.violations)")
    assert [f"{one['id']} at {one['nodes'][0]['target']}" for one in faults if one["impact"] != "minor"] == []
