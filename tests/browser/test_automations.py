"""A marketer joins a segment, a template and a time, looks at who would get it, and puts it to work."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser


def test_an_automation_is_made_looked_at_and_put_to_work(visit):
    visitor = visit()
    visitor.sign_in("max")
    page = visitor.open("/automations/new")
    page.fill("[name=name]", "Every quarter of an hour")
    page.select_option("[name=segment_id]", label="Press list")
    page.select_option("[name=template_id]", label="Newsletter")
    page.fill("[name=cron]", "*/15 * * * *")
    page.wait_for_selector("#cron-read :text('Every 15 minutes')")
    page.click(".do button.btn-primary")
    page.wait_for_selector("h1:has-text('Every quarter')")
    page.wait_for_selector(".fall :text('Would get it')")
    page.click("#preflight button:has-text('Activate')")
    page.wait_for_selector(".head .badge:has-text('Active')")
    assert "Next:" in page.inner_text(".head")
    page.click("button:has-text('Deactivate')")
    page.wait_for_selector(".head .badge:has-text('Not active')")
    assert visitor.complaints == []


def test_the_chosen_kind_of_when_shows_and_what_was_typed_stays_without_script(visit):
    visitor = visit(390, "dark", javascript=False)
    visitor.sign_in("max")
    page = visitor.open("/automations/new")
    page.fill("[name=name]", "Open day")
    page.check("[name=when][value=at]", force=True)
    assert not page.is_visible("[name=cron]")
    page.click(".do button.btn-primary")
    page.wait_for_selector("[role=alert]")
    assert "Choose a day and a time" in page.inner_text("#main")
    page.fill("[name=day]", "2027-03-01")
    page.fill("[name=time]", "09:00")
    page.click(".do button.btn-primary")
    page.wait_for_selector("h1:has-text('Open day')")
    assert "Once, on 1 Mar 2027 at 09:00" in page.inner_text("#main")
