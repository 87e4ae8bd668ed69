"""The media library on the screen: files dropped at once, a block seen while it is written, all of it looked at."""

from __future__ import annotations

import pytest

from tests.browser.conftest import AXE, SCREENS, shoot
from tests.content.pictures_of import animation, png

pytestmark = pytest.mark.browser


def files(*named: tuple[str, str, bytes]) -> list[dict[str, object]]:
    return [{"name": name, "mimeType": mime, "buffer": content} for name, mime, content in named]


def faults(visitor, name: str) -> list[str]:
    page = visitor.page
    shoot(page, name, full_page=True)
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']}).then(r => r.violations)")
    width = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    complaints = [c for c in visitor.complaints if "422" not in c]
    return complaints + [f"axe {f['id']} at {f['nodes'][0]['target']}" for f in found] + (["sideways"] if width else [])


@pytest.mark.parametrize(("width", "theme"), SCREENS)
def test_files_are_dropped_described_and_found_in_the_grid(visit, width, theme):
    visitor = visit(width, theme)
    visitor.sign_in("max")
    page = visitor.open("/media")
    colour = (200, 80, width % 256)
    page.set_input_files(
        "#files",
        files(
            (f"first-{width}.png", "image/png", png(900, 600, colour=colour)),
            ("film.gif", "image/gif", animation(4, width // 8, 90)),
            ("page.png", "image/png", b"<html><script>alert(1)</script>"),
        ),
    )
    page.wait_for_selector("#uploaded .arrival-no")
    page.wait_for_selector("#uploaded form.arrival >> nth=1")
    assert page.locator("#uploaded form.arrival").count() == 2
    assert "SVG and HTML are not taken" in page.inner_text("#uploaded")
    page.wait_for_selector(f".media-grid [title='first {width}']")
    first = page.locator("#uploaded form.arrival").first
    first.get_by_label("Alternative text").fill("An orange sheet")
    first.get_by_text("Save").click()
    page.wait_for_selector("#uploaded [role=status]")
    assert faults(visitor, f"media-dropped-{width}-{theme}") == []
    page = visitor.open("/media?q=orange")
    assert page.locator(".media-grid li").count() >= 1
    page.click(".media-grid a >> nth=0")
    page.wait_for_selector("#facts-title")
    assert faults(visitor, f"medium-{width}-{theme}") == []


@pytest.mark.parametrize(("width", "theme"), SCREENS)
def test_a_block_is_seen_as_it_is_typed_and_nothing_in_it_runs(visit, width, theme):
    visitor = visit(width, theme)
    visitor.sign_in("max")
    page = visitor.open("/media/new?kind=mjml")
    page.fill("#name", f"Promise {width}")
    page.fill(
        "#body",
        '<mj-text>We answer <b>within a day</b>.</mj-text>\n<mj-button href="https://x.example">Ask</mj-button>',
    )
    page.click("[data-previews]")
    page.frame_locator("iframe[name=shown]").get_by_text("within a day").wait_for()
    assert faults(visitor, f"media-block-{width}-{theme}") == []
    page.fill("#body", "<mj-text>fine</mj-text>\n<mj-txt>not</mj-txt>")
    page.click(".head .btn-primary")
    page.wait_for_selector("#body-bad")
    assert "Line 2" in page.inner_text("#body-bad")
    page.fill("#body", "<mj-text>We answer within a day.</mj-text>")
    page.click(".head .btn-primary")
    page.frame_locator("iframe.frame").get_by_text("within a day").wait_for()
    assert "taken" not in page.inner_text("main")


def test_without_script_the_form_sends_all_files_and_shows_what_became_of_them(visit):
    visitor = visit(javascript=False)
    visitor.sign_in("max")
    page = visitor.open("/media")
    page.set_input_files("#files", files(("plain.png", "image/png", png(333, 222)), ("bad.png", "image/png", b"x")))
    page.click("[data-drops] .btn")
    assert "was not taken" in page.inner_text("main")
    assert page.locator("form.arrival").count() == 1
