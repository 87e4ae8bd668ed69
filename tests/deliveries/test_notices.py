"""A notice is handed over once, whenever its worker dies."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from app.audit.actor import COMMAND_LINE
from app.claims import NotYet, Refused
from app.db import db
from app.deliveries import jobs, local_outbox, notices
from app.deliveries.notice import Notice
from app.deliveries.outbox_message import OutboxMessage
from app.deliveries.providers import Outcome
from tests.factories import NOW
from tests.provider.running import carries, inside

NOON = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)


def written(*to: str) -> list[Notice]:
    found = notices.write("test", to or ("max@campus.example",), "[Test] Hello", "<p>Hello</p>", "Hello", COMMAND_LINE)
    db.session.commit()
    return found


def mails() -> int:
    return db.session.scalar(select(func.count()).select_from(OutboxMessage)) or 0


def test_a_notice_lands_in_the_outbox_once(app):
    notice = written()[0]
    assert jobs.post_notices() == 1
    assert jobs.post_notices() == 0
    assert mails() == 1
    kept = db.session.get_one(Notice, notice.id, populate_existing=True)
    assert kept.sent_at is not None
    assert kept.provider_id.startswith("outbox-")
    message = db.session.scalars(select(OutboxMessage)).one()
    assert (message.to_email, message.subject, message.text) == ("max@campus.example", "[Test] Hello", "Hello")


def test_killed_between_post_and_record_it_is_still_one_mail(app):
    notice = written()[0]
    provider = notices.carrier()
    mail = notices._mail(notice)
    provider.post(provider.pack([mail]), mail.key)
    db.session.commit()  # the provider has it; the record was never written
    db.session.expire_all()
    assert db.session.get_one(Notice, notice.id).sent_at is None
    assert jobs.post_notices() == 1
    assert mails() == 1
    assert db.session.get_one(Notice, notice.id, populate_existing=True).sent_at is not None


def test_the_same_address_twice_is_one_notice(app):
    assert len(written("max@campus.example", "eda@campus.example", "max@campus.example")) == 2


def test_what_a_provider_refuses_says_why(app, monkeypatch):
    class Refusing:
        name, is_idempotent, batch_size = "refusing", True, 10

        def pack(self, _mails):
            return b""

        def post(self, _packed, _key):
            return [Outcome(refused="This address does not exist.")]

    notice = written()[0]
    monkeypatch.setattr(notices, "carrier", Refusing)
    with pytest.raises(Refused, match="does not exist"):
        notices.post(notice.id, NOW)
    assert jobs.post_notices() == 0
    assert db.session.get_one(Notice, notice.id, populate_existing=True).error == "This address does not exist."


def test_old_mail_leaves_the_outbox_and_new_stays(app):
    written("old@campus.example", "new@campus.example")
    jobs.post_notices()
    old = db.session.scalars(select(OutboxMessage).where(OutboxMessage.to_email == "old@campus.example")).one()
    old.created_date = NOON - local_outbox.KEPT - (NOON - datetime(2026, 11, 2, 11, 0, tzinfo=UTC))
    db.session.commit()
    assert local_outbox.forget_old(NOON) == 1
    db.session.commit()
    assert [m.to_email for m in db.session.scalars(select(OutboxMessage))] == ["new@campus.example"]


@pytest.fixture
def resend(app):
    with inside(rate=0) as provider, carries(app, provider.url):
        yield provider


def of(notice: Notice) -> Notice:
    return db.session.get_one(Notice, notice.id, populate_existing=True)


def test_resend_carries_it_when_it_is_the_provider(resend):
    notice = written()[0]
    assert jobs.post_notices() == 1
    assert [mail["recipient"] for mail in resend.mails] == ["max@campus.example"]
    assert of(notice).provider_id == resend.mails[0]["id"]


def test_an_answer_that_did_not_come_is_asked_for_again_and_it_is_one_mail(resend):
    notice = written()[0]
    resend.fails("cut")
    with pytest.raises(NotYet):
        notices.post(notice.id, notice.created_date)
    notices.post(notice.id, notice.created_date)
    assert resend.counts["mails"] == 1
    assert {call["key"] for call in resend.calls} == {resend.mails[0]["key"]}


def test_an_answer_that_did_not_come_for_a_day_is_asked_for_no_more(resend):
    notice = written()[0]
    resend.fails("html")
    with pytest.raises(Refused, match="may have been sent"):
        notices.post(notice.id, notice.created_date + timedelta(hours=23))


@pytest.mark.parametrize(
    ("kind", "wait"),
    [("rate_limit_exceeded", 1), ("concurrent_idempotent_requests", 1), ("monthly_quota_exceeded", 60)],
)
def test_a_provider_that_takes_nothing_now_is_asked_later(resend, kind, wait):
    notice = written()[0]
    resend.fails(kind)
    with pytest.raises(NotYet) as not_yet:
        notices.post(notice.id, notice.created_date)
    assert not_yet.value.wait == timedelta(seconds=wait)


def test_what_will_never_go_is_set_aside(resend):
    notice = written()[0]
    resend.fails("validation_error")
    assert jobs.post_notices() == 0
    assert of(notice).failed_at is not None
    assert "validation_error" in of(notice).error
