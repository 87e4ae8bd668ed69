"""POST /webhooks/ses: what SES tells by SNS, from our topic only and with Amazon's signature only."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from app.consent.suppressions import of_address
from app.receipts import webhooks
from tests.events.coming_in import rows
from tests.webhooks.sns import SUBSCRIBE, TOPIC, amazon, certificate, confirmation, event, message, post
from tests.webhooks.telling import fresh, make_sent

EVIL = "https://sns.eu-central-1.amazonaws.com.evil.example"
PEM = "/SimpleNotificationService-0123456789abcdef.pem"


@pytest.fixture(autouse=True)
def there(app):
    with amazon(app, TOPIC) as found:
        yield found


def nothing_stored() -> bool:
    return rows("receipts") == rows("delivery_receipts") == []


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize("named", ["eventType", "notificationType"])
def test_a_signed_notification_takes_effect_at_once(app, there, version, named):
    mail = make_sent()
    assert post(app, message(event("Delivery", mail, named), version)).status_code == 200
    assert fresh(mail).state == "delivered"
    (call,) = rows("receipts")
    assert (call["sender"], call["status"]) == ("ses", 200)


@pytest.mark.parametrize(
    ("kind", "part", "state", "is_bound"),
    [
        ("Send", {}, "accepted", False),
        ("DeliveryDelay", {"delayType": "MailboxFull"}, "accepted", False),
        ("Bounce", {"bounceType": "Permanent", "bounceSubType": "General"}, "bounced", True),
        ("Bounce", {"bounceType": "Transient", "bounceSubType": "MailboxFull"}, "bounced", False),
        ("Bounce", {"bounceType": "Undetermined"}, "bounced", False),
        ("Complaint", {"complaintFeedbackType": "abuse"}, "complained", True),
        ("Complaint", {"complaintFeedbackType": "not-spam"}, "uncertain", False),
        ("Reject", {"reason": "Bad content"}, "accepted", False),
        ("Open", {"userAgent": "x"}, "uncertain", False),
        ("Click", {"link": "x"}, "uncertain", False),
    ],
)
def test_each_kind_of_event_makes_of_a_mail_what_it_says(app, kind, part, state, is_bound):
    mail = make_sent("uncertain")
    assert post(app, message(event(kind, mail, **part))).status_code == 200
    assert fresh(mail).state == state
    assert (of_address(mail.email) is not None) is is_bound
    assert (fresh(mail).failed_later_at is not None) is (kind == "Reject")


def test_without_tags_the_headers_of_the_mail_tell_which_it_is(app):
    mail = make_sent()
    said = event("Complaint", mail, "notificationType")
    said["mail"]["tags"] = {}
    names = {"X-Campus-Delivery-Id": mail.id, "X-Campus-Run-Id": mail.run_id, "Subject": "x"}
    said["mail"]["headers"] = [{"name": name, "value": str(value)} for name, value in names.items()]
    post(app, message(said))
    assert fresh(mail).state == "complained"


def test_the_same_message_again_is_one_receipt_and_its_certificate_is_fetched_once(app, there):
    said = message(event("Delivery", make_sent()))
    assert [post(app, said).status_code for _ in range(2)] == [200, 200]
    assert (len(rows("delivery_receipts")), there.asked) == (1, [PEM])


@pytest.mark.parametrize(
    "changes",
    [
        {"Message": "{}"},
        {"MessageId": "0000-other"},
        {"Subject": "added"},
        {"Signature": ""},
        {"Signature": "AAAA"},
        {"Signature": "é"},
        {"Signature": 7},
        {"SignatureVersion": "1"},
        {"SignatureVersion": "3"},
        {"Type": "SubscriptionConfirmation"},
    ],
)
def test_what_was_changed_after_it_was_signed_is_refused(app, there, changes):
    assert post(app, {**message(event("Bounce", make_sent())), **changes}).status_code == 401
    assert nothing_stored()
    assert webhooks.refused_lately(datetime.now(UTC), "ses") == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"TopicArn": TOPIC + "2"},
        {"SigningCertURL": f"{EVIL}{PEM}"},
        {"SigningCertURL": f"http://sns.eu-central-1.amazonaws.com{PEM}"},
        {"SigningCertURL": f"https://sns.us-east-1.amazonaws.com{PEM}"},
        {"SigningCertURL": f"https://sns.eu-central-1.amazonaws.com:444{PEM}"},
        {"SigningCertURL": f"https://me@sns.eu-central-1.amazonaws.com{PEM}"},
        {"SigningCertURL": "https://sns.eu-central-1.amazonaws.com/other.pem"},
        {"SigningCertURL": "https://sns.eu-central-1.amazonaws.com/../SimpleNotificationService-1.pem"},
        {"SigningCertURL": "https://[::1"},
        {"SigningCertURL": ""},
        {"MessageId": ""},
        {"MessageId": "a b"},
        {"Timestamp": "2020-01-01T00:00:00.000Z"},
        {"Timestamp": "2100-01-01T00:00:00.000Z"},
        {"Timestamp": "0001-01-01T00:00:00+14:00"},
        {"Timestamp": "soon"},
        {"Type": "Other"},
    ],
)
def test_what_names_another_topic_place_or_time_is_refused_before_anything_is_fetched(app, there, changes):
    assert post(app, message(event("Bounce", make_sent()), **changes)).status_code == 401
    assert (nothing_stored(), there.asked) == (True, [])


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"x"', b"\xff", b"[" * 100_000, b'{"Type": []}'])
def test_what_is_no_message_of_sns_is_refused(app, body):
    assert post(app, body).status_code == 401


def test_more_than_sns_ever_says_is_refused(app):
    assert post(app, b" " * 1_000_000).status_code == 413


@pytest.mark.parametrize("shown", [b"nothing", b"", certificate(days=-1)])
def test_a_certificate_that_is_none_or_is_over_is_refused(app, there, shown):
    there.body = shown
    assert post(app, message(event("Bounce", make_sent()))).status_code == 401
    assert nothing_stored()


def test_while_amazon_does_not_answer_the_message_shall_come_again(app, there):
    said, there.status = message(event("Bounce", make_sent())), 500
    assert post(app, said).status_code == 503
    assert nothing_stored()
    there.status = 200
    assert post(app, said).status_code == 200


def test_without_a_topic_every_message_is_refused(app):
    with amazon(app) as there:
        assert post(app, message(event("Bounce", make_sent()))).status_code == 401
        assert post(app, confirmation()).status_code == 401
        assert there.asked == []


def test_a_subscription_confirms_itself(app, there):
    assert post(app, confirmation()).status_code == 200
    assert there.asked == [PEM, SUBSCRIBE.removeprefix("https://sns.eu-central-1.amazonaws.com")]
    assert [fact["kind"] for fact in rows("delivery_receipts")] == ["ignored"]


@pytest.mark.parametrize("url", [f"{EVIL}/?Token=abc", "https://127.0.0.1/", "file:///etc/passwd", SUBSCRIBE + "#x"])
def test_a_subscription_that_leads_elsewhere_is_not_followed(app, there, url):
    assert post(app, confirmation(SubscribeURL=url)).status_code == 401
    assert (there.asked, nothing_stored()) == ([PEM], True)


@pytest.mark.parametrize(
    "said", ["{}", "text", "[]", '{"eventType": "Bounce"}', '{"eventType": [], "mail": 1}', "null"]
)
def test_whatever_is_well_signed_is_kept_and_harms_nothing(app, said):
    mail = make_sent()
    assert post(app, message(said)).status_code == 200
    assert (len(rows("delivery_receipts")), fresh(mail).state) == (1, "accepted")
