"""An admin erases somebody: asked first, then told what was done, while it is being done."""

from __future__ import annotations

import pytest

from app.ops import jobs
from tests.browser.conftest import AXE, SCREENS, shoot

pytestmark = pytest.mark.browser


def sound(page, name: str) -> None:
    shoot(page, name, full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    page.evaluate(AXE.read_text())
    faults = page.evaluate("axe.run(document, {resultTypes: ['violations']}).then(r => r.violations)")
    assert [fault["id"] for fault in faults if fault["impact"] != "minor"] == []


@pytest.mark.parametrize(("place", "screen"), list(enumerate(SCREENS)))
def test_erased_and_told_so(visit, migrated, place, screen):
    visitor = visit(*screen)
    visitor.sign_in()
    path, said = f"/customers/{301 + place}", "-".join(map(str, screen))
    page = visitor.open(path)
    page.click("text=Erase…")
    page.fill("[name=sure]", "yes")
    page.click("text=Erase them")
    page.wait_for_selector(".hint-bad")
    sound(page, f"erase-refused-{said}")
    page.fill("[name=sure]", "ERASE")
    page.click("text=Erase them")
    page.wait_for_selector("#erasure[hx-trigger]")
    sound(page, f"erase-running-{said}")
    with migrated.app_context():
        jobs.erase()
    page.wait_for_selector("#erasure:not([hx-trigger])")
    sound(page, f"erase-report-{said}")
    assert [one for one in visitor.complaints if "422" not in one] == []
    visitor.complaints.clear()
    assert "This customer was erased" in visitor.open(path).text_content("h1")
    sound(page, f"erase-gone-{said}")
