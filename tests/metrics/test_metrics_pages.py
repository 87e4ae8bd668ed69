"""The metrics page: the same figures in tiles, tables, files and behind each number."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.audit.entry import Entry
from app.automations.automation import Automation
from app.db import db
from tests.automations.making import make_automation
from tests.conftest import Client
from tests.factories import make_customer
from tests.metrics.making import DAY, HOUR, NOW, change, make_credit, make_mail, make_run

OCTOBER = "range=custom&from=2026-10-01&to=2026-10-31"


@pytest.fixture
def pages(client_of, viewer) -> Client:
    return client_of(viewer)


@pytest.fixture
def month(app) -> Automation:
    """Ten mails of one campaign: nine arrive, six are opened (two of them by machines alone), three clicked, one bought
    for 50 EUR of which 20 came back; one bounced, one unsubscribed."""
    automation = make_automation()
    run = make_run(automation_id=automation.id, name=automation.name)
    people = [make_customer(f"P{n}", email=f"p{n}@gmail.com") for n in range(10)]
    mails = [make_mail(run, one.id, email=one.email) for one in people]
    change(mails[9], bounced_at=NOW, state="bounced")
    for mail in mails[:9]:
        change(mail, delivered_at=NOW, state="delivered")
    for mail in mails[:4]:
        change(mail, opened_at=NOW + HOUR)
    for mail in mails[4:6]:
        change(mail, machine_opened_at=NOW)
    for mail in mails[:3]:
        change(mail, clicked_at=NOW + HOUR)
    change(mails[0], converted_at=NOW + DAY)
    change(mails[3], unsubscribed_at=NOW + DAY)
    make_credit(mails[0], 5000, refunded=2000)
    return automation


def figures(page: str) -> list[str]:
    """The tiles, in their order."""
    return [part.split("</a>")[0].split(">")[-1] for part in page.split('class="big"')[1:9]]


def test_the_tiles_say_what_was_worked_out_by_hand(month, pages: Client):
    page = pages.get(f"/metrics?{OCTOBER}").text
    assert figures(page) == ["10", "90.0 %", "44.4 %", "33.3 %", "11.1 %", "30 EUR", "11.1 %", "10.0 %"]
    assert "4 of 9 that arrived" in page
    assert "none before" in page


def test_all_counts_machines_too(month, pages: Client):
    assert figures(pages.get(f"/metrics?{OCTOBER}&who=all").text)[2] == "66.7 %"


def test_a_campaign_has_the_same_figures_and_its_links(month, pages: Client):
    page = pages.get(f"/metrics?{OCTOBER}&automation={month.id}").text
    assert figures(page) == figures(pages.get(f"/metrics?{OCTOBER}").text)
    assert "Clicks per link" in page
    assert pages.get("/metrics?automation=999999").status_code == 404


@pytest.mark.parametrize(("what", "count"), [("sent", 10), ("opened", 4), ("clicked", 3), ("bounced", 1)])
def test_each_figure_opens_the_people_behind_it(month, pages: Client, what: str, count: int):
    page = pages.get(f"/metrics/people/{what}?{OCTOBER}").text
    assert page.count("/deliveries/") == count
    assert "<html" not in pages.get(f"/metrics/people/{what}?{OCTOBER}", headers={"HX-Request": "true"}).text


def test_the_people_are_searched_within_the_figure(month, pages: Client):
    assert pages.get(f"/metrics/people/opened?{OCTOBER}&q=P2").text.count("/deliveries/") == 1
    assert "Nobody here matches" in pages.get(f"/metrics/people/opened?{OCTOBER}&q=P9").text
    assert pages.get("/metrics/people/wished").status_code == 404


def rows(client: Client, which: str) -> list[dict[str, str]]:
    answer = client.get(f"/metrics/export/{which}.csv?{OCTOBER}")
    assert answer.mimetype == "text/csv"
    return list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))


def test_the_files_say_the_same_as_the_page(month, pages: Client):
    (campaign,) = rows(pages, "campaigns")
    assert (campaign["name"], campaign["sent"], campaign["opened"], campaign["revenue_EUR"]) == (
        month.name, "10", "4", "30.00",
    )  # fmt: skip
    assert sum(int(row["clicked"]) for row in rows(pages, "days")) == 3
    assert {row["mailbox"]: row["sent"] for row in rows(pages, "mailboxes")}["gmail"] == "10"
    assert sum(int(row["opened"]) for row in rows(pages, "week")) == 4
    assert [row["count"] for row in rows(pages, "funnel")] == ["10", "9", "4", "3", "1"]
    assert len(db.session.scalars(select(Entry).where(Entry.verb == "exported")).all()) == 5
    assert pages.get("/metrics/export/secrets.csv").status_code == 404


def test_the_name_of_a_campaign_is_no_formula_in_a_spreadsheet(app, pages: Client):
    automation = make_automation(name="=1+1")
    make_mail(make_run(automation_id=automation.id, name="=1+1"), make_customer().id)
    assert [row["name"] for row in rows(pages, "campaigns")] == ["'=1+1"]


def test_a_range_that_makes_no_sense_is_said_and_something_is_shown(month, pages: Client):
    page = pages.get("/metrics?range=custom&from=2026-10-31&to=2026-10-01").text
    assert "The range ends before it begins." in page
    assert 'name="from"' in page


def test_days_without_mail_say_so(app, pages: Client):
    assert "No mail was sent in these days" in pages.get("/metrics").text


@pytest.mark.parametrize(("last", "step"), [("2026-10-22", "hour"), ("2026-10-28", "day"), ("2027-02-01", "week")])
def test_a_day_is_shown_by_hours_and_half_a_year_by_weeks(month, pages: Client, last: str, step: str):
    page = pages.get(f"/metrics?range=custom&from=2026-10-22&to={last}").text
    assert f"by the {step} on which the mail was sent" in page


def test_what_came_before_stands_beside_it(month, pages: Client):
    earlier = make_mail(make_run("before", at=NOW - timedelta(days=31)), make_customer().id, NOW - timedelta(days=31))
    change(earlier, opened_at=NOW - timedelta(days=30))
    page = pages.get(f"/metrics?{OCTOBER}").text
    assert "was 100.0 %" in page
    assert "−55.56 pt" in page
