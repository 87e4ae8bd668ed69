"""Resend's own library as an oracle: it takes the look-alike for the real one, and writes what we write."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest
import resend as official

from app.deliveries.providers import Mail, resend
from tests.provider.running import Provider, inside


@pytest.fixture
def provider(monkeypatch) -> Iterator[Provider]:
    with inside(rate=0, keeps_bodies=True) as provider:
        monkeypatch.setattr(official, "api_key", "re_1")
        monkeypatch.setattr(official, "api_url", provider.url)
        yield provider


def in_their_words(number: int = 1, **changes) -> dict:
    said = {
        "from": "Campus <mail@campus.example>",
        "to": [f"p{number}@people.example"],
        "subject": "Grüße 🎓",
        "html": '<p>Hello\n"Maya" & \\ </p>\u2028',
        "text": "Hello\n",
        "reply_to": "team@campus.example",
        "headers": {"List-Unsubscribe": "<https://campus.example/u?a=1&b=2>", "List-Id": "<news.campus.example>"},
        "tags": [{"name": "delivery_id", "value": str(number)}, {"name": "run_id", "value": "7"}],
    }
    return {**said, **changes}


def in_ours(number: int = 1, **changes) -> Mail:
    theirs = in_their_words(number)
    said = {
        "key": f"delivery-{number}",
        "to": theirs["to"][0],
        "sender": theirs["from"],
        "tags": {tag["name"]: tag["value"] for tag in theirs["tags"]},
        **{name: theirs[name] for name in ("subject", "html", "text", "reply_to", "headers")},
    }
    return Mail(**{**said, **changes})


def sent(*mails, key: str = "a", **options):
    return official.Batch.send(list(mails), {"idempotency_key": key, **options})


def test_what_we_write_is_what_it_posts_field_for_field(provider):
    sent(*(in_their_words(n) for n in range(3)))
    posted = provider.ask("GET", "/_bodies")
    assert msgspec.json.decode(resend.pack([in_ours(n) for n in range(3)])) == posted
    assert [list(one) for one in posted] == [list(in_their_words())] * 3


def test_what_a_mail_does_not_have_is_written_by_neither(provider):
    without = {"reply_to", "headers", "tags"}
    sent({name: value for name, value in in_their_words().items() if name not in without})
    packed = msgspec.json.decode(resend.pack([in_ours(reply_to="", headers={}, tags={})]))
    assert packed == provider.ask("GET", "/_bodies")


def test_the_same_batch_under_the_same_key_is_sent_once(provider):
    first, second = sent(in_their_words()), sent(in_their_words())
    assert first["data"] == second["data"]
    assert provider.counts["mails"] == 1
    assert [call["key"] for call in provider.calls] == ["a", "a"]
    with pytest.raises(official.exceptions.ResendError) as refused:
        sent(in_their_words(2))
    assert (refused.value.code, refused.value.error_type) == (409, "invalid_idempotent_request")


def test_permissively_it_is_told_which_mail_was_refused(provider):
    answer = sent(in_their_words(1), in_their_words(2, to=["nobody"]), batch_validation="permissive")
    assert len(answer["data"]) == 1
    assert [one["index"] for one in answer["errors"]] == [1]


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("rate_limit_exceeded", 429),
        ("daily_quota_exceeded", 429),
        ("invalid_api_key", 403),
        ("validation_error", 422),
        ("internal_server_error", 500),
    ],
)
def test_errors_are_named_as_it_knows_them(provider, kind, status):
    provider.fails(kind)
    with pytest.raises(official.exceptions.ResendError) as refused:
        sent(in_their_words())
    assert (int(refused.value.code), refused.value.error_type) == (status, kind)


def test_a_mail_and_the_domains_can_be_read(provider):
    sent_id = sent(in_their_words())["data"][0]["id"]
    mail = official.Emails.get(sent_id)
    assert (mail["id"], mail["to"], mail["subject"]) == (sent_id, ["p1@people.example"], "Grüße 🎓")
    assert (mail["html"], mail["last_event"]) == (in_their_words()["html"], "sent")
    (domain,) = official.Domains.list()["data"]
    assert (domain["name"], domain["status"]) == ("campus.example", "verified")
    whole = official.Domains.get(domain["id"])
    assert {one["record"] for one in whole["records"]} == {"SPF", "DKIM"}


def test_one_mail_alone_is_taken_too(provider):
    alone = official.Emails.send(in_their_words(), {"idempotency_key": "b"})
    assert alone["id"] == provider.mails[0]["id"]
