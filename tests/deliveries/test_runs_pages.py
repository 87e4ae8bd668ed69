"""The pages of runs: how one stands, who is behind each number, and what is done with it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from app.audit import Entry
from app.db import db
from app.deliveries import accounts, directory, runs, stopping
from app.deliveries.batch import Batch
from app.deliveries.delivery import Delivery
from app.deliveries.run import Run
from tests.deliveries import making
from tests.deliveries.making import make_run, make_version, sent
from tests.factories import make_customer, make_customers

HTMX = {"HX-Request": "true"}


@pytest.fixture
def max_(client_of, marketer):
    return client_of(marketer)


@pytest.fixture
def vic(client_of, viewer):
    return client_of(viewer)


def text_of(answer) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.get_data(as_text=True).partition("<main")[2]))


def test_an_empty_list_says_what_comes_here(vic):
    page = vic.get("/runs").get_data(as_text=True)
    assert "Nothing was sent yet" in page
    assert 'href="/runs"' in page


def test_the_list_is_searched_and_filtered(vic):
    version = make_version()
    make_run(version, key="a", segment_name="Warm")
    make_run(version, key="b", segment_name="Cold")
    db.session.execute(update(Run).where(Run.key == "b").values(name="Price drop", state="cancelled"))
    db.session.commit()
    found = vic.get("/runs?q=warm", headers=HTMX).get_data(as_text=True)
    assert "Open day" in found
    assert "Price drop" not in found
    assert "<html" not in found
    assert "Price drop" in vic.get("/runs?filter=state:is:cancelled", headers=HTMX).get_data(as_text=True)
    assert "No run matches" in vic.get("/runs?q=wram").get_data(as_text=True)
    assert "Price drop" in vic.get("/search?q=price").get_data(as_text=True)


def test_the_list_says_how_many_of_its_people_are_done_and_of_a_large_run_how_many_batches(vic, monkeypatch):
    make_customers(150)
    make_customer("Nobody")
    run = make_run()
    of_one_batch = Batch.run_id == run.id, Batch.part == 1
    db.session.execute(update(Delivery).where(Delivery.run_id == run.id, Delivery.part == 1).values(state="accepted"))
    db.session.execute(update(Batch).where(*of_one_batch).values(state="done", waiting_since=None))
    db.session.commit()
    assert "33 %" in text_of(vic.get("/runs"))
    monkeypatch.setattr(directory, "FEW", 10)
    assert "50 %" in text_of(vic.get("/runs"))


def test_the_page_is_a_waterfall_whose_numbers_open_the_people(vic):
    maya, nobody = make_customer(email="maya@posteo.example"), make_customer("Nobody")
    run = make_run()
    sent()
    page = vic.get(f"/runs/{run.id}")
    said = text_of(page)
    for words in ("1 of 1 accepted by the provider", "Planned 2", "Skipped −1", "No e-mail address 1", "Finished"):
        assert words in said, words
    html = page.get_data(as_text=True)
    assert f'href="/runs/{run.id}/people?state=skipped&amp;reason=no_address"' in html
    shown = vic.get(f"/runs/{run.id}/people?state=skipped&reason=no_address").get_data(as_text=True)
    assert f'href="/deliveries/{making.delivery_to(nobody).id}"' in shown
    assert f'href="/deliveries/{making.delivery_to(maya).id}"' not in shown
    assert "No e-mail address" in shown


def test_what_came_back_stands_below_and_opens_its_people(vic):
    """The gravest thing is a mail's state; all that is known of it counts."""
    maya = make_customer(email="maya@posteo.example")
    make_customer("Ben", email="ben@posteo.example")
    run = make_run()
    sent()
    at = datetime.now(UTC)
    came = {"delivered_at": at, "opened_at": at, "clicked_at": at, "complained_at": at}
    theirs = update(Delivery).where(Delivery.customer_id == maya.id)
    db.session.execute(theirs.values(state="complained", **came))
    db.session.commit()
    said = text_of(vic.get(f"/runs/{run.id}"))
    for words in ("Delivered 1 50.0 %", "Opened 1 50.0 %", "Clicked 1 50.0 %", "Complained 1 50.0 %"):
        assert words in said, words
    for what in ("delivered", "opened", "clicked", "complained"):
        shown = vic.get(f"/runs/{run.id}/people?state={what}", headers=HTMX).get_data(as_text=True)
        assert re.findall(r'href="/deliveries/(\d+)"', shown) == [str(making.delivery_to(maya).id)]


