"""The parts of a composed mail in a real browser: pictures, networks, blocks of the library, what only some see."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import shoot
from tests.browser.test_composer import add, begin, faults, mail
from tests.browser.test_media_library import files
from tests.content.pictures_of import png

pytestmark = pytest.mark.browser

LIVES = "https://social.example"


def keep_picture(visitor, name: str, alt: str, colour: tuple[int, int, int]) -> None:
    page = visitor.open("/media")
    page.set_input_files("#files", files((f"{name}.png", "image/png", png(320, 200, colour=colour))))
    came = page.locator("#uploaded form.arrival")
    came.get_by_label("Alternative text").fill(alt)
    came.get_by_text("Save").click()
    page.wait_for_selector("#uploaded [role=status]")


def keep_block(visitor, name: str, body: str) -> str:
    page = visitor.open("/media/new?kind=mjml")
    page.fill("#name", name)
    page.fill("#body", body)
    page.click(".head .btn-primary")
    page.wait_for_url(re.compile(r"/media/\d+$"))
    return page.url.replace(visitor.address, "")


def start(visitor, name: str):
    """An empty mail that has been drawn once: the first drawing after a start takes its time."""
    page = begin(visitor, name)
    mail(page).get_by_text("Unsubscribe").wait_for(timeout=60_000)
    return page


def save(page) -> None:
    page.click("[data-saves]")
    expect(page.locator("[data-unsaved-said]")).to_be_hidden()


def publish(page, number: int) -> None:
    page.click("[data-publishes]")
    page.locator("#publication .btn-primary").click()
    page.get_by_text(f"Version {number} is live").first.wait_for()


def part(page, name: str):
    return page.locator(f".is-chosen [data-part={name}]")


def picks(page):
    return page.locator("[data-picker] [data-picks]")


class TestAPictureOfTheLibrary:
    @pytest.fixture
    def visitor(self, visit):
        visitor = visit(1280)
        visitor.sign_in("max")
        keep_picture(visitor, "Boat on the lake", "A violet boat", (120, 60, 160))
        keep_picture(visitor, "Tram at night", "A green tram", (40, 140, 70))
        start(visitor, "With a picture")
        add(visitor.page, "image")
        return visitor

    def test_is_found_and_chosen_with_the_mouse_and_goes_in_one_step(self, visitor):
        page = visitor.page
        page.get_by_role("button", name="Choose…").click()
        expect(picks(page).filter(has_text="Tram at night")).to_be_visible()
        page.get_by_label("Search pictures").fill("violet")
        expect(picks(page)).to_have_count(1)
        assert faults(visitor, "picker-1280-light") == []
        picks(page).click()
        expect(page.locator("[data-picker]")).to_be_hidden()
        expect(part(page, "alt")).to_have_value("A violet boat")
        src = part(page, "src").input_value()
        shown = mail(page).get_by_alt_text("A violet boat")
        shown.wait_for()
        assert src in shown.get_attribute("src")
        page.keyboard.press("Control+z")
        expect(part(page, "src")).to_have_value("")
        expect(part(page, "alt")).to_have_value("")
        assert visitor.complaints == []

    def test_is_found_and_chosen_by_keyboard(self, visitor):
        page = visitor.page
        page.get_by_role("button", name="Choose…").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_label("Search pictures")).to_be_focused()
        page.keyboard.type("tram")
        expect(picks(page)).to_have_count(1)
        page.keyboard.press("Tab")
        expect(picks(page)).to_be_focused()
        page.keyboard.press("Enter")
        mail(page).get_by_alt_text("A green tram").wait_for()
        expect(page.get_by_role("button", name="Choose…")).to_be_focused()

    def test_stays_in_the_library_after_cancel_and_escape(self, visitor):
        page = visitor.page
        save(page)
        before = page.input_value("#blocks")
        for leave in (lambda: page.click("[data-picker] [data-closes]"), lambda: page.keyboard.press("Escape")):
            page.get_by_role("button", name="Choose…").click()
            expect(picks(page).first).to_be_visible()
            page.get_by_label("Search pictures").fill("tram")
            expect(picks(page)).to_have_count(1)
            picks(page).focus()
            leave()
            expect(page.locator("[data-picker]")).to_be_hidden()
            expect(page.get_by_role("button", name="Choose…")).to_be_focused()
        assert page.input_value("#blocks") == before
        expect(page.locator("[data-unsaved-said]")).to_be_hidden()


def test_networks_are_added_changed_and_removed_and_end_at_eight(visit):
    visitor = visit(1280)
    visitor.sign_in("max")
    page = start(visitor, "Where we are")
    add(page, "social")
    more = page.get_by_role("button", name="Add a network")
    for number in range(1, 9):
        more.click()
        expect(page.get_by_label(f"Link {number}", exact=True)).to_be_focused()
        page.keyboard.type(f"{LIVES}/{number}")
    expect(more).to_be_disabled()
    mail(page).locator(f"a[href='{LIVES}/8']").first.wait_for(state="attached")
    assert mail(page).get_by_alt_text("LinkedIn").count() == 1
    visitor.complaints.clear()  # of the networks' signs, which come from a host that is not here
    assert faults(visitor, "networks-1280-light") == []

    page.get_by_label("Network 2", exact=True).focus()
    page.keyboard.type("You")
    expect(page.get_by_label("Network 2", exact=True)).to_have_value("youtube")
    expect(page.get_by_label("Network 2", exact=True)).to_be_focused()
    page.get_by_role("button", name="Remove network 1").click()
    expect(more).to_be_enabled()
    expect(page.get_by_label("Network 1", exact=True)).to_have_value("youtube")
    expect(page.get_by_label("Link 1", exact=True)).to_have_value(f"{LIVES}/2")
    expect(page.locator(".is-chosen > .blk-head .sub")).to_contain_text("youtube, ")
    mail(page).locator(f"a[href='{LIVES}/1']").first.wait_for(state="detached")
    save(page)
    assert f"{LIVES}/2" in page.reload().text()


def test_a_block_of_the_library_changes_in_a_mail_at_its_next_publish(visit):
    visitor = visit(1280)
    visitor.sign_in("max")
    block = keep_block(visitor, "Our promise", "<mj-text>We answer within a day.</mj-text>")
    page = start(visitor, "Promises kept")
    template = page.url.replace(visitor.address, "")
    page.fill("#subject", "What we promise")
    add(page, "heading", "saved", "footer")
    page.click(".blk:nth-child(2) .blk-open")
    part(page, "media").select_option("Our promise")
    mail(page).get_by_text("We answer within a day.").wait_for()
    publish(page, 1)

    page = visitor.open(block)
    expect(page.locator("section", has=page.locator("#used"))).to_contain_text("Promises kept")
    page.click(".head .btn-primary")
    expect(page.locator(".note.info")).to_contain_text("Promises kept")
    page.fill("#body", "<mj-text>We answer within an hour.</mj-text>")
    page.click(".head .btn-primary")
    page.get_by_text("taken at the next publish").first.wait_for()
    page = visitor.open(f"{template}/versions")
    assert "within an hour" not in page.inner_text("main")
    page = visitor.open(template)
    mail(page).get_by_text("We answer within an hour.").wait_for()
    publish(page, 2)
    page = visitor.open(f"{template}/versions?from=1&to=2")
    assert "within an hour" in page.inner_text("main")
    assert visitor.complaints == []


class Finger:
    """A real one, as far as the page can tell: the browser makes pointers of type touch from it."""

    def __init__(self, visitor) -> None:
        self.page = visitor.page
        self.screen = visitor.context.new_cdp_session(visitor.page)

    def put(self, x: float, y: float) -> None:
        self._tell("touchStart", x, y)

    def move(self, x: float, y: float) -> None:
        self._tell("touchMove", x, y)

    def lift(self) -> None:
        self.screen.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    def _tell(self, kind: str, x: float, y: float) -> None:
        self.screen.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})


def test_a_finger_drags_a_block_and_undo_brings_it_back(visit):
    visitor = visit(390, "dark", touch=True)
    visitor.sign_in("max")
    page = begin(visitor, "By touch")
    add(page, "heading", "divider", "spacer")
    page.tap(".is-chosen > .blk-head .blk-open")
    page.locator("[data-cards]").evaluate("box => box.scrollIntoView({block: 'center'})")
    cards = page.locator("[data-cards] > .blks > .blk")
    start = cards.nth(2).locator("[data-grip]").bounding_box()
    goal = cards.nth(0).bounding_box()
    rests = page.evaluate("scrollY")
    finger = Finger(visitor)
    finger.put(start["x"] + 8, start["y"] + 8)
    for share in (0.3, 0.6, 0.9, 1):
        finger.move(goal["x"] + 60, start["y"] + 8 + (goal["y"] + 4 - start["y"] - 8) * share)
    expect(page.locator(".blk-line")).to_have_count(1)
    shoot(page, "composer-touch")
    finger.lift()
    named = cards.locator("> .blk-head .blk-open b")
    expect(named).to_have_text(["Space", "Heading", "Divider"])
    assert page.evaluate("scrollY") == rests
    expect(page.locator(".blk-line, .is-held")).to_have_count(0)
    page.click("[data-undo]")
    expect(named).to_have_text(["Heading", "Divider", "Space"])
    assert visitor.complaints == []


def test_what_is_only_for_some_is_shown_to_those_of_whom_it_is_known(visit):
    visitor = visit(1280)
    visitor.sign_in("max")
    page = start(visitor, "For some")
    add(page, "heading", "text")
    part(page, "text").fill("Your campus: {{ customer.attributes.campus_city }}.")
    part(page, "only_if").fill("customer.attributes.campus_city")
    mail(page).get_by_text("A heading").wait_for()
    expect(page.locator(".is-chosen .blk-open .badge")).to_have_text("if customer.attributes.campus_city")
    seen = set()
    for _ in range(20):
        name = page.inner_text("[data-as-name]")
        knows = mail(page).get_by_text("Your campus: ").count()
        assert "Your campus: ." not in mail(page).locator("body").inner_text()
        seen.add(knows)
        if seen == {0, 1}:
            break
        page.click(".preview [data-step=next]")
        expect(page.locator("[data-as-name]")).not_to_have_text(name)
        mail(page).get_by_text("A heading").wait_for()
    assert seen == {0, 1}


def test_products_stand_in_the_preview_with_what_they_cost_before_and_the_code_that_lowers_them(visit):
    visitor = visit(1280)
    visitor.sign_in("max")
    page = start(visitor, "What lies in the cart")
    add(page, "products", "text")
    part(page, "text").fill("With **{{ facts.discount_code }}** you save {{ facts.discount_amount }}.")
    part(page, "only_if").fill("facts.discount_code")
    page.click(".blk:nth-child(1) .blk-open")
    part(page, "source").select_option("facts.products")
    mail(page).get_by_text("Data Foundations").wait_for()
    mail(page).get_by_text("Sound for Film").wait_for()
    mail(page).get_by_text("WELCOME10").wait_for()
    assert "you save 10 %" in mail(page).locator("body").inner_text()
    part(page, "most").fill("1")
    mail(page).get_by_text("Sound for Film").wait_for(state="detached")
    part(page, "source").select_option("facts.product")
    mail(page).locator("s", has_text="590").wait_for()
    mail(page).locator("strong", has_text="490").wait_for()
    assert faults(visitor, "products-1280-light") == []
