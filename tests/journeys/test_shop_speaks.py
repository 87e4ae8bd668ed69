"""From the script in a browser to the mail, its click, its order and its figure: each story that a shop tells, whole.

Days are not waited for: what happened is set back in its rows.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import urllib3
from sqlalchemy import select, text

from app.automations import jobs as automations
from app.automations.launches import steps
from app.catalogue import weeks
from app.catalogue.discount import DiscountPool
from app.clock import clock
from app.content.template import MessageTemplate
from app.db import db
from app.deliveries import jobs as sending
from app.deliveries import runs
from app.deliveries.outbox_message import OutboxMessage
from app.events import jobs as events
from app.events import partitions
from app.segments.segment import Segment
from app.tracking import jobs as tracking
from tests.content.test_starters import lay
from tests.journeys.shop_floor import Floor, Guest, opened, until
from tests.tracking.hitting import CHROME

pytestmark = pytest.mark.browser
NAMES = {"tent": "Tent <b>Alto</b>", "lamp": "Lamp Lux", "mat": "Mat"}
WEB = urllib3.PoolManager()


class Shop:
    """What other systems of the shop do, by the API; and the workers, who look at their tables."""

    def __init__(self, system: Any, floor: Floor) -> None:
        self.system, self.floor = system, floor
        self.posts("customers", lms_lead_id="maya", email="maya@posteo.example", first_name="Maya")
        for product_id, price, stock in (("tent", 19900, 5), ("lamp", 4900, 0), ("mat", 900, 9)):
            self.sells(product_id, price=price, stock=stock, category="camping", currency="EUR")

    def posts(self, plural: str, **item: Any) -> None:
        answer = self.system.post(plural, {plural: [item]})
        assert answer.status_code == 200, answer.text
        assert not answer.get_json()["rejected"]

    def sells(self, product_id: str, **said: Any) -> None:
        about = {"name": NAMES[product_id], "url": f"https://shop.example/{product_id}"}
        self.posts("products", product_id=product_id, **about, **said)

    def answers(self, kind: str, starter: str, **said: Any) -> int:
        """By the mail that comes along for it."""
        template = db.session.scalars(select(MessageTemplate).where(MessageTemplate.name == starter)).one()
        trigger = {"behaviour": kind, "when": "at_once"}
        made = self.system.post(
            "automations", {"name": starter, "message_template_id": template.id, "trigger": trigger, **said}
        )
        assert made.status_code == 201, made.text
        key: int = made.get_json()["id"]
        assert self.system.send("POST", f"/api/v1/automations/{key}/activation").status_code == 200
        return key

    def works(self) -> None:
        events.drain_views()
        automations.take_effect()
        db.session.execute(text("DELETE FROM behaviour_scans"))  # a breath lies between two looks
        db.session.commit()
        automations.look_at_shop()
        automations.settle_waits()
        sending.send()
        db.session.rollback()

    def mails(self) -> list[OutboxMessage]:
        return list(db.session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)))

    def only_mail(self) -> OutboxMessage:
        (mail,) = self.mails()
        assert mail.to_email == "maya@posteo.example"
        return mail

    def follows(self, mail: OutboxMessage, target: str) -> str:
        """An hour later, the first link of the mail that leads there; the `ref` that the shop gets with it."""
        db.session.execute(text("UPDATE deliveries SET accepted_at = accepted_at - interval '1 hour'"))
        db.session.commit()
        for url in re.findall(r'href="([^"]*/track/click/[^"]*)"', mail.html):
            path = urlsplit(unescape(url))
            answer = WEB.request(
                "GET", f"{self.floor.server}{path.path}?{path.query}", redirect=False, headers={"User-Agent": CHROME}
            )
            leads = urlsplit(answer.headers["Location"])
            if f"{leads.scheme}://{leads.netloc}{leads.path}" == target:
                return parse_qs(leads.query)["ref"][0]
        raise AssertionError(f"No link leads to {target}.")

    def is_bought(self, ref: str, total: int) -> None:
        line = {"product_id": "tent", "quantity": 1, "price": total}
        order = {"order_id": "O-1", "lms_lead_id": "maya", "total": total, "currency": "EUR", "status": "paid"}
        self.posts("orders", **order, items=[line], ref=ref)
        until("SELECT count(*) FROM delivery_events WHERE kind = 'click'", work=tracking.drain)
        tracking.give_credit()
        db.session.rollback()


@pytest.fixture(scope="module")
def floor(environment: dict[str, str], migrated: Any) -> Iterator[Floor]:
    with opened(environment) as found:
        yield found


@pytest.fixture
def shop(app, make_system, floor) -> Shop:
    lay()
    return Shop(make_system("admin"), floor)


@pytest.fixture
def maya(shop, floor, chromium) -> Iterator[Guest]:
    guest = Guest(floor, chromium, "maya")
    yield guest
    assert guest.complaints == []
    guest.leave()


def views(guest: Guest, product_id: str, times: int = 1, price: int = 19900) -> None:
    for _ in range(times):
        guest.does("view", {"product_id": product_id, "product_name": NAMES[product_id], "product_price": price})


def hours_pass(hours: int) -> None:
    """Since everything that was done in the shop so far."""
    length = timedelta(hours=hours)
    partitions.ensure_for([clock() - length])
    weeks.ensure_for([clock() - length])
    db.session.execute(text("SELECT set_config('campus.passage', 'merge', true)"))
    for table, column in (("carts", "occurred_at"), ("events", "occurred_at"), ("product_views", "viewed_at")):
        db.session.execute(text(f"UPDATE {table} SET {column} = {column} - :length"), {"length": length})
    db.session.commit()


def figures(client_of: Any, viewer: Any, trigger: str) -> dict[str, str]:
    """The row of that trigger on the page of metrics, as its file has it."""
    answer = client_of(viewer).get("/metrics/export/triggers.csv")
    rows = list(csv.DictReader(io.StringIO(answer.get_data(as_text=True).lstrip("\ufeff"))))
    return next(row for row in rows if row["trigger"] == trigger)


def test_a_cart_left_alone_is_recovered_with_a_code(shop, maya, client_of, viewer):
    pool = DiscountPool(name="Carts", kind="fixed", code="CART10", amount="10 %")
    db.session.add(pool)
    db.session.commit()
    shop.answers("abandoned_cart", "Abandoned cart", discount_pool_id=pool.id)
    views(maya, "tent")
    maya.does("cart.add", {"product_id": "tent", "quantity": 2})
    assert until("SELECT items -> 0 ->> 'quantity' FROM carts WHERE customer_id IS NOT NULL") == "2"
    shop.works()
    assert shop.mails() == []
    hours_pass(30)
    shop.works()
    shop.works()
    mail = shop.only_mail()
    assert "Tent &lt;b&gt;Alto&lt;/b&gt;" in mail.html
    assert "CART10" in mail.html
    assert "398" in mail.html
    shop.is_bought(shop.follows(mail, "https://shop.example/tent"), 39800)
    row = figures(client_of, viewer, "abandoned_cart")
    assert (row["sent"], row["clicked"], row["converted"]) == ("1", "1", "1")
    page = client_of(viewer).get("/metrics").get_data(as_text=True)
    assert "398.00" in page.split("By trigger")[1]


def test_an_emptied_cart_brings_no_mail(shop, maya):
    shop.answers("abandoned_cart", "Abandoned cart")
    maya.does("cart.add", {"product_id": "tent"})
    until("SELECT items <> '[]' FROM carts")
    maya.does("cart.remove", {"product_id": "tent"})
    until("SELECT items = '[]' FROM carts")
    hours_pass(30)
    shop.works()
    assert shop.mails() == []


def test_emptied_between_the_look_and_the_mail_there_is_none(shop, maya):
    shop.answers("abandoned_cart", "Abandoned cart")
    maya.does("cart.add", {"product_id": "tent"})
    until("SELECT items <> '[]' FROM carts")
    hours_pass(30)
    automations.look_at_shop()
    automations.settle_waits()
    maya.does("cart.remove", {"product_id": "tent"})
    until("SELECT items = '[]' FROM carts")
    sending.send()
    assert shop.mails() == []
    assert db.session.scalar(text("SELECT reason FROM deliveries")) == "overtaken"


def test_whoever_looks_again_and_again_is_reminded_of_what_they_looked_at_most(shop, maya, client_of, viewer):
    shop.answers("browse", "Browse reminder")
    views(maya, "tent", 4)
    views(maya, "mat", 3, 900)
    until("SELECT count(*) FROM product_views", lambda found: found == 7, work=events.drain_views)
    shop.works()
    assert shop.mails() == []
    hours_pass(60)
    shop.works()
    shop.works()
    mail = shop.only_mail()
    assert "Tent &lt;b&gt;Alto&lt;/b&gt;" in mail.html
    shop.is_bought(shop.follows(mail, "https://shop.example/tent"), 19900)
    assert figures(client_of, viewer, "browse")["converted"] == "1"


def test_what_somebody_watches_costs_less_and_they_hear_it_once_a_drop(shop, maya, client_of, viewer):
    shop.answers("price_drop", "Price drop")
    wish = {"product_id": "tent", "target_price": 15000, "notify_on_price_drop": True, "notify_on_restock": False}
    maya.does("watch", wish)
    until("SELECT target_price FROM watchlist WHERE customer_id IS NOT NULL")
    shop.sells("tent", price=15900)
    shop.works()
    assert shop.mails() == []
    shop.sells("tent", price=14900)
    shop.works()
    shop.works()
    mail = shop.only_mail()
    assert "149" in mail.html
    shop.is_bought(shop.follows(mail, "https://shop.example/tent"), 14900)
    assert figures(client_of, viewer, "price_drop")["converted"] == "1"


def test_what_is_there_again_is_told_to_whoever_waits_for_it(shop, maya, client_of, viewer):
    shop.answers("back_in_stock", "Back in stock")
    maya.does("watch", {"product_id": "lamp", "notify_on_price_drop": False, "notify_on_restock": True})
    until("SELECT on_restock FROM watchlist WHERE customer_id IS NOT NULL")
    shop.works()
    assert shop.mails() == []
    shop.sells("lamp", stock=3)
    shop.works()
    shop.works()
    mail = shop.only_mail()
    assert "Lamp Lux" in mail.html
    shop.is_bought(shop.follows(mail, "https://shop.example/lamp"), 4900)
    assert figures(client_of, viewer, "back_in_stock")["converted"] == "1"


def test_what_was_done_before_signing_in_counts(shop, floor, chromium):
    shop.answers("abandoned_cart", "Abandoned cart")
    guest = Guest(floor, chromium)
    guest.does("cart.add", {"product_id": "mat"})
    until("SELECT items <> '[]' FROM carts")
    guest.does("identify", floor.token("maya"))
    views(guest, "mat", price=900)
    until("SELECT count(*) FROM carts WHERE customer_id IS NOT NULL", work=events.drain_views)
    hours_pass(30)
    shop.works()
    assert "Mat" in shop.only_mail().html
    guest.leave()


def test_a_launch_reaches_whoever_registered_an_interest_and_leaves_nothing_behind(shop, maya):
    maya.does("interest", "festivals")
    until("SELECT attributes -> 'interest' FROM customers", work=automations.take_effect)
    launch = {
        "interest": "Festivals",
        "product_name": "Coachella",
        "product_link": "https://www.coachella.com/",
    }
    answer = shop.system.post("product-launches", launch)
    assert answer.status_code == 202, answer.text
    run_id = answer.get_json()["run_id"]
    before = db.session.scalar(text("SELECT count(*) FROM automations")), db.session.query(Segment).count()
    assert before == (1, 1)
    automations.plan_runs()
    sending.send()
    for _ in range(3):
        runs.finish_done(clock())
        db.session.commit()
        for _ in steps.move_on(clock()):
            db.session.commit()
    mail = shop.only_mail()
    assert "Coachella" in mail.html
    assert shop.follows(mail, "https://www.coachella.com/")
    after = db.session.scalar(text("SELECT count(*) FROM automations")), db.session.query(Segment).count()
    assert after == (0, 0)
    told = shop.system.get(f"runs/{run_id}").get_json()
    assert (told["state"], told["accepted"]) == ("finished", 1)
    assert db.session.scalar(text("SELECT cleaned_at IS NOT NULL FROM launches"))