def test_it_asks_for_itself_while_it_is_open_and_not_after(vic):
    make_customers(2)
    run = make_run()
    fragment = vic.get(f"/runs/{run.id}", headers=HTMX).get_data(as_text=True)
    assert "<html" not in fragment
    assert 'hx-trigger="every 2s"' in fragment
    sent()
    assert "every 2s" not in vic.get(f"/runs/{run.id}").get_data(as_text=True)


def test_people_are_searched_and_paged(vic):
    make_customers(120)
    run = make_run()
    page = vic.get(f"/runs/{run.id}/people").get_data(as_text=True)
    assert page.count("/deliveries/") == 50
    older = re.search(r'rel="next" hx-get="([^"]+)"', page)
    assert older
    assert "P0050" in vic.get(older[1].replace("&amp;", "&")).get_data(as_text=True)
    found = vic.get(f"/runs/{run.id}/people?q=p0077", headers=HTMX).get_data(as_text=True)
    assert found.count("/deliveries/") == 1
    assert "Nobody of this run" in vic.get(f"/runs/{run.id}/people?filter=state:is:failed").get_data(as_text=True)
    assert vic.get(f"/runs/{run.id}/people?state=lost").status_code == 422


def test_a_marketer_pauses_and_resumes_it(max_):
    make_customers(2)
    run = make_run()
    assert "Pause" in text_of(max_.get(f"/runs/{run.id}"))
    assert max_.post(f"/runs/{run.id}/pause").status_code == 303
    said = text_of(max_.get(f"/runs/{run.id}"))
    assert "Paused by Max." in said
    assert "Resume" in said
    late = max_.post(f"/runs/{run.id}/pause")
    assert (late.status_code, "The run is paused." in text_of(late)) == (409, True)
    max_.post(f"/runs/{run.id}/resume")
    db.session.expire_all()
    assert run.state == "sending"
    verbs = [
        (one.verb, one.actor_name) for one in db.session.query(Entry).filter_by(subject_type="run").order_by(Entry.id)
    ]
    assert verbs == [("paused", "Max"), ("resumed", "Max")]


def test_cancelling_asks_first_and_says_whom_it_touches(max_):
    make_customers(2)
    run = make_run()
    assert "2 people who wait will not get this mail" in text_of(max_.get(f"/runs/{run.id}/cancellation"))
    max_.post(f"/runs/{run.id}/cancellation")
    db.session.expire_all()
    assert run.state == "cancelled"
    assert "Cancelled before it went out 2" in text_of(max_.get(f"/runs/{run.id}"))
    assert max_.get(f"/runs/{run.id}/cancellation").status_code == 303


def test_what_failed_is_tried_again_after_a_question(max_):
    make_customers(2)
    run = make_run()
    sent()
    db.session.execute(update(Delivery).where(Delivery.customer_id == 1).values(state="failed", reason="Mailbox full"))
    db.session.commit()
    said = text_of(max_.get(f"/runs/{run.id}"))
    assert "Mailbox full 1" in said
    assert "Try again…" in said
    assert "1 mail goes out once more" in text_of(max_.get(f"/runs/{run.id}/retries"))
    max_.post(f"/runs/{run.id}/retries")
    sent()
    assert runs.account(run).accepted == 2
    assert max_.post(f"/runs/{run.id}/retries").status_code == 409


