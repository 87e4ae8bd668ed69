"""The builder of rules in a browser: the two sentences of the brief by clicks and by example, undo, JSON both ways."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import text

from app.customers.customer import Customer
from app.db import db
from app.events import partitions
from app.events.event import Event
from tests.browser.conftest import AXE, SCREENS, shoot
from tests.browser.test_every_page import look

pytestmark = pytest.mark.browser

NOON = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
SIGN_UP = NOON - timedelta(days=100)
STREAK = "Logged in every day since sign-up for ten days straight"
AGAIN = "Bought a second time within a week of the first purchase"


@pytest.fixture(scope="module")
def people(product: str, migrated) -> Iterator[None]:
    """Who is meant, and who comes close: they did “practised” and “paid_once”, which nobody else here did."""
    with migrated.app_context():
        made = {name: _person(name) for name in ("Streak", "Gap", "Late", "Twice", "Slow", "Once")}
        days = {"Streak": range(10), "Gap": [0, 1, 2, 3, 4, 5, 6, 7, 8, 10], "Late": range(1, 11)}
        bought = {"Twice": (0, 6), "Slow": (0, 8), "Once": (0,)}
        for name, held in days.items():
            _did(made[name], "practised", held)
        for name, held in bought.items():
            _did(made[name], "paid_once", held)
        db.session.commit()
        ids = [one.id for one in made.values()]
    yield
    with migrated.app_context():
        db.session.execute(text("DELETE FROM customer_segments WHERE name LIKE 'Built%'"))
        # Events are never changed, so their people are let go as if they had been erased.
        db.session.execute(text("UPDATE customers SET erased_at = now() WHERE id = ANY (:ids)"), {"ids": ids})
        db.session.commit()


def _person(name: str) -> Customer:
    address = f"{name.lower()}@rules.example"
    person = Customer(first_name=name, last_name="Built", email=address, lms_lead_id=f"R-{name}", created_date=SIGN_UP)
    db.session.add(person)
    db.session.flush()
    return person


def _did(person: Customer, name: str, days) -> None:
    for day in days:
        at = SIGN_UP + timedelta(days=day)
        partitions.ensure(at, at)
        db.session.add(Event(customer_id=person.id, name=name, occurred_at=at, properties={}))


@pytest.fixture
def page(visit, people) -> Page:
    visitor = visit()
    visitor.sign_in("max")
    page = visitor.open("/segments/new?type=rules")
    page.visitor = visitor  # type: ignore[attr-defined]
    page.wait_for_selector(".rules-bar")
    return page


def part(page: Page, key: str):
    return page.locator(f'[data-part="{key}"]')


def written(page: Page) -> object:
    return json.loads(page.input_value("[name=rules]"))


def saved(page: Page, name: str) -> None:
    page.fill("[name=name]", name)
    page.click("button.btn-primary")
    page.wait_for_url(re.compile(r"/segments/\d+$"))
    assert page.visitor.complaints == []  # type: ignore[attr-defined]


def test_ten_days_straight_is_built_by_clicks(page):
    part(page, "|add").click()
    part(page, "0|kind").select_option("streak")
    part(page, "0|streak").fill("practised")
    part(page, "0|days").fill("10")
    part(page, "0|starting").select_option("signup")
    assert written(page) == {"all": [{"streak": "practised", "days": 10, "starting": "signup"}]}
    expect(page.locator("[data-count]")).to_have_text("1")
    expect(page.locator("[data-people]")).to_contain_text("Streak Built")
    expect(page.locator(".said")).to_have_text(
        "Customers who did practised on 10 days in a row, from the day of sign-up."
    )
    expect(page.locator(".cond .hits")).to_have_text("1")
    saved(page, "Built by clicks: ten days")
    expect(page.locator("#now .huge")).to_have_text("1")


def test_a_second_purchase_within_a_week_is_built_by_clicks(page):
    part(page, "|add").click()
    part(page, "0|kind").select_option("nth")
    part(page, "0|nth.event").fill("paid_once")
    part(page, "0|nth.n").fill("2")
    part(page, "0|within").fill("7")
    part(page, "0|of_n").fill("1")
    assert written(page) == {"all": [{"nth": {"event": "paid_once", "n": 2}, "within": "7d", "of_n": 1}]}
    expect(page.locator("[data-count]")).to_have_text("1")
    expect(page.locator("[data-people]")).to_contain_text("Twice Built")
    saved(page, "Built by clicks: again")
    expect(page.locator("#now .huge")).to_have_text("1")


@pytest.mark.parametrize(
    ("label", "rule", "event", "counted"),
    [
        (STREAK, {"streak": "login", "days": 10, "starting": "signup"}, "0|streak", "practised"),
        (AGAIN, {"nth": {"event": "order_completed", "n": 2}, "within": "7d", "of_n": 1}, "0|nth.event", "paid_once"),
    ],
)
def test_one_click_inserts_the_sentence(page, label, rule, event, counted):
    page.get_by_role("button", name=label).click()
    assert written(page) == {"all": [rule]}
    part(page, event).fill(counted)
    expect(page.locator("[data-count]")).to_have_text("1")
    saved(page, f"Built from an example: {counted}")
    expect(page.locator("#now .huge")).to_have_text("1")


def test_every_example_is_understood_at_once(page):
    count = page.locator(".examples .btn").count()
    assert count >= 6
    for n in range(count):
        page.locator(".examples .btn").nth(n).click()
        expect(page.locator("[data-count]")).to_be_visible()
        expect(page.locator(".hint-bad:visible")).to_have_count(0)
        page.keyboard.press("Control+z")
        expect(page.locator(".cond")).to_have_count(0)
    assert page.visitor.complaints == []


def test_fifty_steps_are_taken_back_and_done_again(page):
    for _ in range(50):
        part(page, "|add").click()
    expect(page.locator(".cond")).to_have_count(50)
    last = written(page)
    for _ in range(50):
        page.keyboard.press("Control+z")
    assert written(page) == {"all": []}
    for _ in range(50):
        page.keyboard.press("Control+Shift+Z")
    assert written(page) == last
    part(page, "bar|undo").click()
    expect(page.locator(".cond")).to_have_count(49)


def test_groups_are_made_moved_and_left_by_keyboard_alone(page):
    part(page, "|add").focus()
    page.keyboard.press("Enter")
    expect(part(page, "0|event")).to_be_focused()
    page.keyboard.type("practised")
    part(page, "0|more").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")  # duplicate
    assert written(page) == {"all": [{"event": "practised"}, {"event": "practised"}]}
    expect(part(page, "1|more")).to_be_focused()
    page.keyboard.press("Enter")
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")  # into a group
    assert written(page) == {"all": [{"event": "practised"}, {"any": [{"event": "practised"}]}]}
    expect(part(page, "1.0|more")).to_be_focused()
    page.keyboard.press("Alt+ArrowUp")
    expect(part(page, "1|more")).to_be_focused()
    page.keyboard.press("Escape")
    part(page, "0|more").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("End")
    page.keyboard.press("Enter")  # remove
    assert written(page)["all"][0] == {"event": "practised"}
    page.keyboard.press("Control+z")
    assert len(written(page)["all"]) == 2


def test_a_condition_with_everything_is_written_as_the_contract_says(page):
    part(page, "|add").click()
    part(page, "0|event").fill("practised")
    part(page, "0|times").select_option("at_least")
    part(page, "0|times.at_least").fill("3")
    part(page, "0|within").select_option("last")
    part(page, "0|within.last").fill("6")
    part(page, "0|within.last-unit").select_option("h")
    page.get_by_role("button", name="Only where a property").click()
    expect(part(page, "0|where[0].property")).to_be_focused()
    part(page, "0|where[0].property").fill("plan")
    part(page, "0|where[0].op").select_option("at_least")
    part(page, "0|where[0].value").fill("5")
    assert written(page) == {
        "all": [
            {
                "event": "practised",
                "times": {"at_least": 3},
                "within": {"last": "6h"},
                "where": [{"property": "plan", "op": "at_least", "value": 5}],
            }
        ]
    }
    expect(page.locator("[data-count]")).to_have_text("0")


def test_values_have_the_type_of_their_attribute(page):
    part(page, "|add").click()
    part(page, "0|kind").select_option("attribute")
    part(page, "0|attribute").fill("score")
    part(page, "0|attribute").press("Tab")
    part(page, "0|op").select_option("between")
    part(page, "0|value[0]").fill("40")
    part(page, "0|value[1]").fill("60")
    assert written(page)["all"][0] == {"attribute": "score", "op": "between", "value": [40, 60]}
    expect(page.locator("[data-count]")).to_be_visible()
    part(page, "0|op").select_option("in")
    part(page, "0|value").fill("7,8,")
    assert written(page)["all"][0] == {"attribute": "score", "op": "in", "value": [40, 60, 7, 8]}
    part(page, "0|kind").select_option("field")
    part(page, "0|field").select_option("created_date")
    part(page, "0|op").select_option("within_last")
    part(page, "0|value").fill("30")
    assert written(page)["all"][0] == {"field": "created_date", "op": "within_last", "value": "30d"}


def test_text_and_builder_follow_each_other(page):
    page.click("text=The same rules as JSON")
    page.fill("[name=rules]", '{"any": [{"event": "practised"}, {"none": [{"segment": 99}]}]}')
    expect(page.locator(".group")).to_have_count(2)
    expect(part(page, "|how")).to_have_value("any")
    expect(part(page, "0|event")).to_have_value("practised")
    broken = '{"any": [{"event": "practised"},, ]}'
    page.fill("[name=rules]", broken)
    expect(page.locator("[data-fault]")).to_contain_text("line 1, column 33")
    assert page.input_value("[name=rules]") == broken
    page.fill("[name=rules]", '{"event": "practised"}')
    expect(page.locator("[data-fault]")).to_be_hidden()
    expect(page.locator("[data-count]")).to_have_text("3")
    part(page, "0|event").fill("paid_once")
    assert written(page) == {"all": [{"event": "paid_once"}]}
    expect(page.locator("[data-people]")).to_contain_text("Slow Built")


def test_a_wrong_value_is_marked_where_it_stands(page):
    part(page, "|add").click()
    expect(page.locator(".hint-bad.is-open")).to_contain_text("still to be filled in")
    part(page, "0|kind").select_option("streak")
    part(page, "0|streak").fill("practised")
    part(page, "0|days").fill("ten")
    expect(part(page, "0|days")).to_have_attribute("aria-invalid", "true")
    expect(page.locator(".cond .hint-bad")).to_contain_text("whole number")
    expect(page.locator("[data-live=count]")).to_contain_text("not counted")
    page.fill("[name=name]", "Built wrongly")
    page.click("button.btn-primary")
    expect(part(page, "0|days")).to_have_value("ten")
    expect(part(page, "0|days")).to_have_attribute("aria-invalid", "true")
    part(page, "0|days").fill("10")
    expect(page.locator("[data-count]")).to_be_visible()
    expect(part(page, "0|days")).not_to_have_attribute("aria-invalid", "true")


def test_what_an_edit_changes_is_said_before_it_is_saved(page):
    part(page, "|add").click()
    part(page, "0|event").fill("practised")
    saved(page, "Built to be edited")
    page.goto(page.url + "/edit")
    expect(page.locator("[data-live=change]")).to_contain_text("same people as saved")
    part(page, "0|event").fill("paid_once")
    expect(page.locator(".strip .join .big")).to_have_text("+3 join")
    expect(page.locator(".strip .leave .big")).to_have_text("−3 leave")
    page.click(".strip .join .see")
    expect(page.locator("#joiners")).to_contain_text("Slow Built")
    page.click("#joiners [data-closes]")
    expect(page.locator("[data-live=count]")).to_contain_text("was 3 when last counted")
    expect(page.locator("[data-people] .badge").first).to_have_text("joins")
    page.click("[data-again]")
    expect(page.locator("[data-people] li")).to_have_count(3)


def test_without_javascript_the_text_does_everything(visit, people):
    visitor = visit(javascript=False)
    visitor.sign_in("max")
    page = visitor.open("/segments/new?type=rules")
    page.fill("[name=rules]", '{"event": "practised"}')
    page.click("text=Count them now")
    assert page.text_content(".huge") == "3"
    page = visitor.open("/segments/new?type=rules")
    page.fill("[name=name]", "Built without script")
    page.fill("[name=rules]", '{"event": "practised"}')
    page.click("button.btn-primary")
    page.wait_for_url(re.compile(r"/segments/\d+$"))


@pytest.mark.parametrize(("width", "theme"), SCREENS)
def test_the_builder_is_sound_on_every_screen(visit, people, width, theme):
    visitor = visit(width, theme)
    visitor.sign_in("max")
    faults = look(visitor, "segment-rules-empty", "/segments/new?type=rules", f"{width}-{theme}")
    page = visitor.page
    page.get_by_role("button", name="Warm applicants").click()
    part(page, "|add").click()
    part(page, "4|kind").select_option("unanswered")
    expect(page.locator(".hint-bad.is-open").first).to_be_visible()
    shoot(page, f"segment-rules-open-{width}-{theme}", full_page=True)
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    expect(page.locator("[data-count]")).to_be_visible()
    page.fill("[name=name]", f"Built for pictures {width} {theme}")
    page.click("button.btn-primary")
    page.wait_for_url(re.compile(r"/segments/\d+$"))
    edit = page.url.removeprefix(visitor.address) + "/edit"
    visitor.open(edit)
    part(page, "2.0|value").fill("90")
    expect(page.locator("[data-live=change] .strip")).to_be_visible()
    page.wait_for_timeout(600)
    shoot(page, f"segment-rules-{width}-{theme}", full_page=True)
    part(page, "0|more").click()
    shoot(page, f"segment-rules-menu-{width}-{theme}")
    faults += _faults_here(visitor, f"segment-rules {width} {theme}")
    assert faults == []


def _faults_here(visitor, name: str) -> list[str]:
    page = visitor.page
    found = list(visitor.complaints)
    width = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    if width > 0:
        found.append(f"scrolls sideways by {width} px")
    page.evaluate(AXE.read_text())
    faults = page.evaluate("axe.run(document, {resultTypes: ['violations']}).then(r => r.violations)")
    found += [f"axe {f['impact']}: {f['id']} at {f['nodes'][0]['target']}" for f in faults if f["impact"] != "minor"]
    return [f"{name}: {fault}" for fault in found]
