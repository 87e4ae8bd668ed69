"""Light or dark: as the system goes, also while a page is open, unless somebody has chosen."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def test_an_open_page_follows_the_system_until_somebody_chooses(visit):
    visitor = visit(1280, "light")
    visitor.sign_in()
    page = visitor.open("/")
    whole = page.locator("html")
    expect(whole).to_have_attribute("data-bs-theme", "light")
    page.emulate_media(color_scheme="dark")
    expect(whole).to_have_attribute("data-bs-theme", "dark")
    page.click("[data-theme-switch]")
    expect(whole).to_have_attribute("data-bs-theme", "light")
    page.emulate_media(color_scheme="light")
    page.emulate_media(color_scheme="dark")
    expect(whole).to_have_attribute("data-bs-theme", "light")
    assert visitor.complaints == []
