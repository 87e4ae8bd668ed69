"""Settings → Topics: what a new customer is subscribed to, and how many said what."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from app.audit import SYSTEM, Entry
from app.consent import preferences
from app.consent.preferences import Word
from app.db import db
from app.settings import subscribing, topics
from tests.factories import make_customer

NOW = datetime(2026, 11, 3, 10, tzinfo=UTC)
HTMX = {"HX-Request": "true"}


@pytest.fixture
def browser(client_of, admin):
    return client_of(admin)


def text_of(answer) -> str:
    return answer.get_data(as_text=True)


def changes(kind: str) -> list[Entry]:
    return list(db.session.scalars(select(Entry).where(Entry.subject_type == kind).order_by(Entry.id)))


def test_the_team_decides_that_new_customers_are_asked_first(browser):
    answer = browser.post("/settings/topics/subscribing", data={"asks_first": "1", "version": "0"})
    assert answer.status_code == 303
    db.session.expire_all()
    assert subscribing.read().asks_first is True
    assert changes("settings")[0].after == {"asks_first": True}
    page = text_of(browser.get("/settings/topics"))
    assert "New customers are asked first." in page
    assert page.index("checked") > page.index('value="1"')


@pytest.mark.parametrize("sent", [{}, {"asks_first": ""}, {"asks_first": "2"}, {"asks_first": "<b>"}])
def test_neither_of_the_two_is_refused(browser, sent):
    answer = browser.post("/settings/topics/subscribing", data={**sent, "version": "0"})
    assert answer.status_code == 422
    assert "needs another look" in text_of(answer)
    assert subscribing.read().asks_first is False


def test_who_saves_over_somebody_else_is_told(browser):
    browser.post("/settings/topics/subscribing", data={"asks_first": "1", "version": "0"})
    late = browser.post("/settings/topics/subscribing", data={"asks_first": "0", "version": "0"})
    assert late.status_code == 422
    assert "Somebody else saved" in text_of(late)
    db.session.expire_all()
    assert subscribing.read().asks_first is True


def test_a_topic_goes_to_everybody_or_only_on_request(browser):
    topic = topics.called("newsletter")
    browser.post(f"/settings/topics/{topic.id}", data={"name": "Newsletter"})
    db.session.expire_all()
    assert topics.called("newsletter").is_on is False
    entry = changes("topic")[0]
    assert (entry.before["on_by_default"], entry.after["on_by_default"]) == (True, False)
    assert text_of(browser.get("/settings/topics")).count("Only on request") == 2  # on a desk and on a phone
    customer = make_customer(email="maya@mail.example")
    assert preferences.as_said(customer.id)["newsletter"] is False


def test_a_new_topic_says_for_whom_it_is(browser):
    browser.post("/settings/topics", data={"slug": "visits", "name": "Visits", "is_on": "1"})
    browser.post("/settings/topics", data={"slug": "talks", "name": "Talks"})
    assert [topics.called(slug).is_on for slug in ("visits", "talks")] == [True, False]
    assert changes("topic")[0].after["on_by_default"] is True


def test_the_master_stays_on_by_default(browser):
    master = topics.called("marketing")
    assert "is_on" not in text_of(browser.get(f"/settings/topics/{master.id}/edit"))
    browser.post(f"/settings/topics/{master.id}", data={"name": "All mail"})
    db.session.expire_all()
    assert (master.name, master.is_on) == ("All mail", True)


def test_the_list_says_how_many_said_yes_and_no(browser):
    newsletter = topics.called("newsletter")
    for number, is_given in enumerate((True, False, False)):
        customer = make_customer(email=f"p{number}@mail.example")
        preferences.say(customer.id, {newsletter.id: is_given}, Word("page", "preference page", NOW))
    db.session.commit()
    page = text_of(browser.get("/settings/topics"))
    assert "1 said yes · 2 said no" in page
    assert "nobody said anything" in page


def test_words_of_a_topic_are_words_and_no_html(browser):
    topic = topics.called("newsletter")
    topics.change(topic, "<b onclick=x>Offers</b>", "<script>alert(1)</script>", SYSTEM)
    db.session.commit()
    for path in ("/settings/topics", f"/settings/topics/{topic.id}/edit"):
        page = text_of(browser.get(path))
        assert "<b onclick" not in page
        assert "<script>alert" not in page
        assert "&lt;b onclick" in page


def test_htmx_gets_the_rows_alone(browser):
    fragment = text_of(browser.get("/settings/topics", headers=HTMX))
    assert "<html" not in fragment
    assert 'id="topics"' in fragment


def test_only_an_admin_decides(client_of, marketer, viewer):
    for user in (marketer, viewer):
        answer = client_of(user).post("/settings/topics/subscribing", data={"asks_first": "1", "version": "0"})
        assert answer.status_code == 403
    assert subscribing.read().asks_first is False
