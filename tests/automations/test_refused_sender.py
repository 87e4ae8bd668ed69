"""An automation whose sender the provider refuses is not activated; what is missing or not known only warns."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime

import msgspec
import pytest

from app.automations import definition, keeping
from app.automations.keeping import NotReady
from app.db import db
from app.deliveries.finding import Finding
from app.deliveries.sender_check import SenderCheck
from app.settings import senders
from tests.automations.making import ADA, HERE, NOW, make_active, make_automation, page_of

REFUSED = "Resend does not know campus.example: add it to your account there, and verify it."


@pytest.fixture
def browser(client_of, marketer):
    return client_of(marketer)


@pytest.fixture
def resend(app):
    before = app.extensions["config"]
    app.extensions["config"] = dataclasses.replace(before, mail_provider="resend", resend_api_key="re_1")
    yield
    app.extensions["config"] = before


def know(state, said="", domain="campus.example", by="resend", **more):
    """Of the provider; the records are there."""
    good = Finding(state="good", said="There is one record.", answered_at=NOW)
    findings = {"provider": Finding(state=state, said=said, answered_at=NOW, **more)}
    findings |= dict.fromkeys(("spf", "dkim", "dmarc"), good)
    kept = {kind: msgspec.to_builtins(one) for kind, one in findings.items()}
    db.session.merge(SenderCheck(domain=domain, provider=by, checked_at=datetime.now(UTC), findings=kept))
    db.session.commit()


def make_sender(email):
    sender = senders.add("Campus", email, "", ADA)
    db.session.commit()
    return sender


def activated(automation):
    try:
        return keeping.activate(automation, NOW, ADA).is_active
    except NotReady as unready:
        return [one.message for one in unready.problems]


def test_refused_it_is_not_activated_and_the_page_says_why(resend, browser):
    automation = make_automation()
    know("refused", REFUSED)
    answer = browser.post(f"{HERE}/{automation.id}/activation")
    assert answer.status_code == 422
    assert f"Its sender is refused. {REFUSED}" in page_of(answer)
    assert not automation.is_active
    assert REFUSED in page_of(browser.get(f"{HERE}/{automation.id}/preflight"))


def test_by_the_api_the_field_is_named(resend, make_system):
    automation = make_automation()
    know("refused", REFUSED)
    answer = make_system("send").post(f"automations/{automation.id}/activation", {})
    assert answer.status_code == 422
    assert [one["field"] for one in answer.get_json()["error"]["details"]] == ["from"]


@pytest.mark.parametrize("state", ["good", "pending", "unanswered", "nothing"])
def test_whatever_else_it_says_stops_nothing(resend, state):
    know(state)
    assert activated(make_automation()) is True


def test_not_looked_up_yet_stops_nothing(resend):
    assert activated(make_automation()) is True


def test_what_another_provider_refused_stops_nothing(resend):
    know("refused", REFUSED, by="ses")
    assert activated(make_automation()) is True


def test_the_chosen_sender_counts_and_not_the_default_one(resend):
    make_sender("hello@campus.example")
    other = make_sender("news@other.example")
    know("refused", REFUSED)
    assert activated(make_automation(sender_id=other.id)) is True
    assert activated(make_automation()) == [f"Its sender is refused. {REFUSED}"]


def test_an_active_one_goes_on_and_changes_to_no_refused_sender(resend):
    refused = make_sender("hello@campus.example")
    good = make_sender("news@other.example")
    senders.make_default(good, ADA)
    active = make_active()
    know("refused", REFUSED)
    wanted = dataclasses.replace(definition.of(active), sender_id=refused.id)
    with pytest.raises(NotReady, match="Its sender is refused"):
        keeping.change(active, wanted, active.version, NOW, ADA, may_send=True)
    db.session.rollback()
    know("refused", "other.example is refused, too.", domain="other.example")
    renamed = dataclasses.replace(definition.of(active), name="Another name")
    assert keeping.change(active, renamed, active.version, NOW, ADA, may_send=True).name == "Another name"


def test_the_preflight_warns_of_what_is_not_known_and_of_what_is_missing(resend, browser):
    automation = make_automation()
    url = f"{HERE}/{automation.id}/preflight"
    assert "Nobody has looked up campus.example yet" in page_of(browser.get(url))
    know("good", unanswered="Resend did not answer (ReadTimeoutError).")
    assert "Provider of campus.example: Resend did not answer" in page_of(browser.get(url))
    row = db.session.get_one(SenderCheck, "campus.example")
    row.findings = {**row.findings, "dmarc": msgspec.to_builtins(Finding(state="missing", said="There is none."))}
    db.session.commit()
    assert "DMARC of campus.example: There is none." in page_of(browser.get(url))


def test_of_an_active_one_the_refusal_is_a_warning(resend, browser):
    automation = make_active()
    know("refused", REFUSED)
    assert f"Its sender is refused. {REFUSED}" in page_of(browser.get(f"{HERE}/{automation.id}/preflight"))


def test_while_mail_stays_here_the_preflight_says_nothing_of_it(browser):
    automation = make_automation()
    assert "campus.example yet" not in page_of(browser.get(f"{HERE}/{automation.id}/preflight"))
