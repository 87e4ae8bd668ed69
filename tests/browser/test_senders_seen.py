"""The page of senders in each state that a domain can be in, on a desk and on a phone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from playwright.sync_api import expect
from sqlalchemy import delete, update

from app.db import db
from app.deliveries.finding import Finding, Record
from app.deliveries.sender_check import SenderCheck
from tests.browser.conftest import PICTURES, SCREENS
from tests.browser.test_every_page import look

pytestmark = pytest.mark.browser

NOW = datetime.now(UTC)
LONG = "v=DKIM1; k=rsa; p=" + "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCB" * 6
FOUND = {
    "wrong.example": {
        "provider": Finding(state="refused", said="Resend does not know wrong.example: add it to your account there."),
        "spf": Finding(
            state="wrong",
            said="There are 2 SPF records at wrong.example, so receivers take none of them. Make them one.",
            found=["v=spf1 include:amazonses.com ~all", "v=spf1 mx -all"],
            publish=[Record("send.wrong.example", "v=spf1 include:amazonses.com mx -all")],
        ),
        "dkim": Finding(
            state="missing", said="There is no key.", publish=[Record("resend._domainkey.wrong.example", LONG)]
        ),
        "dmarc": Finding(state="good", said="p=none: receivers watch, and refuse nothing.", found=["v=DMARC1; p=none"]),
    },
    "a-very-long-name-of-a-domain.of-some-faculty.of-a-university.example": {
        "provider": Finding(state="pending", said="Resend has not verified it yet: it says “pending”."),
        "spf": Finding(state="good", said="There is one record.", unanswered="The DNS did not answer in time."),
        "dkim": Finding(state="unanswered", said="The DNS did not answer in time."),
        "dmarc": Finding(state="nothing", said="Cannot be looked up."),
    },
    "new.example": {},
    "campus.example": {"provider": Finding(state="nothing", said="The local outbox: nothing leaves this machine.")},
}


@pytest.fixture
def domains(migrated, product):
    """Beside the demo, and gone again afterwards."""
    later = datetime.now(UTC) + timedelta(days=1)
    with migrated.app_context():
        for domain, found in FOUND.items():
            kept = {
                kind: msgspec.to_builtins(msgspec.structs.replace(one, answered_at=NOW)) for kind, one in found.items()
            }
            times = {"checked_at": NOW if found else None, "waiting_since": later, "not_before": later}
            db.session.add(SenderCheck(domain=domain, provider="outbox", findings=kept, **times))
        db.session.commit()
        yield
        db.session.execute(delete(SenderCheck).where(SenderCheck.domain.in_(FOUND)))
        db.session.commit()


@pytest.mark.parametrize(("width", "theme"), SCREENS)
def test_each_state_is_sound(visit, domains, width, theme):
    PICTURES.mkdir(parents=True, exist_ok=True)
    visitor = visit(width, theme)
    visitor.sign_in()
    assert look(visitor, "settings-senders-known", "/settings/senders", f"{width}-{theme}") == []
    assert look(visitor, "settings-sender-known", "/settings/senders/1/edit", f"{width}-{theme}") == []
    page = visitor.open("/settings/senders")
    expect(page.get_by_text("refused", exact=True)).to_have_count(2)
    expect(page.get_by_label("Value").first).to_have_value(FOUND["wrong.example"]["spf"].publish[0].value)


def test_what_is_being_looked_up_shows_by_itself_when_it_is_done(visit, domains, migrated):
    visitor = visit()
    visitor.sign_in()
    page = visitor.open("/settings/senders")
    due = update(SenderCheck).where(SenderCheck.domain == "new.example")
    db.session.execute(due.values(not_before=NOW, waiting_since=NOW))
    db.session.commit()
    page.reload()
    card = page.locator("section", has=page.get_by_role("heading", name="new.example"))
    expect(card.get_by_text("looking it up")).to_be_visible()
    found = {"provider": msgspec.to_builtins(Finding(state="good", said="Resend has verified it.", answered_at=NOW))}
    later = datetime.now(UTC) + timedelta(days=1)
    db.session.execute(
        due.values(not_before=later, waiting_since=later, provider="outbox", findings=found, checked_at=NOW)
    )
    db.session.commit()
    expect(card.get_by_text("Resend has verified it.")).to_be_visible()
    expect(page.locator("#domains[hx-trigger]")).to_have_count(0)
    assert visitor.complaints == []
