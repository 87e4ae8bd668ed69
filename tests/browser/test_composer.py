"""A mail without code, in a real browser: from an empty one to a published version and a test to two colleagues."""

from __future__ import annotations

import re
import zlib

import pytest
from playwright.sync_api import expect
from redis import Redis

from tests.browser.conftest import AXE, SCREENS, shoot

pytestmark = pytest.mark.browser

EVIL = (
    '<p>Still here <img src="data:," onerror="document.title = 1"></p>'
    '<script>top.hurt = 1; parent.document.title = "hurt"; fetch("/outbox")</script>'
    '<meta http-equiv="refresh" content="0;url=/outbox"><base href="https://evil.example/">'
    '<iframe src="/outbox"></iframe><link rel="stylesheet" href="https://evil.example/mail.css">'
    '<form id="out" action="/sign-out" method="post"><button>Go</button></form>'
    '<a id="top" href="/outbox" target="_top">Leave</a>'
)
EVIL_MJML = f"<mjml><mj-body><mj-section><mj-column><mj-raw>{EVIL}</mj-raw></mj-column></mj-section></mj-body></mjml>"


def faults(visitor, name: str) -> list[str]:
    page = visitor.page
    shoot(page, name, full_page=True)
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run(document, {resultTypes: ['violations'], iframes: false}).then(r => r.violations)")
    width = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    told = [f"axe {f['id']} at {f['nodes'][0]['target']}" for f in found]
    return visitor.complaints + told + (["sideways"] if width else [])


def begin(visitor, name: str, start: str = "blocks"):
    """An empty mail, as the page of new ones makes it."""
    page = visitor.open("/templates/new")
    token = page.locator("[name=csrf_token]").first.input_value()
    answer = page.request.post(
        f"{visitor.address}/templates", form={"from": start, "name": name, "csrf_token": token}, max_redirects=0
    )
    visitor.complaints.clear()  # of the small pictures there, whose addresses are those of another host
    return visitor.open(answer.headers["location"].replace(visitor.address, ""))


def kinds(page) -> list[str]:
    return page.locator("[data-cards] > .blks > .blk > .blk-head .blk-open b").all_inner_texts()


def add(page, *named: str) -> None:
    for one in named:
        page.click(f"[data-adds={one}]")


def mail(page):
    return page.frame_locator("[data-previewed] iframe")


def test_from_an_empty_mail_to_a_published_one_and_a_test_to_two_colleagues(visit):
    visitor = visit(1280)
    visitor.sign_in("max")
    page = begin(visitor, "Open day by hand")
    page.fill("#subject", "See the data lab")
    add(page, "heading")
    page.fill(".is-chosen [data-part=text]", "See the data lab, ")
    page.press(".is-chosen [data-part=text]", "End")
    page.select_option(".is-chosen .blk-fields", "customer.first_name")
    add(page, "text", "button", "footer")
    page.click(".blk:nth-child(3) .blk-open")
    page.fill(".is-chosen [data-part=href]", "https://www.campus.example/open-day")
    page.fill(".is-chosen [data-part=text]", "Keep a seat")
    mail(page).get_by_text("Keep a seat").wait_for()
    name = page.inner_text("[data-as-name]")
    mail(page).get_by_text(f"See the data lab, {name.split()[0]}").wait_for()
    page.click(".preview [data-step=next]")
    expect(page.locator("[data-as-name]")).not_to_have_text(name)
    page.click(".as-of")
    page.fill("[name=as_q]", "maya")
    page.locator("#as-people button", has_text=re.compile("Maya")).first.click()
    mail(page).get_by_text("See the data lab, Maya").wait_for()
    for width in (375, 600):
        page.locator(f"[name=view-width][value='{width}']").check(force=True)
        shoot(page, f"composer-preview-{width}", full_page=True)
        assert page.evaluate("document.querySelector('[data-previewed] iframe').style.width") == f"{width}px"
    page.locator("[name=view-light][value=dark]").check(force=True)
    mail(page).get_by_text("Keep a seat").wait_for()
    shoot(page, "composer-preview-dark", full_page=True)
    page.locator("[name=view-part][value=text]").check(force=True)
    assert "Keep a seat" in page.inner_text("[data-view=text]")
    page.locator("[name=view-part][value=mail]").check(force=True)
    assert faults(visitor, "composer-1280-light") == []

    page.click("[data-opens=test-send]")
    boxes = page.locator("#test-send [name=to]")
    boxes.nth(1).check()
    page.click("#test-send .btn-primary")
    page.wait_for_selector("#test-send [role=status]")
    shoot(page, "composer-test-sent")
    page.click("#test-send [data-closes]")
    page.click("[data-publishes]")
    page.locator("#publication .btn-primary").click()
    page.get_by_text("Version 1 is live").first.wait_for()


