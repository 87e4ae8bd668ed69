"""A file as a new user brings it: choose, name the columns, look, import, undo; and what may go wrong on the way."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import update

from app.db import db
from app.imports import jobs
from app.imports.upload import Import
from tests.browser.conftest import SCREENS
from tests.browser.test_every_page import look

pytestmark = pytest.mark.browser

HEAD = "lms_lead_id,email,first_name,last_name,score:numeric,favourite subject\n"
SUBJECTS = ("design", "data", "festivals")


@pytest.fixture
def work(migrated) -> Iterator[Callable[[], None]]:
    """A worker that comes by when it is called."""

    def carry_on() -> None:
        with migrated.app_context():
            jobs.carry_on()

    yield carry_on
    with migrated.app_context():
        db.session.execute(update(Import).where(Import.waiting_since.is_not(None)).values(waiting_since=None))
        db.session.commit()


@pytest.fixture
def people(tmp_path: Path) -> Callable[..., Path]:
    def write(name: str = "lms-october.csv", rows: int = 40, sheet: str = "B", delimiter: str = ",") -> Path:
        lines = [f"{sheet}-{n},{sheet}{n}@browser.example,Pia,Müller,{n},{SUBJECTS[n % 3]}\n" for n in range(rows)]
        bad = f"{sheet}-bad,no address,Noah,Fischer,1,data\n,,Julia,Mensah,2,data\n"
        path = tmp_path / name
        path.write_text((HEAD + "".join(lines) + bad).replace(",", delimiter), encoding="utf-8-sig")
        return path

    return write


def bring(page: Page, file: Path, kind: str = "customers") -> None:
    page.check(f"[name=kind][value={kind}]")
    page.set_input_files("#file", file)
    page.click("[data-send]")
    page.wait_for_url(re.compile(r"/imports/\d+$"))


def test_a_new_user_brings_a_file_and_takes_it_back(visit, work, people):
    visitor = visit()
    visitor.sign_in("max")
    page = visitor.open("/")
    page.click("nav.side >> text=Imports")
    page.click("main .do >> text=Import a file")
    bring(page, people())
    expect(page.locator("h1")).to_have_text("What the columns mean")
    expect(page.locator(".head .sub")).to_contain_text("UTF-8 with BOM")
    expect(page.locator("[name=field-0]")).to_have_value("lms_lead_id")
    page.fill("[name=name-5]", "subject")
    page.click("text=Check the file")
    expect(page.locator("h1")).to_have_text("Checking the file")
    expect(page.locator("#progress")).to_contain_text("You may leave this page")
    work()
    expect(page.locator("h1")).to_have_text("What this file would change")
    expect(page).to_have_title(re.compile("^lms-october.csv"))
    expect(page.locator("#pick-created .big")).to_have_text("40")
    expect(page.locator("#pick-rejected .big")).to_have_text("2")
    page.focus("#pick-rejected")
    page.keyboard.press("Enter")
    expect(page.locator("#samp")).to_have_count(0)
    expect(page.locator("#pick-rejected")).to_be_focused()
    page.click("#pick-created")
    expect(page.locator("#outcome")).to_contain_text("subject")
    with page.expect_download() as download:
        page.click("text=2 rows with reasons")
    assert "no address" in download.value.path().read_text("utf-8-sig")
    page.click("text=Import 40 changes")
    expect(page.locator("h1")).to_have_text("Importing")
    work()
    expect(page.locator("h1")).to_have_text("Imported")
    expect(page.locator(".stats")).to_contain_text("40")
    page.click("#ask-undo")
    expect(page.locator("dialog[open]")).to_contain_text("removes the 40 customers that it created")
    page.keyboard.press("Escape")
    expect(page.locator("dialog[open]")).to_have_count(0)
    page.click("#ask-undo")
    page.click("dialog[open] .is-sure")
    work()
    expect(page.locator("h1")).to_have_text("The import is undone")
    expect(page.locator("main")).to_contain_text("40 new customers removed")
    assert visitor.complaints == []


def test_the_reading_is_corrected_while_one_looks(visit, people):
    visitor = visit()
    visitor.sign_in("max")
    page = visitor.open("/imports/new")
    bring(page, people("pipes.csv", delimiter="|"))
    expect(page.locator("#delimiter")).to_have_value("|")
    page.select_option("#delimiter", ",")
    expect(page.locator(".mapping > li")).to_have_count(1)
    expect(page.locator(".htmx-settling, .htmx-added")).to_have_count(0)
    page.select_option("#delimiter", "|")
    expect(page.locator(".mapping > li")).to_have_count(6)
    expect(page.locator("[name=name-5]")).to_be_visible()
    page.select_option("[name=field-5]", "ignore")
    expect(page.locator("[name=name-5]")).to_be_hidden()
    assert visitor.complaints == []


def test_the_people_of_a_list_come_by_a_file(visit, work, tmp_path):
    file = tmp_path / "fair.csv"
    file.write_text("customer_id\n1\n2\n2\n999999\n")
    visitor = visit()
    visitor.sign_in("max")
    page = visitor.open("/imports/new")
    page.fill("[name=segment_name]", "Fair in May")
    bring(page, file, "segment_list")
    expect(page.locator("main")).to_contain_text("joins “Fair in May”")
    page.click("text=Check the file")
    work()
    expect(page.locator("#pick-created")).to_contain_text("new on the list")
    expect(page.locator("#pick-created .big")).to_have_text("2")
    expect(page.locator("#rej + *, #rej")).not_to_have_count(0)
    page.click("text=Import 2 changes")
    work()
    expect(page.locator("h1")).to_have_text("Imported")
    page.click("main .note a")
    expect(page).to_have_url(re.compile(r"/segments/\d+$"))
    page.go_back()
    page.click("#ask-undo")
    expect(page.locator("dialog[open]")).to_contain_text("They stay customers")
    page.click("dialog[open] .is-sure")
    work()
    expect(page.locator("main")).to_contain_text("2 taken out of “Fair in May”")
    assert visitor.complaints == []


def test_wrong_columns_are_shown_where_they_stand(visit, people):
    visitor = visit()
    visitor.sign_in("max")
    page = visitor.open("/imports/new")
    bring(page, people())
    page.select_option("[name=field-1]", "lms_lead_id")
    page.click("text=Check the file")
    expect(page.locator("main [role=alert]")).to_contain_text("another look")
    expect(page.locator(".mapping .hint-bad").first).to_be_visible()
    expect(page.locator("[name=field-1]")).to_have_value("lms_lead_id")


def test_the_whole_journey_works_without_script(visit, work, people):
    visitor = visit(javascript=False)
    visitor.sign_in("max")
    page = visitor.open("/imports/new")
    bring(page, people("plain.csv", sheet="N"))
    page.click("text=Check the file")
    work()
    page.click("noscript a")
    page.click("#pick-rejected")
    page.click("text=Import 40 changes")
    work()
    page.click("noscript a")
    page.click("#ask-undo")
    expect(page.locator("h1")).to_contain_text("Undo “plain.csv”?")
    page.click(".is-sure")
    work()
    page.click("noscript a")
    expect(page.locator("h1")).to_have_text("The import is undone")


def test_an_upload_shows_how_far_it_is_and_can_be_cancelled(visit, people):
    visitor = visit()
    visitor.sign_in("max")
    page = visitor.open("/imports/new")
    slowly(visitor, 200_000)
    page.check("[name=kind][value=customers]")
    page.set_input_files("#file", people("large.csv", rows=30_000))
    page.click("[data-send]")
    expect(page.locator("[data-amount]")).to_contain_text(re.compile(r"[kM]B of 1\.\d MB · .*/s"))
    expect(page.locator("[data-left]")).to_contain_text("left")
    expect(page.locator("[data-send]")).to_be_disabled()
    page.click("text=Cancel the upload")
    expect(page.locator("#refused")).to_contain_text("was cancelled")
    expect(page.locator("[data-send]")).to_be_enabled()


def test_a_connection_that_breaks_is_told_apart_from_a_file_that_went_away(visit, people):
    visitor = visit()
    visitor.sign_in("max")
    page = visitor.open("/imports/new")
    file = people("fleeting.csv")
    page.check("[name=kind][value=customers]")
    page.set_input_files("#file", file)
    visitor.context.set_offline(True)
    page.click("[data-send]")
    expect(page.locator("#refused")).to_contain_text("connection broke")
    visitor.context.set_offline(False)
    file.unlink()
    page.click("[data-send]")
    expect(page.locator("#refused")).to_contain_text("changed, moved or removed")
    assert page.locator("h1").inner_text() == "Import a file"


def test_a_file_is_dropped_onto_its_field(visit, people):
    visitor = visit()
    visitor.sign_in("max")
    page = visitor.open("/imports/new")
    box = page.locator("#file").bounding_box()
    assert box
    files = {"items": [], "files": [str(people())], "dragOperationsMask": 1}
    devtools = visitor.context.new_cdp_session(page)
    for kind in ("dragEnter", "dragOver", "drop"):
        at = {"x": box["x"] + box["width"] - 40, "y": box["y"] + box["height"] / 2}
        devtools.send("Input.dispatchDragEvent", {"type": kind, **at, "data": files})
    assert page.evaluate("document.getElementById('file').files[0].name") == "lms-october.csv"


@pytest.mark.parametrize(("width", "theme"), SCREENS)
def test_every_state_is_sound(visit, work, people, width, theme):
    visitor = visit(width, theme)
    visitor.sign_in("max")
    page = visitor.open("/imports/new")
    sheet = f"S{width}{theme}"
    bring(page, people(sheet=sheet))
    path, screen, faults = page.url.removeprefix(visitor.address), f"{width}-{theme}", []
    faults += look(visitor, "import-columns", path, screen)
    page.click("text=Check the file")
    faults += look(visitor, "import-checking", path, screen)
    work()
    faults += look(visitor, "import-preview", path, screen)
    page.click("text=Import 40 changes")
    work()
    faults += look(visitor, "import-done", path, screen)
    faults += look(visitor, "import-undo", f"{path}/undo", screen)
    page.click(".is-sure")
    work()
    faults += look(visitor, "import-undone", path, screen)
    faults += look(visitor, "imports-list", "/imports", screen)
    assert faults == []


def slowly(visitor, bytes_a_second: int) -> None:
    devtools = visitor.context.new_cdp_session(visitor.page)
    devtools.send("Network.enable")
    limits = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": bytes_a_second}
    devtools.send("Network.emulateNetworkConditions", limits)
