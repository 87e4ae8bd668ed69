"""Settings → Senders: what is known of each domain, when it was found out, what to publish; pages ask nobody."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from sqlalchemy import select, text

from app.audit import Actor, Entry
from app.db import db
from app.deliveries import jobs, verification
from app.deliveries.finding import Finding, Record
from app.deliveries.sender_check import SenderCheck
from app.settings import senders
from tests.provider.name_server import asking, name_server

ADA = Actor("user", 1, "Ada")
HERE = "/settings/senders"
AT = datetime(2026, 11, 21, 9, tzinfo=UTC)


@pytest.fixture
def browser(client_of, admin):
    return client_of(admin)


@pytest.fixture
def sender(app):
    made = senders.add("Campus", "hello@campus.example", "", ADA)
    db.session.commit()
    return made


def page_of(answer: Any) -> str:
    found: str = answer.get_data(as_text=True)
    return found


def finding(state, said="", **more):
    return Finding(state=state, said=said or f"It is {state}.", answered_at=AT, **more)


def know(by="outbox", **found):
    """As the job leaves a row: looked up, and not due for a day."""
    findings = {"provider": finding("good"), **found}
    later = datetime.now(UTC) + timedelta(days=1)
    db.session.merge(
        SenderCheck(
            domain="campus.example",
            provider=by,
            checked_at=datetime.now(UTC) - timedelta(minutes=3),
            findings={kind: msgspec.to_builtins(one) for kind, one in findings.items()},
            waiting_since=later,
            not_before=later,
        )
    )
    db.session.commit()


def test_nothing_is_known_before_the_first_look(browser, sender):
    page = page_of(browser.get(HERE))
    assert "Nobody has looked it up yet" in page
    assert "campus.example" in page


def test_without_a_sender_the_domain_of_the_environment_is_shown(browser):
    page = page_of(browser.get(HERE))
    assert "No senders yet" in page
    assert '<h2 class="wrap-any" id="domain-1">campus.example</h2>' in page


def test_each_domain_says_what_is_there_and_what_to_publish(browser, sender):
    wanted = Record("_dmarc.campus.example", "v=DMARC1; p=none")
    know(
        spf=finding("wrong", "There are 2 SPF records.", found=["v=spf1 mx ~all", "<b>v=spf1</b>"]),
        dkim=finding("good", "The key is there.", unanswered="The DNS did not answer in time."),
        dmarc=finding("missing", "There is none.", publish=[wanted]),
    )
    page = page_of(browser.get(HERE))
    for word in ("There are 2 SPF records.", "v=spf1 mx ~all", "did not answer in time", "3 min</time> ago", "missing"):
        assert word in page
    assert 'value="_dmarc.campus.example" readonly' in page
    assert 'value="v=DMARC1; p=none" readonly' in page
    assert "&lt;b&gt;v=spf1" in page
    assert "hx-trigger" not in page.partition('id="domains"')[2].partition(">")[0]


def test_while_it_is_looked_up_the_fragment_asks_for_itself(browser, sender):
    know()
    answer = browser.post(f"{HERE}/checks", data={"domain": "campus.example"})
    assert answer.headers["Location"] == HERE
    part = page_of(browser.get(HERE, headers={"HX-Request": "true"}))
    assert part.lstrip().startswith('<div class="stack" id="domains" hx-get="/settings/senders" hx-trigger="every 2s"')
    assert "looking it up" in part
    jobs.check_senders()
    assert "hx-trigger" not in page_of(browser.get(HERE, headers={"HX-Request": "true"}))


def test_looking_again_is_for_admins_of_a_domain_of_ours(browser, client_of, marketer, sender):
    assert browser.post(f"{HERE}/checks", data={"domain": "stranger.example"}).status_code == 404
    assert browser.post(f"{HERE}/checks", data={"domain": "campus\0.example"}).status_code == 303
    assert browser.post(f"{HERE}/checks").status_code == 404
    assert client_of(marketer).post(f"{HERE}/checks", data={"domain": "campus.example"}).status_code == 403
    assert [one.verb for one in db.session.scalars(select(Entry).where(Entry.subject_type == "sender domain"))] == [
        "looked up"
    ]


def test_saving_a_sender_looks_its_domain_up_and_tells_what_is_known(browser, app):
    with name_server() as names, asking(app, names):
        browser.post(HERE, data={"name": "Campus", "email": "hello@campus.example"})
        assert "campus.example is looked up now." in page_of(browser.get(HERE))
        jobs.check_senders()
        assert "_dmarc.campus.example" in names.asked
    page = page_of(browser.get(f"{HERE}/1/edit"))
    assert "There is no SPF record at campus.example." in page
    browser.post(f"{HERE}/1", data={"name": "Campus", "email": "hello@other.example"})
    assert set(db.session.scalars(select(SenderCheck.domain))) == {"other.example"}


def test_saving_a_sender_that_the_provider_refuses_says_so(browser, app, sender):
    before = app.extensions["config"]
    app.extensions["config"] = dataclasses.replace(before, mail_provider="resend", resend_api_key="re_1")
    try:
        know("resend", provider=finding("refused", "Resend does not know campus.example."))
        browser.post(f"{HERE}/{sender.id}", data={"name": "New", "email": "hello@campus.example"})
        assert "hello@campus.example saved. Resend does not know campus.example." in page_of(browser.get(HERE))
    finally:
        app.extensions["config"] = before


def test_a_page_asks_nobody(browser, app, sender):
    with name_server() as names, asking(app, names):
        verification.settle(datetime.now(UTC))
        db.session.commit()
        for path in (HERE, f"{HERE}/new", f"{HERE}/{sender.id}/edit"):
            assert browser.get(path).status_code == 200
        assert names.asked == []


def test_a_look_up_that_broke_off_is_said(browser, sender):
    know()
    db.session.execute(text("UPDATE sender_checks SET error = 'It took longer than a job may take.'"))
    db.session.commit()
    assert "came to nothing. It took longer than a job may take." in page_of(browser.get(HERE))