def test_a_closed_account_is_said_and_reopened(max_):
    make_customers(2)
    run = make_run()
    accounts.close("outbox", "The key is not valid.", None, datetime.now(UTC))
    db.session.commit()
    said = text_of(max_.get(f"/runs/{run.id}"))
    assert "The account at the provider is closed" in said
    assert "The key is not valid." in said
    max_.post(f"/runs/{run.id}/opening")
    assert accounts.closed("outbox") is None
    assert max_.post(f"/runs/{run.id}/opening").status_code == 404


def test_why_it_waits_and_how_long_it_takes_is_said(vic):
    make_customers(250)
    run = make_run()
    held = making.batch()
    held.error = "Redis, which keeps the pace of sending, is away."
    db.session.commit()
    assert "It waits: Redis" in text_of(vic.get(f"/runs/{run.id}"))
    held.state, held.sealed_ids, held.waiting_since = "done", list(range(100)), None
    held.posted_at = datetime.now(UTC) - timedelta(seconds=10)
    db.session.commit()
    said = text_of(vic.get(f"/runs/{run.id}"))
    assert re.search(r"Rate (9|10) / s", said)
    assert re.search(r"Left about 2\d s", said)


def test_the_big_switch_says_who_threw_it(max_, client_of, viewer):
    vic = client_of(viewer)
    assert "All mail is stopped" not in vic.get("/runs").get_data(as_text=True)
    version = re.search(r'name="version" value="(\d+)"', max_.get("/runs/stop").get_data(as_text=True))
    assert version
    max_.post("/runs/stop", data={"is_stopped": "yes", "version": version[1]})
    db.session.expire_all()
    assert stopping.is_stopped()
    assert "All mail is stopped" in vic.get("/customers").get_data(as_text=True)
    page = max_.get("/runs/stop")
    assert "Max stopped all mail" in text_of(page)
    assert max_.post("/runs/stop", data={"is_stopped": "no", "version": "0"}).status_code == 409
    max_.post("/runs/stop", data={"is_stopped": "no", "version": "1"})
    db.session.expire_all()
    assert not stopping.is_stopped()


def test_who_may_not_send_touches_nothing(client_of, editor, vic):
    run = make_run()
    for client in (client_of(editor), vic):
        verbs = ("pause", "resume", "cancellation", "retries", "opening")
        acts = [client.post(f"/runs/{run.id}/{verb}") for verb in verbs]
        acts += [client.post("/runs/stop"), client.get("/runs/stop")]
        assert {answer.status_code for answer in acts} == {403}
        assert "Pause" not in text_of(client.get(f"/runs/{run.id}"))


def test_one_mail_says_what_became_of_it_and_shows_what_stayed_here(vic):
    maya, nobody = make_customer(email="maya@posteo.example"), make_customer("Nobody")
    make_run()
    sent()
    page = vic.get(f"/deliveries/{making.delivery_to(maya).id}")
    assert "Mail to Maya Lindqvist" in text_of(page)
    assert f'href="/outbox/{making.outbox()[0].id}"' in page.get_data(as_text=True)
    assert "No e-mail address" in text_of(vic.get(f"/deliveries/{making.delivery_to(nobody).id}"))
    assert [vic.get(path).status_code for path in ("/deliveries/99", "/runs/99", f"/runs/{2**70}")] == [404] * 3


def test_a_customer_shows_their_last_mails(vic):
    maya = make_customer(email="maya@posteo.example")
    assert f'hx-get="/customers/{maya.id}/mails"' in vic.get(f"/customers/{maya.id}").get_data(as_text=True)
    assert "No run has planned a mail" in text_of(vic.get(f"/customers/{maya.id}/mails"))
    make_run()
    sent()
    card = vic.get(f"/customers/{maya.id}/mails", headers=HTMX).get_data(as_text=True)
    assert "Open day" in card
    assert "Accepted" in card
    assert "<html" not in card


def test_a_template_that_was_sent_is_not_deleted(max_):
    version = make_version()
    run = make_run(version)
    page = max_.post(f"/templates/{version.template_id}/deletion")
    assert page.status_code == 409
    assert f'href="/runs/{run.id}"' in page.get_data(as_text=True)
