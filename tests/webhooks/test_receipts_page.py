"""Settings → Receipts, and what a mail's own page shows of what the provider told."""

from __future__ import annotations

import pytest

from app.audit import COMMAND_LINE
from app.customers.customer import Customer
from app.db import db
from app.ops import erasing, exporting, jobs
from app.receipts import webhooks
from app.receipts.erasing import FORGOTTEN_BODY
from app.receipts.receipt import Receipt
from tests.events.coming_in import rows
from tests.webhooks import telling
from tests.webhooks.telling import SECRET, event, make_sent, post

PAGE = "/settings/receipts"


@pytest.fixture(autouse=True)
def _known(app):
    with telling.secrets(app, SECRET):
        yield


@pytest.fixture
def ada(client_of, admin):
    return client_of(admin)


def shown(client, path=PAGE, **headers):
    return client.get(path, headers=headers).get_data(as_text=True)


def test_before_the_first_receipt_it_says_where_providers_tell(ada, config):
    page = shown(ada)
    for said in ("/webhooks/resend", "/webhooks/ses", "No provider has told anything yet", "SES_TOPIC_ARN"):
        assert said in page
    assert SECRET not in page


def test_receipts_are_listed_filtered_and_opened(app, ada):
    mail = make_sent()
    post(app, event("bounced", mail))
    post(app, event("delivered", mail, email_id="another"))
    page = shown(ada)
    for said in (
        "Bounced",
        "For good (Permanent, General)",
        f"Mail {mail.id}",
        "no mail known",
        "another id",
        "1 of them",
    ):
        assert said in page
    assert "Bounced" not in shown(ada, f"{PAGE}?filter=of:is:nobody").split('id="results"')[1].split("</table>")[0]
    assert "<html" not in shown(ada, f"{PAGE}?q=re-{mail.id}", **{"HX-Request": "true"})
    assert "No receipt matches" in shown(ada, f"{PAGE}?q=nothing")
    first = shown(ada, f"{PAGE}/1")
    assert "email.bounced" in first
    assert ada.get(f"{PAGE}/999").status_code == 404
    assert ada.get(f"{PAGE}?filter=kind:is:nonsense").status_code == 422


def test_only_an_admin_may_look(app, client_of, marketer, stranger):
    post(app, event("bounced", make_sent()))
    for path in (PAGE, f"{PAGE}/1"):
        assert client_of(marketer).get(path).status_code == 403
        assert stranger.get(path).status_code == 302


def test_the_page_of_a_mail_shows_what_the_provider_told(app, client_of, viewer):
    mail = make_sent()
    for kind in ("sent", "complained"):
        post(app, event(kind, mail))
    page = shown(client_of(viewer), f"/deliveries/{mail.id}")
    assert page.index(">Sent<") < page.rindex(">Complained<")


def test_of_an_erased_person_receipts_keep_what_happened_and_no_word(app):
    mail = make_sent()
    for kind in ("bounced", "sent"):
        post(app, event(kind, mail))
    customer = db.session.get_one(Customer, mail.customer_id)
    assert len(exporting.of(customer)["deliveries"]["delivery_receipts"]) == 2
    erasing.begin(mail.customer_id, COMMAND_LINE)
    db.session.commit()
    jobs.erase()
    for kind in ("complained", "bounced"):
        post(app, event(kind, mail, to=["maya@people.example"]))
    db.session.expire_all()
    assert [fact["kind"] for fact in rows("delivery_receipts")] == ["bounced", "sent", "complained", "bounced"]
    assert ["said" in fact["detail"] for fact in rows("delivery_receipts")] == [False] * 4
    calls = db.session.query(Receipt).all()
    assert {webhooks.whole(call) for call in calls} == {FORGOTTEN_BODY}
    (kept,) = db.session.execute(db.text("SELECT bounced_at, complained_at FROM forgotten_addresses"))
    assert None not in kept
    assert rows("suppressions") == []