def test_blocks_are_moved_by_keyboard_and_by_dragging_and_every_step_goes_back(visit):
    visitor = visit(1280)
    visitor.sign_in("max")
    page = begin(visitor, "Moved about")
    add(page, "heading", "divider", "spacer")
    assert kinds(page) == ["Heading", "Divider", "Space"]
    page.focus(".blk:nth-child(1) [data-act=grip]")
    page.keyboard.press("Alt+ArrowDown")
    assert kinds(page) == ["Divider", "Heading", "Space"]
    assert "Heading moved to place 2 of 3" in page.inner_text("[data-live]")
    page.keyboard.press("Alt+ArrowDown")
    assert kinds(page) == ["Divider", "Space", "Heading"]
    grip = page.locator("[data-cards] > .blks > .blk:nth-child(3) [data-grip]").first.bounding_box()
    goal = page.locator("[data-cards] > .blks > .blk:nth-child(1)").bounding_box()
    page.mouse.move(grip["x"] + 8, grip["y"] + 8)
    page.mouse.down()
    page.mouse.move(goal["x"] + 60, goal["y"] + 20, steps=4)
    page.mouse.move(goal["x"] + 60, goal["y"] + 3, steps=4)
    page.mouse.up()
    assert kinds(page) == ["Heading", "Divider", "Space"]
    for expected in (["Divider", "Space", "Heading"], ["Divider", "Heading", "Space"], ["Heading", "Divider", "Space"]):
        page.keyboard.press("Control+z")
        assert kinds(page) == expected
    page.keyboard.press("Control+Shift+z")
    assert kinds(page) == ["Divider", "Heading", "Space"]
    for _ in range(60):
        page.click("[data-adds=divider]")
    for _ in range(60):
        page.click("[data-undo]")
    assert kinds(page) == ["Divider", "Heading", "Space"]
    assert visitor.complaints == []


def test_problems_stand_at_their_block_and_columns_hold_blocks(visit):
    visitor = visit(1280, "dark")
    visitor.sign_in("max")
    page = begin(visitor, "With columns")
    add(page, "columns", "products")
    page.select_option("[aria-label='Add to column 1']", "text")
    page.fill(".blk-column .is-chosen [data-part=text]", "On the left")
    page.select_option("[aria-label='Add to column 2']", "image")
    mail(page).get_by_text("On the left").wait_for()
    page.click("[data-cards] > .blks > .blk:nth-child(2) > .blk-head .blk-open")
    page.fill(".is-chosen [data-part=most]", "99")
    page.wait_for_selector(".blk-bad")
    assert "At most: It must be a number" in page.inner_text(".blk-bad")
    page.fill(".is-chosen [data-part=most]", "2")
    page.wait_for_selector(".blk-bad", state="detached")
    assert faults(visitor, "composer-1280-dark") == []


@pytest.mark.parametrize(("width", "theme"), SCREENS)
def test_it_is_sound_on_each_screen(visit, width, theme):
    visitor = visit(width, theme)
    visitor.sign_in("max")
    page = begin(visitor, f"On a screen {width} {theme}")
    add(page, "heading", "columns", "text", "image")
    page.select_option("[aria-label='Add to column 1']", "button")
    page.click(".blk:nth-child(1) .blk-open >> nth=0")
    mail(page).get_by_text("A heading").wait_for()
    page.click("[data-part=text]")
    assert faults(visitor, f"composer-{width}-{theme}") == []


def test_a_mail_that_brings_a_script_is_not_drawn(visit):
    visitor = visit(1280)
    visitor.sign_in("max")
    page = begin(visitor, "Evil", "code")
    answer = page.evaluate(
        """async message => {
          const body = new FormData(document.getElementById('template'))
          body.set('message', message)
          const answer = await fetch(document.querySelector('[data-preview]').dataset.preview,
            {method: 'POST', body, headers: {'HX-Request': 'true'}})
          return answer.text()
        }""",
        EVIL_MJML,
    )
    assert "nothing to show" in answer
    assert "data-src" not in answer


def test_nothing_that_stands_in_the_frame_runs_or_leaves_it(visit, environment):
    """As if everything before it had failed: what the frame is given is put there by hand."""
    visitor = visit(1280)
    visitor.sign_in("max")
    page = begin(visitor, "Sealed", "code")
    frame = page.locator("[data-previewed] iframe")
    address = frame.get_attribute("data-src")
    redis = Redis.from_url(environment["REDIS_URL"])
    (kept,) = redis.keys(f"campus:preview:*:{address.rpartition('/')[2]}")
    redis.set(kept, zlib.compress(EVIL.encode()))
    title, calls, sealed = page.title(), [], []
    page.on("request", lambda request: calls.append(request.url))
    page.on("requestfailed", lambda request: sealed.append(request.url) if request.failure == "csp" else None)
    frame.evaluate("(frame, there) => { frame.src = there }", f"{address}?light=dark")
    mail(page).get_by_text("Still here").wait_for()
    mail(page).locator("#top").click()
    mail(page).locator("#out button").click()
    page.wait_for_timeout(1000)
    assert (page.title(), page.evaluate("window.hurt")) == (title, None)
    assert mail(page).get_by_text("Still here").count() == 1
    assert [one for one in calls if address not in one and one not in sealed] == []
    page.reload()
    assert "/templates/" in page.url


def test_the_local_outbox(visit):
    visitor = visit(390, "dark")
    visitor.sign_in("vic")
    visitor.open("/outbox")
    assert faults(visitor, "outbox-390-dark") == []


def test_without_script_the_blocks_are_text(visit):
    visitor = visit(javascript=False)
    visitor.sign_in("max")
    page = begin(visitor, "Plain blocks")
    page.click("[data-text] summary")
    page.fill("#blocks", '[{"kind": "heading", "text": "By hand"}]')
    page.click("[data-saves]")
    page.wait_for_load_state()
    assert "By hand" in page.input_value("#blocks")
