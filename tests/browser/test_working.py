"""What a person does all day: search, filter, turn pages, by mouse and by keyboard, with and without script."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def test_typing_searches_and_the_address_follows(visit):
    visitor = visit()
    visitor.sign_in()
    page = visitor.open("/customers")
    before = page.inner_text("#count")
    page.locator("[data-search]").press_sequentially("zzzz", delay=20)
    expect(page.locator("#results")).to_contain_text("Nobody matches “zzzz”")
    expect(page).to_have_url(re.compile(r"[?&]q=zzzz"))
    assert page.inner_text("#count") != before
    page.fill("[data-search]", "")
    expect(page.locator("#count")).to_have_text(before)
    assert visitor.complaints == []


def test_older_newer_and_the_back_button_show_the_same_people(visit):
    visitor = visit()
    visitor.sign_in()
    page = visitor.open("/customers?sort=name")
    first = page.inner_text("tbody tr:first-child th")
    page.click("text=Older")
    expect(page.locator(".pager")).to_contain_text("51–100")
    second = page.inner_text("tbody tr:first-child th")
    assert second != first
    page.click("text=Newer")
    expect(page.locator(".pager")).to_contain_text("1–50")
    assert page.inner_text("tbody tr:first-child th") == first
    page.go_back()
    expect(page.locator(".pager")).to_contain_text("51–100")
    assert page.locator("html nav.side").count() == 1, "the back button brings the whole page"


def test_a_filter_is_added_shown_as_a_chip_and_taken_away(visit):
    visitor = visit()
    visitor.sign_in()
    page = visitor.open("/customers")
    everyone = page.inner_text("#count")
    page.click(".chip.add")
    page.select_option("#filter-field", "attributes.score")
    page.fill("[data-filter-value]", "90")
    page.click("text=Add filter")
    expect(page.locator(".chip:not(.add)")).to_contain_text("score at least 90")
    assert page.inner_text("#count") != everyone
    page.click(".chip .x")
    expect(page.locator("#count")).to_have_text(everyone)
    assert visitor.complaints == []


def test_a_choice_is_offered_where_a_field_has_choices(visit):
    visitor = visit()
    visitor.sign_in()
    page = visitor.open("/customers")
    page.click(".chip.add")
    page.select_option("#filter-field", "attributes.scholarship")
    assert page.locator("[data-filter-value] option").all_inner_texts() == ["yes", "no"]
    page.select_option("#filter-field", "created_date")
    assert page.get_attribute("[data-filter-value]", "type") == "date"


def test_ctrl_k_finds_a_person_by_keyboard_alone(visit):
    visitor = visit()
    visitor.sign_in()
    page = visitor.open("/")
    name = page.locator("table th a").first.inner_text()
    page.keyboard.press("Control+k")
    page.keyboard.type(name)
    expect(page.locator("#found a").first).to_contain_text(name.split()[0])
    page.keyboard.press("Escape")
    expect(page.locator("#finder")).to_be_hidden()
    page.keyboard.press("Control+k")
    expect(page.locator("#found a").first).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/customers/\d+$"))


def test_the_menu_of_a_phone_opens_and_closes(visit):
    visitor = visit(width=390)
    visitor.sign_in()
    page = visitor.open("/")
    expect(page.locator("nav.side")).to_be_hidden()
    page.click(".burger")
    page.click("nav.side >> text=Customers")
    expect(page).to_have_url(re.compile("/customers$"))


def test_a_chosen_theme_is_kept(visit):
    visitor = visit(theme="light")
    visitor.sign_in()
    page = visitor.open("/")
    page.click("[data-theme-switch]")
    assert page.get_attribute("html", "data-bs-theme") == "dark"
    visitor.open("/customers")
    assert page.get_attribute("html", "data-bs-theme") == "dark"


def test_a_form_keeps_what_was_typed_and_says_what_is_wrong(visit):
    visitor = visit()
    visitor.sign_in()
    page = visitor.open("/settings/senders/new")
    page.fill("#name", "Campus")
    page.fill("#email", "not an address")
    page.click("text=Add sender")
    expect(page.locator("#email-bad")).to_contain_text("no e-mail address")
    assert page.input_value("#name") == "Campus"


def test_lists_details_and_forms_work_without_script(visit):
    visitor = visit(javascript=False)
    visitor.sign_in()
    page = visitor.open("/customers")
    page.fill("[data-search]", "an")
    page.press("[data-search]", "Enter")
    expect(page).to_have_url(re.compile(r"[?&]q=an"))
    page.click("text=Older") if page.locator("a:has-text('Older')").count() else None
    page.click("tbody tr:first-child th a")
    expect(page.locator("h1")).to_be_visible()
    page = visitor.open("/settings/team")
    page.select_option("#timezone", "Europe/Berlin")
    page.click("main form button")
    expect(page.locator(".toast-line")).to_contain_text("Europe/Berlin")


def test_a_server_that_went_away_says_so_and_keeps_the_page(visit):
    visitor = visit()
    visitor.sign_in()
    page = visitor.open("/customers")
    visitor.context.set_offline(True)
    page.locator("[data-search]").press_sequentially("an")
    expect(page.locator(".toast-line.bad")).to_contain_text("No connection")
    assert page.locator("tbody tr").count() > 10
