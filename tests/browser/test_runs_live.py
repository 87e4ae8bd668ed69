"""A run while it goes: its page follows by itself, is paused, resumed and left; and every page of it is sound."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect
from sqlalchemy import text, update

from app.db import db
from app.deliveries import accounts, jobs
from app.deliveries.batch import Batch
from app.deliveries.delivery import Delivery
from app.deliveries.filling import Whom
from app.deliveries.run import Run
from tests.browser.conftest import SCREENS
from tests.browser.test_every_page import look
from tests.deliveries.making import make_run, make_version

pytestmark = pytest.mark.browser
WARM = Whom("SELECT id AS customer_id FROM customers WHERE erased_at IS NULL AND id <= 700")


@pytest.fixture
def made(migrated, product) -> Iterator[Callable[..., int]]:
    def make(key: str, whom: Whom = WARM) -> int:
        with migrated.app_context():
            return make_run(make_version(), whom, key, segment_name="Warm applicants").id

    yield make
    with migrated.app_context():
        db.session.execute(text("TRUNCATE runs, deliveries, alerts CASCADE"))
        db.session.execute(text("UPDATE provider_accounts SET closed_for = NULL"))
        db.session.commit()


def half_way(run_id: int) -> None:
    """Three batches are out, one mail was refused, two have no answer."""
    done = update(Batch).where(Batch.run_id == run_id, Batch.part < 3)
    moment = datetime.now(UTC) - timedelta(seconds=40)
    db.session.execute(done.values(state="done", waiting_since=None, posted_at=moment, sealed_ids=list(range(100))))
    theirs = update(Delivery).where(Delivery.run_id == run_id)
    db.session.execute(theirs.where(Delivery.part < 3).values(state="accepted", accepted_at=moment))
    for place, fate in enumerate((("failed", "Mailbox full"), ("failed", "render"), ("uncertain", "No answer came."))):
        one = Delivery.id.in_(
            db.session.scalars(
                text("SELECT id FROM deliveries WHERE run_id = :run AND part = 1 ORDER BY id OFFSET :n LIMIT 4"),
                {"run": run_id, "n": place * 4},
            ).all()
        )
        db.session.execute(theirs.where(one).values(state=fate[0], reason=fate[1], accepted_at=None))
    db.session.commit()


def test_a_run_is_followed_paused_and_finished(visit, made, migrated):
    run_id = made("followed")
    with migrated.app_context():
        half_way(run_id)
    visitor = visit()
    visitor.sign_in("max")
    page = visitor.open(f"/runs/{run_id}")
    expect(page.locator("h1 + .badge")).to_have_text("Sending")
    page.click("text=Pause")
    expect(page.locator("h1 + .badge")).to_have_text("Paused")
    expect(page.locator("main")).to_contain_text("Paused by Max.")
    page.click("text=Resume")
    expect(page.locator("h1 + .badge")).to_have_text("Sending")
    with migrated.app_context():
        jobs.send()
    expect(page.locator("h1 + .badge")).to_have_text("Finished")
    expect(page.locator("#run")).not_to_have_attribute("hx-trigger", "every 2s")
    page.click("main >> text=Mailbox full")
    expect(page.locator("#results tbody tr")).to_have_count(4)
    page.click("#results tbody tr:first-child a")
    expect(page.locator("main")).to_contain_text("What became of it")
    assert visitor.complaints == []


@pytest.mark.parametrize(("width", "theme"), SCREENS)
def test_the_pages_of_a_run_are_sound(visit, made, migrated, width, theme):
    going, over, stopped = made("going"), made("over"), made("stopped")
    with migrated.app_context():
        half_way(going)
        half_way(stopped)
        failed = {"state": "failed", "state_reason": "Its segment was deleted."}
        db.session.execute(update(Run).where(Run.id == over).values(failed))
        db.session.commit()
        first = text("SELECT id, customer_id FROM deliveries WHERE state = 'accepted' ORDER BY id LIMIT 1")
        delivery, customer = db.session.execute(first).one()
    pages = {
        "run": f"/runs/{going}",
        "run-failed": f"/runs/{over}",
        "runs-some": "/runs",
        "run-people": f"/runs/{going}/people?state=skipped",
        "run-people-no-match": f"/runs/{going}/people?q=wram",
        "run-cancellation": f"/runs/{going}/cancellation",
        "run-retries": f"/runs/{going}/retries",
        "delivery": f"/deliveries/{delivery}",
        "customer-mails-some": "/customers/1/mails",
        "customer-mail-some": f"/customers/{customer}?show=mail",
        "run-why": f"/runs/{going}/why?q=an",
        "why-mail": f"/customers/{customer}/why?delivery={delivery}",
    }
    visitor = visit(width, theme)
    visitor.sign_in()
    faults = [fault for name, path in pages.items() for fault in look(visitor, name, path, f"{width}-{theme}")]
    with migrated.app_context():
        accounts.close("outbox", "You have reached your daily quota.", None, datetime.now(UTC))
        db.session.commit()
    faults += look(visitor, "run-closed", f"/runs/{stopped}", f"{width}-{theme}")
    assert faults == []
