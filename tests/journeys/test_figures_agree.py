"""A known set of opens, clicks and orders: the figures that were worked out by hand, on every page that shows them.

Eight people get a letter. Two follow a link and buy (one gives a part back), one buys by the letter's `ref` alone, one
without having followed anything; one opens it, for one a mail program does, for one a scanner clicks; one bounces, one
leaves.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from html import unescape
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import select, text

from app.automations.automation import Automation
from app.db import db
from app.deliveries import refs
from app.deliveries.delivery import Delivery
from app.deliveries.run import Run
from app.tracking import jobs, stream
from app.tracking.stream import Seen
from tests.automations.making import make_automation
from tests.conftest import Client
from tests.consent.links_of import ask
from tests.deliveries import making
from tests.factories import make_customers
from tests.tracking.following import make_linked, path
from tests.tracking.hitting import CHROME

LETTER = '<html><body><a href="https://shop.example/a">One</a><a href="{{ urls.unsubscribe }}">No</a></body></html>'
APPLE = "Mozilla/5.0"
COUNTS = {"sent": 8, "opened": 3, "clicked": 2, "converted": 3, "unsubscribed": 1, "bounced": 1, "complained": 0}
REVENUE = {"EUR": 5000 + 4000 - 1500, "USD": 2000}


@dataclass(frozen=True)
class Letter:
    """One that went out three hours ago, to P0 … P7."""

    app: Flask
    automation: Automation
    run: Run
    mails: list[Delivery]
    html: dict[str, str]

    @classmethod
    def send(cls, app: Flask) -> Letter:
        people = make_customers(8)
        automation = make_automation("Autumn letter")
        run = making.make_run(make_linked(LETTER), automation_id=automation.id)
        making.sent()
        db.session.execute(text("UPDATE deliveries SET accepted_at = now() - interval '3 hours'"))
        db.session.commit()
        by_person = select(Delivery).order_by(Delivery.customer_id)
        html = {one.to_email: one.html for one in making.outbox()}
        assert len(people) == len(html)
        return cls(app, automation, run, list(db.session.scalars(by_person)), html)

    def ask(self, person: int, after: str, agent: str = CHROME) -> None:
        """For the address in their mail that stands behind these words."""
        url = unescape(self.html[self.mails[person].email].split(after)[1].split('"')[0])
        assert ask(self.app, "GET", path(url), headers={"User-Agent": agent}).status_code in (200, 302)


def happen(letter: Letter, shop) -> None:
    """By the doors by which it happens; then the workers look at their tables."""
    letter.ask(1, '<img src="')
    letter.ask(2, '<img src="', APPLE)
    for buyer in (0, 5):
        letter.ask(buyer, '<a href="')
    at_once = letter.mails[3].accepted_at.timestamp() + 1
    stream.note(Seen(uuid4(), "click", at_once, letter.mails[3].id, 0, agent=CHROME))
    leave(letter, 7)
    bounced = "UPDATE deliveries SET state = 'bounced', bounced_at = now() WHERE id = :id"
    db.session.execute(text(bounced), {"id": letter.mails[6].id})
    db.session.commit()
    stream.flush()
    jobs.drain()
    buy(shop, 0, 5000)
    buy(shop, 1, 3000)
    buy(shop, 4, 2000, currency="USD", ref=refs.of(letter.mails[4].id))
    buy(shop, 5, 4000)
    buy(shop, 5, 4000, status="refunded", refunded_total=1500)
    jobs.give_credit()
    db.session.rollback()
    db.session.expire_all()


def leave(letter: Letter, person: int) -> None:
    """By the one click that their mail program offers."""
    mail = next(one for one in making.outbox() if one.to_email == letter.mails[person].email)
    url = mail.headers["List-Unsubscribe"].strip("<>")
    assert ask(letter.app, "POST", path(url), data={"List-Unsubscribe": "One-Click"}).status_code == 200


def buy(shop, person: int, total: int, **facts: object) -> None:
    said = {"order_id": f"order-{person}", "lms_lead_id": f"L-{person}", "total": total, "currency": "EUR"}
    answer = shop.post("orders", {"orders": [said | {"status": "paid", "items": []} | facts]})
    assert answer.status_code == 200, answer.text


@pytest.fixture
def letter(app, lms) -> Letter:
    sent = Letter.send(app)
    happen(sent, lms)
    return sent


@pytest.fixture
def pages(client_of, viewer) -> Client:
    return client_of(viewer)


def tiles(page: str) -> list[str]:
    return [part.split("</a>")[0].split(">")[-1] for part in page.split('class="big"')[1:]]


def test_the_metrics_of_everything_and_of_the_campaign(letter, pages):
    worked_out = ["8", "0.00 %", "42.9 %", "28.6 %", "42.9 %", "75 EUR", "14.3 %", "12.5 %"]
    assert tiles(pages.get("/metrics").text)[:8] == worked_out
    assert tiles(pages.get(f"/metrics?automation={letter.automation.id}&range=7d").text)[:8] == worked_out
    by_all = tiles(pages.get("/metrics?who=all").text)
    assert by_all[2:5] == ["57.1 %", "42.9 %", "42.9 %"]  # four opens and three clicks of seven that arrived


def test_the_overview(letter, pages):
    mail = pages.get("/").text.split('aria-labelledby="mail"')[1]
    assert tiles(mail)[:6] == ["8", "42.9 %", "28.6 %", "75 EUR", "14.3 %", "12.5 %"]


def test_the_files(letter, pages):
    answer = pages.get("/metrics/export/campaigns.csv").text.removeprefix("\ufeff")
    (row,) = csv.DictReader(io.StringIO(answer))
    assert {name: int(row[name]) for name in COUNTS} == COUNTS
    assert (row["revenue_EUR"], row["revenue_USD"]) == ("75.00", "20.00")


def test_the_page_of_the_run_and_the_people_behind_it(letter, pages):
    shown = pages.get(f"/runs/{letter.run.id}").text
    for what in ("opened", "clicked", "converted", "bounced"):
        people = pages.get(f"/runs/{letter.run.id}/people?state={what}").text
        assert people.count("/deliveries/") == COUNTS[what]
        assert f"state={what}" in shown
        assert pages.get(f"/metrics/people/{what}").text.count("/deliveries/") == COUNTS[what]


def test_the_api(letter, make_system):
    reader = make_system("read")
    of_automation = reader.get(f"metrics/automations/{letter.automation.id}").json
    assert {name: of_automation[name] for name in COUNTS} == COUNTS
    assert of_automation["revenue"] == REVENUE
    of_run = reader.get(f"runs/{letter.run.id}").json
    same = ("opened", "clicked", "converted", "bounced", "complained")
    assert {name: of_run[name] for name in same} == {name: COUNTS[name] for name in same}
    assert of_run["accepted"] == COUNTS["sent"]


def test_the_page_of_the_automation_and_of_each_mail(letter, pages):
    shown = pages.get(f"/automations/{letter.automation.id}").text
    assert "75.00 EUR" in shown
    assert "20.00 USD" in shown
    mail = pages.get(f"/deliveries/{letter.mails[5].id}").text
    assert "order order-5, 40.00 EUR, of which 15.00 EUR were given back" in mail
    assert "Led to" not in pages.get(f"/deliveries/{letter.mails[1].id}").text
