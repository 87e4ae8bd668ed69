"""A notice is handed over once, whenever its worker dies."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from app.audit.actor import COMMAND_LINE
from app.claims import NotYet, Refused
from app.db import db
from app.deliveries import accounts, carriers, jobs, local_outbox, notices, stopping
from app.deliveries.notice import Notice
from app.deliveries.outbox_message import OutboxMessage
from app.deliveries.providers import Outcome
from tests.provider.running import carries, inside

NOON = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)


def written(*to: str) -> list[Notice]:
    found = notices.write("test", to or ("max@campus.example",), "[Test] Hello", "<p>Hello</p>", "Hello", COMMAND_LINE)
    db.session.commit()
    return found


def post(notice: Notice, now: datetime | None = None) -> None:
    """Step by step, each committed, as the loop does."""
    for _ in notices.post(notice.id, now or notice.created_date):
        db.session.commit()
    db.session.commit()


def due() -> None:
    db.session.execute(update(Notice).values(not_before=func.now()))
    db.session.commit()


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
    provider = carriers.carrier()
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
    monkeypatch.setattr(carriers, "carrier", Refusing)
    with pytest.raises(Refused, match="does not exist"):
        post(notice)
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
        post(notice)
    post(notice)
    assert resend.counts["mails"] == 1
    assert {call["key"] for call in resend.calls} == {resend.mails[0]["key"]}


def test_an_answer_that_did_not_come_for_a_day_is_asked_for_no_more(resend):
    notice = written()[0]
    resend.fails("html")
    late = notice.created_date + timedelta(days=3)
    with pytest.raises(NotYet):
        post(notice, late)
    with pytest.raises(Refused, match="may have been sent"):
        post(notice, late + timedelta(hours=23))


@pytest.mark.parametrize(
    ("kind", "wait"),
    [("rate_limit_exceeded", 1), ("concurrent_idempotent_requests", 1), ("monthly_quota_exceeded", 5)],
)
def test_a_provider_that_takes_nothing_now_is_asked_later(resend, kind, wait):
    notice = written()[0]
    resend.fails(kind)
    with pytest.raises(NotYet) as not_yet:
        post(notice)
    assert not_yet.value.wait == timedelta(seconds=wait)
    assert of(notice).posted_at is None


def test_what_will_never_go_is_set_aside(resend):
    notice = written()[0]
    resend.fails("validation_error")
    assert jobs.post_notices() == 0
    assert of(notice).failed_at is not None
    assert "validation_error" in of(notice).error


def test_a_refused_account_is_closed_and_notices_wait_until_it_opens(resend):
    notice, other = written("max@campus.example", "eda@campus.example")
    resend.fails("invalid_api_key")
    for _ in range(2):
        due()
        assert jobs.post_notices() == 0
    assert accounts.closed("resend").closed_for
    assert "invalid_api_key" in of(notice).error
    assert len(resend.calls) == 1
    assert (of(notice).attempts, of(other).attempts) == (0, 0)
    accounts.reopen("resend", COMMAND_LINE)
    due()
    assert jobs.post_notices() == 2
    assert resend.counts["mails"] == 2


def test_while_all_mail_is_stopped_notices_wait_too(app):
    written()
    stopping.throw(True, 0, COMMAND_LINE)
    db.session.commit()
    assert jobs.post_notices() == 0
    assert mails() == 0
    stopping.throw(False, 1, COMMAND_LINE)
    db.session.commit()
    due()
    assert jobs.post_notices() == 1
    assert mails() == 1


def test_no_transaction_is_open_while_it_is_posted(app, monkeypatch):
    seen = []

    class Watching:
        name, is_idempotent, batch_size = "outbox", True, 1

        def pack(self, _mails):
            return b""

        def post(self, _packed, _key):
            waits = "state = 'idle in transaction' AND pid <> pg_backend_pid()"
            with db.engine.connect() as connection:
                open_ones = f"SELECT count(*) FROM pg_stat_activity WHERE {waits} AND datname = current_database()"
                seen.append(connection.exec_driver_sql(open_ones).scalar())
            return [Outcome(id="1")]

    written()
    monkeypatch.setattr(carriers, "carrier", Watching)
    assert jobs.post_notices() == 1
    assert seen == [0]


def test_the_same_bytes_go_again_though_the_sender_has_changed_since(resend, monkeypatch):
    notice = written()[0]
    resend.fails("cut")
    with pytest.raises(NotYet):
        post(notice)
    monkeypatch.setattr(notices, "sender", lambda: "Else <else@campus.example>")
    post(notice)
    assert resend.counts["mails"] == 1
    assert of(notice).sent_at is not None
