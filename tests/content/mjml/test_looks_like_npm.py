"""The same documents as pictures, on a desk and on a phone: 97 of 100 look the same."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator

import pytest
from PIL import Image, ImageChops, ImageDraw
from playwright.sync_api import Page, Route, sync_playwright

from app.content import mjml
from tests.conftest import FLAGS
from tests.content.mjml import documents

pytestmark = [
    pytest.mark.skipif(not os.environ.get("LONG"), reason="300 pictures: bin/test --long"),
    pytest.mark.browser,
    pytest.mark.timeout(1200),
]
SAME = 0.001  # of the pixels: anti-aliasing


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        path = os.environ.get("CHROMIUM") or "/usr/bin/chromium"
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        page = browser.new_page()
        page.route("**/*", _answer)
        yield page
        browser.close()


def test_documents_look_as_laid_out_by_npm(page: Page) -> None:
    differing = {}
    for name, source in documents.sources().items():
        ours, theirs = mjml.compile(source).html, documents.by_npm()[name]
        for width in (600, 375):
            share = _difference(_picture(page, ours, width), _picture(page, theirs, width))
            if share > SAME:
                differing[name, width] = share
    count = len(documents.sources())
    same = 1 - len({name for name, _ in differing}) / count
    print(f"{same:.1%} of {count} documents look the same; different: {differing}")  # noqa: T201
    assert same >= 0.97, differing


def _picture(page: Page, html: str, width: int) -> Image.Image:
    page.set_viewport_size({"width": width, "height": 800})
    page.set_content(html, wait_until="load")
    return Image.open(io.BytesIO(page.screenshot(full_page=True))).convert("RGB")


def _difference(one: Image.Image, other: Image.Image) -> float:
    if one.size != other.size:
        return 1.0
    changed = ImageChops.difference(one, other).convert("L").point(lambda value: 255 if value > 8 else 0)
    return changed.histogram()[255] / (one.width * one.height)


def _answer(route: Route) -> None:
    """Every picture of the net is a chequered one of ours; fonts and the rest are not there."""
    if route.request.resource_type == "image":
        route.fulfill(body=CHEQUERED, content_type="image/png")
    else:
        route.abort()


def _chequered() -> bytes:
    picture = Image.new("RGB", (400, 200), "#4477aa")
    draw = ImageDraw.Draw(picture)
    for x in range(0, 400, 40):
        for y in range(x // 40 % 2 * 20, 200, 40):
            draw.rectangle((x, y, x + 39, y + 19), fill="#eebb44")
    kept = io.BytesIO()
    picture.save(kept, "PNG")
    return kept.getvalue()


CHEQUERED = _chequered()
