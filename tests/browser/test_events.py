"""Looking for what happened, and for when something became known: by mouse and by keyboard."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def test_an_event_is_looked_for_opened_and_leads_to_its_customer(visit):
    visitor = visit()
    visitor.sign_in()
    page = visitor.open("/events")
    page.locator("[data-search]").press_sequentially("order", delay=20)
    expect(page.locator("tbody tr").first).to_contain_text("Order completed")
    page.click("tbody tr:first-child th a")
    expect(page.locator("h1")).to_have_text("Order completed")
    page.click(".head a[href^='/customers/']")
    expect(page).to_have_url(re.compile(r"/customers/\d+$"))
    page.click("#story a[href^='/events/'] >> nth=0")
    expect(page.locator("#record")).to_be_visible()
    assert visitor.complaints == []


def test_a_customer_in_the_list_opens_the_customer_not_the_event(visit):
    visitor = visit()
    visitor.sign_in()
    page = visitor.open("/events?filter=kind:is:behaviour")
    name = page.inner_text("tbody tr:first-child td a.above")
    page.click("tbody tr:first-child td a.above")
    expect(page.locator("h1")).to_have_text(name)


def test_events_that_occur_are_offered_as_a_filter_and_pages_turn(visit):
    visitor = visit()
    visitor.sign_in()
    page = visitor.open("/events")
    page.click(".chip.add")
    page.select_option("#filter-field", "name")
    assert "order_completed" in page.locator("[data-filter-value] option").all_inner_texts()
    page.select_option("[data-filter-value]", "login")
    page.click("text=Add filter")
    expect(page.locator(".chip:not(.add)")).to_contain_text("Event is login")
    page.click("text=Older")
    expect(page.locator(".pager")).to_contain_text("51–100")
    page.click("text=Newer")
    expect(page.locator(".pager")).to_contain_text("1–50")
    page.click(".chip .x")
    expect(page.locator("#count")).to_have_text("10,000+")
    assert visitor.complaints == []


def test_the_history_of_an_attribute_opens_over_the_page_by_keyboard(visit):
    visitor = visit()
    visitor.sign_in()
    page = visitor.open("/customers/394")
    link = page.locator("table.held a", has_text="score")
    link.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#history")).to_contain_text("set when the customer was created by LMS (API)")
    page.keyboard.press("Escape")
    expect(page.locator("#history")).to_be_hidden()
    expect(link).to_be_focused()
    expect(page).to_have_url(re.compile(r"/customers/394$"))
    assert visitor.complaints == []


def test_events_and_histories_work_without_script(visit):
    visitor = visit(javascript=False)
    visitor.sign_in()
    page = visitor.open("/events")
    page.fill("[data-search]", "enrolled")
    page.press("[data-search]", "Enter")
    page.click("tbody tr:first-child th a")
    expect(page.locator("h1")).to_contain_text("→")
    page = visitor.open("/customers/394")
    page.click("table.held a >> text=score")
    expect(page.locator("h1")).to_contain_text("History of score")
