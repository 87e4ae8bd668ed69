"""On Monday at eight whoever wants it gets last week's figures once; a late machine sends them until Tuesday noon."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from app.accounts import users
from app.alerts import keeping as alerts
from app.audit.actor import COMMAND_LINE
from app.db import db
from app.deliveries.notice import Notice
from app.metrics import reports
from app.metrics.ranges import Range
from app.metrics.scope import Scope
from app.ops import monday
from app.wording import percent
from tests.factories import make_customers
from tests.metrics.making import BERLIN, HOUR, make_automation, make_credit, make_mail, make_run, move_to, roll_up

EIGHT = datetime(2026, 10, 26, 7, tzinfo=UTC)  # in Berlin, a day after its clocks were set back
WEEK = Range(date(2026, 10, 19), date(2026, 10, 25), BERLIN)


@pytest.fixture
def ada(admin):
    users.want_monday_mail(admin, True, COMMAND_LINE)
    move_to("Europe/Berlin")
    return admin


def sent_at(now: datetime) -> int:
    count = monday.send(now)
    db.session.commit()
    return count


def mail() -> Notice:
    return db.session.scalars(select(Notice)).one()


def test_it_comes_once_at_eight_and_until_tuesday_noon(ada, viewer):
    assert sent_at(EIGHT - timedelta(seconds=1)) == 0
    assert [sent_at(EIGHT), sent_at(EIGHT + HOUR), sent_at(EIGHT + 27 * HOUR)] == [1, 0, 0]
    assert mail().to_email == ada.email
    assert sent_at(EIGHT + timedelta(days=7)) == 1
    assert sent_at(EIGHT + timedelta(days=14, hours=28)) == 0  # Tuesday noon
    assert sent_at(EIGHT + timedelta(days=14, hours=28, seconds=-1)) == 1


def test_however_many_clocks_ring_it_is_one_mail(app, ada):
    at_once = threading.Barrier(4)

    def ring() -> None:
        with app.app_context():
            at_once.wait()
            sent_at(EIGHT)

    threads = [threading.Thread(target=ring) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert mail().to_email == ada.email


def test_its_figures_are_those_of_the_page(ada):
    ids = [one.id for one in make_customers(4)]
    runs = [make_run(f"run {n}", automation_id=make_automation(f"Mail {n} <&>").id) for n in range(4)]
    for n, run in enumerate(runs):
        at = datetime(2026, 10, 19 + n, 10, tzinfo=UTC)
        made = [make_mail(run, one, at, opened_at=at, clicked_at=at if place < n else None)
                for place, one in enumerate(ids)]  # fmt: skip
        make_credit(made[0], 4900)
    make_mail(runs[0], ids[0], datetime(2026, 10, 12, 10, tzinfo=UTC), occasion="before")
    roll_up()
    sent_at(EIGHT)
    week = reports.total(Scope(WEEK))
    for said in (f"Sent: {week.sent} (the week before: 1)", f"Clicked: {percent(week.clicked_rate)}", "196.00 EUR"):
        assert said in mail().text
    assert week.sent == 16
    assert [line.partition(":")[0] for line in mail().text.splitlines() if line[:2] in ("1.", "2.", "3.", "4.")] == [
        "1. Mail 3 <&>", "2. Mail 2 <&>", "3. Mail 1 <&>",
    ]  # fmt: skip
    assert "Mail 3 &lt;&amp;&gt;" in mail().html
    assert "/metrics?range=custom&from=2026-10-19&to=2026-10-25" in mail().text


def test_it_says_what_needs_a_person_to_those_who_can_do_something_about_it(ada, viewer):
    users.want_monday_mail(viewer, True, COMMAND_LINE)
    alerts.sound("run-failed:1", "A run failed", "", "/runs/1")
    sent_at(EIGHT)
    said = {one.to_email: one.text for one in db.session.scalars(select(Notice))}
    assert all("– A run failed" in one for one in said.values())
    assert "The postal address is missing" in said[ada.email]
    assert "The postal address is missing" not in said[viewer.email]


def test_everybody_subscribes_for_themselves(client_of, viewer):
    client = client_of(viewer)
    assert 'name="monday_mail" value="1">' in client.get("/account").text
    client.post("/account/monday-mail", data={"monday_mail": "1"})
    assert 'name="monday_mail" value="1" checked>' in client.get("/account").text
    client.post("/account/monday-mail", data={})
    db.session.refresh(viewer)
    assert not viewer.wants_monday_mail
