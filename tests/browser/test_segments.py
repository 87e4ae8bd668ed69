"""Segments on the screen: the size comes by itself, SQL is written with clicks and keys, a list kept without script."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def test_the_size_comes_by_itself(visit):
    visitor = visit()
    visitor.sign_in("vic")
    page = visitor.open("/segments/1")
    page.wait_for_selector("#now >> text=exact")
    assert page.locator("#now .lines li").count() == 10
    page.click("text=More")
    assert page.locator("#more").is_visible()
    assert visitor.complaints == []


def test_the_segments_of_a_customer_come_by_themselves(visit):
    visitor = visit()
    visitor.sign_in("max")
    page = visitor.open("/segments/4/customers")
    page.click("tbody th a >> nth=0")
    page.wait_for_selector("#in-segments")
    page.wait_for_selector("text=Take off")
    assert visitor.complaints == []


def test_sql_is_written_with_clicks_and_keys(visit):
    visitor = visit()
    visitor.sign_in("max")
    page = visitor.open("/segments/new?type=sql")
    field = page.locator("#selection_sql")
    field.focus()
    page.keyboard.type("SELECT ")
    page.click("[data-inserts=id]")
    page.keyboard.type("\nFROM customers\nWHERE emial = 'x'")
    page.click("text=First rows")
    page.wait_for_selector("#tried .excerpt")
    assert "Line 3, column 7." in page.inner_text("#tried")
    page.click("[data-fills] >> nth=0")
    assert "attributes->>'city'" in field.input_value()
    field.focus()
    page.keyboard.press("Control+z")
    assert "emial" in field.input_value()
    assert [one for one in visitor.complaints if "422" not in one] == []


def test_sql_is_put_into_shape_and_tried_by_keyboard(visit):
    visitor = visit()
    visitor.sign_in("max")
    page = visitor.open("/segments/new?type=sql")
    field = page.locator("#selection_sql")
    field.fill("select id from customers limit 3")
    page.click("text=Format")
    expect(field).to_have_value(re.compile(r"^SELECT\n"))
    page.click("text=First rows")
    page.wait_for_selector("#tried >> text=3 customers")
    field.focus()
    page.keyboard.press("Control+End")
    page.keyboard.press("Tab")
    assert field.input_value().endswith("  ")
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") != "selection_sql"
    assert visitor.complaints == []


def test_a_list_is_kept_without_script(visit):
    visitor = visit(javascript=False)
    visitor.sign_in("max")
    page = visitor.open("/segments/new?type=manual")
    page.fill("#name", "By hand")
    page.click("form#segment .btn-primary")
    lead = visitor.open("/customers").locator("td.mono").filter(has_text="L-").first.inner_text()
    page = visitor.open("/segments?q=by+hand")
    page.click("text=By hand")
    page.click("text=Add people")
    page.fill("#people", lead)
    page.click("text=Add them")
    page.click("text=Take off")
    assert "Nobody is in it" in page.inner_text("#results")
