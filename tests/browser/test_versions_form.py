"""Two versions of a mail are written, shown, and one is chosen, with and without script."""

from __future__ import annotations

import pytest

from tests.browser.conftest import AXE, SCREENS, choose

pytestmark = pytest.mark.browser


def test_two_versions_show_without_script_only_once_they_are_wanted(visit):
    visitor = visit(390, "dark", javascript=False)
    visitor.sign_in("max")
    page = visitor.open("/automations/new")
    assert not page.is_visible("[name=a_subject]")
    page.check("[name=versions][value='3']", force=True)
    assert [page.is_visible(f"[name={letter}_subject]") for letter in "abcd"] == [True, True, True, False]
    page.check("[name=versions][value='2']", force=True)
    assert not page.is_visible("[name=c_subject]")
    page.fill("[name=name]", "Compared")
    page.click(".do button.btn-primary")
    page.wait_for_selector("[role=alert]")
    assert "It says the same as version A" in page.inner_text("#main")
    assert page.is_visible("[name=b_subject]")
    page.fill("[name=b_subject]", "Another")
    page.select_option("[name=template_id]", index=1)
    page.click(".do button.btn-primary")
    page.wait_for_selector("h1:has-text('Compared')")
    assert "2 versions" in page.inner_text("#main")


@pytest.mark.parametrize(("width", "theme"), SCREENS)
def test_they_are_written_compared_and_one_is_chosen(visit, width, theme):
    visitor = visit(width, theme)
    visitor.sign_in("max")
    page = visitor.open("/automations/new")
    page.fill("[name=name]", f"Compared {width}")
    choose(page, "template_id", "newsl")
    page.check("[name=versions][value='2']", force=True)
    page.fill("[name=b_subject]", "Another one, {{ customer.first_name | default('you') }}")
    page.evaluate(AXE.read_text())
    assert page.evaluate("axe.run().then(result => result.violations.map(one => one.id))") == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.click(".do button.btn-primary")
    page.wait_for_selector("#split :text('Nothing of them has gone out yet')")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.click("#split li:nth-child(2) button")
    page.wait_for_selector(":text('is one mail again')")
    assert "Its subject: “Another one" in page.inner_text("#main")
    assert visitor.complaints == []
