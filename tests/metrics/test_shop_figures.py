"""Figures by trigger and of carts: a small shop, worked out by hand; and what they are held against."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, text

from app.audit.entry import Entry
from app.catalogue.cart import Cart, CartRound
from app.db import db
from app.metrics import carts, reports, triggers
from app.metrics.figures import Figures
from app.metrics.ranges import Range
from app.settings import targets
from app.settings.targets import Targets
from tests.automations.making import ADA
from tests.conftest import Client
from tests.factories import make_customer, make_customers
from tests.metrics.making import (
    DAY,
    HOUR,
    MONTH,
    NOW,
    change,
    make_automation,
    make_credit,
    make_mail,
    make_run,
    of,
    roll_up,
)

pytestmark = pytest.mark.usefixtures("app")
OCTOBER = "range=custom&from=2026-10-01&to=2026-10-31"


def make_reminders(behaviour: str | None, count: int, opened: int = 0, bought: int = 0, **facts: object) -> None:
    """Mails of one run, of which so many were opened, and so many brought an order of 50 EUR."""
    run = make_run(f"{behaviour} {facts}", **facts)
    run.behaviour = behaviour
    db.session.commit()
    for n in range(count):
        mail = make_mail(run, 100 * run.id + n)
        if n < opened:
            change(mail, opened_at=NOW + HOUR)
        if n < bought:
            change(mail, clicked_at=NOW + HOUR, converted_at=NOW + DAY)
            make_credit(mail, 5000)


def begin_cart(customer_id: int, at: datetime) -> Cart:
    cart = Cart(customer_id=customer_id, items=[{"product_id": "tent", "quantity": 1}], occurred_at=at)
    db.session.add(cart)
    db.session.commit()
    return cart


def empty(cart: Cart, at: datetime) -> None:
    cart.items, cart.occurred_at = [], at
    db.session.commit()


def order(customer_id: int, at: datetime) -> None:
    said = {"id": f"o{customer_id}", "customer": customer_id, "at": at}
    db.session.execute(text("INSERT INTO orders (order_id, customer_id, total, currency, status, occurred_at)"
                            " VALUES (:id, :customer, 5000, 'EUR', 'paid', :at)"), said)  # fmt: skip
    db.session.commit()


@pytest.fixture
def shop(app) -> None:
    """Five carts in October: one ordered, one ordered after three days, one emptied, one left, one begun an hour ago;
    and one of September. Twenty-five reminders: six opened, three bought."""
    maya, jonas, wen, ada, tom, old = (one.id for one in make_customers(6))
    begin_cart(maya, NOW - 4 * DAY), order(maya, NOW - 4 * DAY + HOUR)
    begin_cart(jonas, NOW - 4 * DAY), order(jonas, NOW - DAY)
    empty(begin_cart(wen, NOW - 3 * DAY), NOW - 2 * DAY)
    begin_cart(ada, NOW - 25 * HOUR)
    begin_cart(tom, NOW - HOUR)
    begin_cart(old, NOW - 40 * DAY)
    make_reminders("abandoned_cart", 25, opened=6, bought=3)
    make_reminders("price_drop", 4, opened=1)
    make_reminders("launch", 1)
    make_reminders(None, 2, opened=2)


def told() -> list[tuple[str, int, int, int, dict[str, int]]]:
    found = triggers.of(of())
    return [(o.kind, o.figures.sent, o.figures.opened, o.figures.converted, dict(o.figures.revenue)) for o in found]


def test_each_trigger_has_its_own_figures_which_add_up_to_the_total(shop):
    expected = [
        ("abandoned_cart", 25, 6, 3, {"EUR": 15000}),
        ("price_drop", 4, 1, 0, {}),
        ("launch", 1, 0, 0, {}),
        ("others", 2, 2, 0, {}),
    ]
    assert told() == expected
    roll_up()
    assert told() == expected
    assert sum((one.figures for one in triggers.of(of())), Figures()) == reports.total(of())
    assert triggers.of(of(MONTH.before())) == []


def test_mails_of_other_automations_go_by_what_calls_them():
    for n, trigger in enumerate(({"event": "signup"}, {"enters_segment": True}, {"cron": "0 10 * * *"})):
        automation = make_automation(f"A{n}")
        automation.trigger = trigger
        make_mail(make_run(f"run {n}", automation_id=automation.id), n + 1)
    assert {one.kind for one in triggers.of(of())} == {"event:signup", "enters_segment", "cron"}


def test_carts_are_counted_from_their_first_product_to_their_end(shop):
    found = carts.of(MONTH, triggers.only(triggers.of(of()), "abandoned_cart"), NOW)
    assert (found.begun, found.ripe, found.ordered, found.emptied, found.left) == (5, 4, 2, 1, 1)
    assert found.abandoned_rate == 0.5
    assert (found.mailed, found.recovered, found.recovered_rate, found.revenue) == (25, 3, 0.12, {"EUR": 15000})


def test_where_there_are_no_carts_there_are_no_rates():
    found = carts.of(MONTH, Figures(), NOW)
    assert (found.begun, found.abandoned_rate, found.recovered_rate) == (0, None, None)


def test_a_cart_belongs_to_the_day_of_the_team_in_which_it_was_begun():
    begin_cart(make_customers(1)[0].id, datetime(2026, 10, 21, 23, 30, tzinfo=UTC))
    days = {day: Range(date(2026, 10, day), date(2026, 10, day), ZoneInfo("Europe/Berlin")) for day in (21, 22)}
    assert [carts.of(one, Figures(), NOW + 9 * DAY).begun for one in days.values()] == [0, 1]


@pytest.fixture
def pages(client_of, viewer) -> Client:
    return client_of(viewer)


def cut(page: str, name: str) -> str:
    return " ".join(page.partition(f'aria-labelledby="{name}"')[2].partition("</section>")[0].split())


def test_the_page_holds_rates_against_their_targets_and_says_of_how_many(shop, pages: Client):
    page = pages.get(f"/metrics?{OCTOBER}").text
    by_trigger, of_carts = cut(page, "triggers"), cut(page, "carts")
    assert "Abandoned cart" in by_trigger
    assert "over 20 %" in by_trigger
    assert (
        '<td class="num" title="6 of 25 that arrived">24.0 %<span class="set-by"><span class="delta good">reached'
        in by_trigger
    )
    assert (
        '<td class="num" title="1 of 4 that arrived">25.0 %<span class="set-by"><span class="delta ">not enough yet'
        in by_trigger
    )
    assert "3 of 25" in of_carts
    assert "150 EUR" in of_carts
    assert ">reached</span>: the aim is more than 10 %" in of_carts
    assert "Settings" not in by_trigger


def test_other_targets_are_held_against_it(shop, pages: Client):
    targets.save(Targets(opened=30, recovered=12), 0, ADA)
    db.session.commit()
    page = pages.get(f"/metrics?{OCTOBER}").text
    assert '24.0 %<span class="set-by"><span class="delta bad">missed' in cut(page, "triggers")
    assert ">missed</span>: the aim is more than 12 %" in cut(page, "carts")


def test_the_page_says_what_it_was_before(pages: Client):
    make_reminders("browse", 4, opened=1, at=NOW)
    run = make_run("before")
    run.behaviour = "browse"
    change(make_mail(run, 1, NOW - 31 * DAY), opened_at=NOW)
    assert "was 100.0 %" in cut(pages.get(f"/metrics?{OCTOBER}").text, "triggers")


def test_carts_are_shown_before_any_mail_was_sent_and_not_for_one_campaign(pages: Client):
    begin_cart(make_customers(1)[0].id, datetime.now(UTC) - 2 * DAY)
    page = pages.get("/metrics").text
    assert "No mail was sent in these days" in page
    assert "1 of 1" in cut(page, "carts")
    assert 'id="carts"' not in pages.get(f"/metrics?automation={make_automation().id}").text


def exported(pages: Client, path: str) -> list[list[str]]:
    answer = pages.get(f"/metrics/export/{path}")
    return [row[:2] for row in csv.reader(io.StringIO(answer.text.removeprefix("\ufeff")))]


def test_the_triggers_come_as_csv(shop, pages: Client):
    assert exported(pages, f"triggers.csv?{OCTOBER}") == [
        ["trigger", "sent"], ["abandoned_cart", "25"], ["price_drop", "4"], ["launch", "1"], ["others", "2"],
    ]  # fmt: skip


def test_the_carts_come_as_csv(pages: Client):
    for n, person in enumerate(make_customers(3)):
        begin_cart(person.id, datetime.now(UTC) - n * DAY - HOUR)
    assert dict(exported(pages, "carts.csv?range=7d")) == {
        "figure": "count", "begun": "3", "ripe": "2", "ordered": "0", "emptied": "0", "left": "2",
        "mailed": "0", "recovered": "0",
    }  # fmt: skip


def save(client: Client, **changes: str):
    said = {"opened": "20", "clicked": "3", "converted": "2", "abandoned": "70", "recovered": "10", "version": "0"}
    return client.post("/settings/conversions/targets", data=said | changes)


def test_an_admin_changes_the_targets_and_it_is_written_down(client_of, admin):
    ada = client_of(admin)
    assert save(ada, opened="22,5").status_code == 303
    assert targets.read().opened == 22.5
    assert 'value="22.5"' in ada.get("/settings/conversions").text
    entry = db.session.scalars(select(Entry).order_by(Entry.id.desc())).first()
    assert (entry.verb, entry.after) == ("changed", {"opened": 22.5})


@pytest.mark.parametrize("wrong", ["", "much", "101", "-1", "nan"])
def test_a_target_that_is_no_rate_is_explained(client_of, admin, wrong):
    answer = save(client_of(admin), abandoned=wrong)
    assert answer.status_code == 422
    assert "A number from 0 to 100" in answer.text
    assert targets.read() == Targets()


def test_whoever_saves_over_another_is_told(client_of, admin):
    ada = client_of(admin)
    save(ada, opened="25")
    answer = save(ada, opened="30")
    assert answer.status_code == 422
    assert "Somebody else saved" in answer.text
    assert targets.read().opened == 25


def test_only_admins_change_the_targets(client_of, viewer):
    assert save(client_of(viewer)).status_code == 403


def rounds() -> list[tuple[int | None, str | None]]:
    db.session.expire_all()
    found = db.session.execute(select(CartRound.customer_id, CartRound.outcome).order_by(CartRound.id))
    return [(customer_id, outcome) for customer_id, outcome in found]


def test_what_was_bought_before_the_cart_was_theirs_ends_it():
    maya = make_customer("Maya").id
    cart = Cart(session_id="s-1", items=[{"product_id": "tent", "quantity": 1}], occurred_at=NOW - DAY)
    db.session.add(cart)
    db.session.commit()
    order(maya, NOW)
    assert rounds() == [(None, None)]
    cart.customer_id, cart.session_id = maya, None
    db.session.commit()
    assert rounds() == [(maya, "ordered")]


def test_another_owner_begins_no_other_cart():
    maya, noor = (one.id for one in make_customers(2))
    cart = begin_cart(maya, NOW - DAY)
    order(maya, NOW)
    cart.customer_id = noor
    db.session.commit()
    assert rounds() == [(noor, "ordered")]


def test_an_order_ends_one_cart_and_no_other():
    maya, noor = (one.id for one in make_customers(2))
    begin_cart(maya, NOW - DAY), begin_cart(noor, NOW - 2 * DAY)
    order(maya, NOW)
    for owner in (noor, maya):
        db.session.execute(text("UPDATE orders SET customer_id = :owner"), {"owner": owner})
    db.session.commit()
    assert rounds() == [(maya, "ordered"), (noor, None)]
