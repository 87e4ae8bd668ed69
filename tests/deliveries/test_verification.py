"""The domains of senders: looked up by the clock and by a button, kept; no answer is never taken for a no."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from sqlalchemy import select, text

from app.alerts.alert import Alert
from app.audit import Actor
from app.db import db
from app.deliveries import jobs, pace, verification
from app.deliveries.finding import KINDS, Finding
from app.deliveries.providers import resend_domains, resend_reading
from app.deliveries.sender_check import SenderCheck
from app.emulator import shelf
from app.outgoing import MailServer
from app.settings import senders
from tests.provider.name_server import asking, name_server
from tests.provider.running import carries, inside

ADA = Actor("user", 1, "Ada")
HERE = "campus.example"
KEY = next(one["value"] for one in shelf.whole(shelf.domain(HERE, "verified"))["records"] if one["record"] == "DKIM")
IN_ORDER = {
    f"send.{HERE}": ["v=spf1 include:amazonses.com ~all"],
    f"resend._domainkey.{HERE}": [KEY],
    f"_dmarc.{HERE}": ["v=DMARC1; p=none"],
}


@pytest.fixture
def names(app):
    with name_server() as names, asking(app, names):
        yield names


@pytest.fixture
def provider():
    with inside(rate=0) as running:
        yield running


@pytest.fixture
def resend(app, names, provider, monkeypatch):
    monkeypatch.setattr(pace, "AT_FIRST", 1_000)
    with carries(app, provider.url):
        yield provider


@pytest.fixture
def sender(app):
    made = senders.add("Campus, Berlin", f"hello@{HERE}", "", ADA)
    db.session.commit()
    return made


def now():
    return datetime.now(UTC)


def looked(domain=HERE):
    """The clock comes round, and the worker looks at its table."""
    verification.settle(now())
    db.session.execute(text("UPDATE sender_checks SET not_before = now(), waiting_since = now()"))
    db.session.commit()
    jobs.check_senders()
    db.session.expire_all()
    return verification.of(f"a@{domain}")


def row():
    return db.session.scalars(select(SenderCheck).execution_options(populate_existing=True)).one()


def states(known):
    return {kind: finding.state for kind, finding in known.findings.items()}


def all_of(state):
    return dict.fromkeys(KINDS, state)


class TestWhich:
    def test_the_domain_of_each_sender_once_and_no_other(self, app, sender):
        senders.add("News", f"news@{HERE.upper()}", "", ADA)
        senders.add("Events", "a@events.example", "", ADA)
        verification.settle(now())
        assert sorted(db.session.scalars(select(SenderCheck.domain))) == [HERE, "events.example"]
        for one in senders.everyone():
            if one.email.lower().endswith(HERE):
                senders.remove(one, ADA)
        verification.settle(now())
        assert "events.example" in set(db.session.scalars(select(SenderCheck.domain)))

    def test_without_a_default_sender_that_of_the_environment(self, app, sender):
        app.extensions["config"] = dataclasses.replace(
            before := app.extensions["config"], mail_from="Campus, Berlin <mail@env.example>"
        )
        try:
            verification.settle(now())
            assert set(db.session.scalars(select(SenderCheck.domain))) == {HERE}
            senders.remove(sender, ADA)
            verification.settle(now())
            assert set(db.session.scalars(select(SenderCheck.domain))) == {"env.example"}
        finally:
            app.extensions["config"] = before

    @pytest.mark.parametrize(
        ("mailbox", "domain"),
        [
            ("a@Campus.Example", HERE),
            ("Campus, Berlin <a@campus.example>", HERE),
            ('"A, B" <a@campus.example> ', HERE),
            ("Campus", ""),
            ("", ""),
            ("a@grüße.example", "xn--gre-6ka8l.example"),
        ],
    )
    def test_the_domain_of_a_mailbox(self, mailbox, domain):
        assert verification.domain_of(mailbox) == domain


class TestWithResend:
    def test_all_is_in_order(self, resend, names, sender):
        names.texts.update(IN_ORDER)
        known = looked()
        assert states(known) == all_of("good")
        assert (known.is_settled, known.state, known.is_due) == (True, "good", False)
        assert verification.worries(f"Campus <hello@{HERE}>") == []

    def test_what_is_missing_comes_with_what_to_publish(self, resend, names, sender):
        known = looked()
        assert states(known) == {"provider": "good", "spf": "missing", "dkim": "missing", "dmarc": "missing"}
        assert {kind: one.publish[0].name for kind, one in known.findings.items() if one.publish} == {
            "spf": f"send.{HERE}",
            "dkim": f"resend._domainkey.{HERE}",
            "dmarc": f"_dmarc.{HERE}",
        }
        assert known.findings["dkim"].publish[0].value == KEY
        assert len(verification.worries(f"hello@{HERE}")) == 3
        assert verification.refusal(f"hello@{HERE}") == ""

    @pytest.mark.parametrize(
        ("status", "state"),
        [
            ("verified", "good"),
            ("partially_verified", "good"),
            ("not_started", "pending"),
            ("pending", "pending"),
            ("temporary_failure", "pending"),
            ("something new", "pending"),
            ("failed", "refused"),
        ],
    )
    def test_its_status_in_our_words(self, resend, sender, status, state):
        resend.set(domain_status={HERE: status})
        assert looked().findings["provider"].state == state
        assert bool(verification.refusal(f"hello@{HERE}")) == (state == "refused")

    def test_a_domain_that_it_does_not_list_is_refused(self, resend, sender):
        resend.set(domains=["other.example", f"news.{HERE}", "example"])
        assert "does not know campus.example" in looked().findings["provider"].said
        assert verification.refusal(f"hello@{HERE}")

    def test_a_refusal_is_an_alert_until_it_is_over_or_nobody_sends_from_there(self, resend, sender):
        def standing():
            return [one.title for one in db.session.scalars(select(Alert).where(Alert.settled_at.is_(None)))]

        resend.set(domain_status={HERE: "failed"})
        looked()
        assert standing() == [f"The provider takes no mail from {HERE}"]
        resend.set(domain_status={})
        looked()
        assert standing() == []
        resend.set(domain_status={HERE: "failed"})
        looked()
        senders.change(sender, "Campus", "hello@other.example", "", ADA)
        verification.settle(now())
        db.session.commit()
        assert standing() == []

    def test_its_own_domain_for_trials_is_not_refused(self, resend, app):
        senders.add("Trial", "onboarding@resend.dev", "", ADA)
        assert looked("resend.dev").findings["provider"].state == "pending"

    def test_it_is_found_on_a_later_page(self, resend, sender, monkeypatch):
        monkeypatch.setattr(resend_domains, "A_PAGE", 2)
        resend.set(domains=[f"n{n}.example" for n in range(5)] + [HERE])
        assert looked().findings["provider"].state == "good"

    def test_a_list_that_was_not_read_to_its_end_refuses_nobody(self, resend, sender, monkeypatch):
        monkeypatch.setattr(resend_domains, "A_PAGE", 1)
        monkeypatch.setattr(resend_domains, "PAGES", 2)
        resend.set(domains=["a.example", "b.example", "c.example"])
        assert looked().findings["provider"].state == "unanswered"

    def test_an_answer_without_end_is_none(self, resend, sender, monkeypatch):
        monkeypatch.setattr(resend_reading, "LARGEST", 1000)
        resend.set(domains=[f"n{n}.example" for n in range(50)])
        assert looked().findings["provider"].said == "Resend's answer is too long to be read."

    @pytest.mark.parametrize(
        "fault",
        ["internal_server_error", "rate_limit_exceeded", "html", "garbled", "truncated", "cut", "empty", "reset"],
    )
    def test_no_answer_leaves_the_last_one(self, resend, sender, fault):
        before = looked().findings["provider"]
        resend.set(domains=[])
        resend.fails(fault, of="domains", times=None)
        after = looked().findings["provider"]
        assert (after.state, after.answered_at, bool(after.unanswered)) == ("good", before.answered_at, True)
        resend.heals()
        assert looked().findings["provider"].state == "refused"

    @pytest.mark.parametrize("fault", ["internal_server_error", "html", "reset"])
    def test_no_answer_at_all_refuses_nobody(self, resend, sender, fault):
        resend.fails(fault, of="domains", times=None)
        known = looked()
        assert known.findings["provider"].state == "unanswered"
        assert verification.refusal(f"hello@{HERE}") == ""
        assert any(one.startswith(f"Provider of {HERE}") for one in verification.worries(f"hello@{HERE}"))

    def test_no_answer_does_not_lift_a_refusal(self, resend, sender):
        resend.set(domain_status={HERE: "failed"})
        looked()
        resend.fails("internal_server_error", of="domains", times=None)
        looked()
        assert verification.refusal(f"hello@{HERE}")

    def test_a_key_that_may_only_send_refuses_nobody_whatever_another_said(self, resend, sender):
        resend.set(domains=[])
        assert looked().findings["provider"].state == "refused"
        resend.set(is_restricted=True)
        found = looked().findings["provider"]
        assert (found.state, found.unanswered) == ("unanswered", "")
        assert "may only send" in found.said

    def test_a_key_that_is_wrong_refuses_no_domain(self, resend, sender):
        resend.set(api_key="another")
        assert looked().findings["provider"].state == "unanswered"

    def test_without_its_records_the_usual_ones_are_looked_for(self, resend, names, sender):
        names.texts.update(IN_ORDER)
        resend.set(is_restricted=True)
        assert states(looked()) == {"provider": "unanswered", "spf": "good", "dkim": "good", "dmarc": "good"}

    @pytest.mark.parametrize(
        ("relative", "domain", "whole"),
        [
            ("send", HERE, f"send.{HERE}"),
            ("send.news", f"news.{HERE}", f"send.news.{HERE}"),
            ("resend._domainkey.news", f"news.{HERE}", f"resend._domainkey.news.{HERE}"),
            ("send", "send.de", "send.send.de"),
            (f"send.{HERE}.", HERE, f"send.{HERE}"),
            ("@", HERE, HERE),
        ],
    )
    def test_the_names_of_its_records_are_made_whole(self, relative, domain, whole):
        assert resend_domains._whole(relative, domain) == whole


class TestWithOthers:
    def test_where_nothing_leaves_this_machine_nothing_is_a_worry(self, names, sender):
        assert states(looked()) == {"provider": "nothing", "spf": "missing", "dkim": "nothing", "dmarc": "missing"}
        assert verification.worries(f"hello@{HERE}") == []
        assert verification.refusal(f"hello@{HERE}") == ""

    @pytest.mark.parametrize(
        ("host", "record"),
        [
            ("mail.campus.example", ["v=spf1 a:mail.campus.example ~all"]),
            ("9.9.9.9", ["v=spf1 ip4:9.9.9.9 ~all"]),
            ("2620:fe::fe", ["v=spf1 ip6:2620:fe::fe ~all"]),
            ("localhost", []),
            ("10.0.0.1", []),
        ],
    )
    def test_a_mail_server_is_named_in_the_record_to_publish(self, app, names, sender, host, record):
        server = MailServer(host, 587, "starttls")
        with asking(app, names, mail_provider="smtp", mail_server=server):
            found = looked()
        assert [one.value for one in found.findings["spf"].publish] == record
        assert (found.findings["provider"].state, found.findings["dkim"].state) == ("nothing", "nothing")

    def test_one_that_is_not_asked_refuses_nobody(self, app, names, sender):
        with asking(app, names, mail_provider="ses"):
            found = looked().findings
            assert found["provider"].state == "unanswered"
            assert [one.value for one in found["spf"].publish] == ["v=spf1 include:amazonses.com ~all"]
            assert verification.refusal(f"hello@{HERE}") == ""

    def test_what_one_provider_said_means_nothing_to_another(self, app, names, resend, sender):
        resend.set(domains=[])
        looked()
        with asking(app, names, mail_provider="smtp", mail_server=MailServer("mail.campus.example", 587, "starttls")):
            assert verification.of(f"hello@{HERE}").checked_at is None
            assert verification.refusal(f"hello@{HERE}") == ""
            verification.settle(now())
            assert verification.of(f"hello@{HERE}").is_due


class TestTheClock:
    def test_a_day_while_all_is_well_an_hour_while_it_is_not(self, resend, names, sender):
        names.texts.update(IN_ORDER)
        looked()
        assert timedelta(hours=23) < row().not_before - now() < timedelta(hours=25)
        names.texts[f"_dmarc.{HERE}"] = ["v=DMARC1; p=perhaps"]
        looked()
        assert timedelta(minutes=50) < row().not_before - now() < timedelta(minutes=70)

    def test_what_was_well_and_is_not_answered_comes_again_in_an_hour(self, resend, names, sender):
        names.texts.update(IN_ORDER)
        looked()
        names.faults["*"] = "servfail"
        known = looked()
        assert states(known) == all_of("good")
        assert row().not_before - now() < timedelta(minutes=70)
        assert all(known.findings[kind].unanswered for kind in ("spf", "dkim", "dmarc"))

    def test_before_its_time_nothing_is_asked(self, resend, names, sender):
        looked()
        asked = len(names.asked)
        jobs.check_senders()
        assert len(names.asked) == asked

    def test_a_person_does_not_wait_for_the_clock(self, resend, names, sender):
        looked()
        assert verification.again(HERE, now())
        db.session.commit()
        assert verification.of(f"a@{HERE}").is_due
        names.texts.update(IN_ORDER)
        jobs.check_senders()
        db.session.expire_all()
        assert verification.of(f"a@{HERE}").findings["spf"].state == "good"
        assert not verification.again("stranger.example", now())

    def test_an_error_that_nobody_foresaw_is_said_and_it_comes_again(self, names, sender, monkeypatch):
        def broken(_domain):
            raise ZeroDivisionError

        monkeypatch.setitem(verification.STANDINGS, "outbox", broken)
        known = looked()
        assert "nobody foresaw" in known.trouble
        assert (row().failed_at, row().attempts) == (None, 0)
        monkeypatch.undo()
        assert looked().trouble == ""

    def test_a_domain_whose_last_sender_went_meanwhile_stays_gone(self, names, sender):
        verification.settle(now())
        db.session.commit()
        db.session.execute(text("DELETE FROM sender_checks"))
        verification.check(HERE, now())
        db.session.commit()
        assert db.session.scalars(select(SenderCheck)).all() == []

    def test_no_transaction_is_open_while_others_are_asked(self, names, sender, monkeypatch):
        seen = []

        def standing(domain):
            seen.append(db.session().in_transaction())
            return verification._outbox(domain)

        monkeypatch.setitem(verification.STANDINGS, "outbox", standing)
        looked()
        assert seen == [False]


def test_a_finding_is_read_as_it_was_written():
    finding = Finding(state="good", said="There is one record.", answered_at=now())
    assert msgspec.convert(msgspec.to_builtins(finding), Finding) == finding
