"""A mail as it goes over the wire: read back by the library's own parser, it says what was meant and nothing more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email import message_from_string, policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.deliveries.providers import Mail
from app.deliveries.providers.letter import host, is_fit, written

URL = "https://marketing.example.com"
OUR_HEADERS = [
    "Message-ID", "Date", "From", "To", "Reply-To", "Subject", "List-Unsubscribe", "List-Unsubscribe-Post", "List-Id",
    "X-Campus-Delivery-Id", "X-Campus-Run-Id", "MIME-Version", "Content-Type",
]  # fmt: skip
BREAKS = ["\r\n", "\n", "\r", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029", "\0"]


def mail(**changes) -> Mail:
    said = {
        "key": "delivery-7",
        "to": "maya@people.example",
        "sender": "Campus <mail@campus.example>",
        "subject": "Open day",
        "html": "<p>Hello Maya</p>\n",
        "text": "Hello Maya\n",
        "reply_to": "team@campus.example",
        "headers": {
            "List-Unsubscribe": f"<{URL}/unsubscribe?token={'x' * 120}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            "List-Id": "News <news.marketing.example.com>",
        },
        "tags": {"delivery_id": "7", "run_id": "3"},
    }
    return Mail(**{**said, **changes})


def read(one: Mail) -> EmailMessage:
    found = message_from_string(written(one, URL).message.decode(), policy=policy.SMTPUTF8)
    assert isinstance(found, EmailMessage)
    assert not found.defects
    return found


def parts(one: Mail) -> list[str]:
    found = [part for part in read(one).walk() if not part.is_multipart()]
    said = [part.get_payload(decode=True).decode().replace("\r\n", "\n") for part in found]
    if len(said) > 1 or found[0]["Content-Transfer-Encoding"] == "base64":
        return said
    return [said[0].removesuffix("\n")]  # the end of the message's last line


def test_it_says_who_to_whom_and_what():
    letter, found = written(mail(), URL), read(mail())
    assert (letter.id, letter.sender, letter.to, letter.wrong) == (
        "delivery-7@marketing.example.com", "mail@campus.example", "maya@people.example", "",
    )  # fmt: skip
    assert found["Message-ID"] == "<delivery-7@marketing.example.com>"
    assert abs(parsedate_to_datetime(found["Date"]) - datetime.now(UTC)) < timedelta(minutes=1)
    assert (found["From"].addresses[0].display_name, found["From"].addresses[0].addr_spec) == (
        "Campus", "mail@campus.example",
    )  # fmt: skip
    assert found["To"].addresses[0].addr_spec == "maya@people.example"
    assert found["Reply-To"].addresses[0].addr_spec == "team@campus.example"
    assert found["List-Unsubscribe"] == mail().headers["List-Unsubscribe"]
    assert found["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert (found["X-Campus-Delivery-Id"], found["X-Campus-Run-Id"]) == ("7", "3")
    assert found.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in found.iter_parts()] == ["text/plain", "text/html"]
    assert parts(mail()) == ["Hello Maya\n", "<p>Hello Maya</p>\n"]


def test_a_mail_without_html_or_without_text_has_one_part():
    assert read(mail(html="")).get_content_type() == "text/plain"
    assert read(mail(text="")).get_content_type() == "text/html"
    assert parts(mail(html="", text="")) == [""]


@pytest.mark.parametrize(
    "name", ["Campus, Inc.", 'The "Campus"', "Grüße & Co.", "学校", "Campus (Köln)", "=?utf-8?q?x?=", "a@b.example", ""]
)
def test_a_sender_may_have_any_name(name):
    found = read(mail(sender=f"{name} <mail@campus.example>" if name else "mail@campus.example"))
    assert [(one.display_name, one.addr_spec) for one in found["From"].addresses] == [(name, "mail@campus.example")]


@pytest.mark.parametrize("subject", ["Grüße aus Köln", "🎓 " * 40, "=?utf-8?b?eA==?=", "x" * 800, "学" * 250, "a=b?c"])
def test_a_subject_may_have_any_letters(subject):
    assert read(mail(subject=subject))["Subject"] == subject.strip()


def test_the_name_of_a_list_may_have_them_too():
    found = read(mail(headers={"List-Id": "Grüße <news.campus.example>", "X-Plain": "Grüße"}))
    assert (found["List-Id"], found["X-Plain"]) == ("Grüße <news.campus.example>", "Grüße")


@pytest.mark.parametrize(
    ("written_as", "sent_to"),
    [
        ("max@bücher.example", "max@xn--bcher-kva.example"),
        ("max@straße.example", "max@xn--strae-oqa.example"),
        ("max@日本。example", "max@xn--wgv71a.example"),
        ("mäx@bücher.example", "mäx@xn--bcher-kva.example"),
    ],
)
def test_a_domain_with_letters_of_its_own_is_spelt_for_the_dns(written_as, sent_to):
    assert written(mail(to=written_as), URL).to == sent_to
    assert read(mail(to=written_as))["To"].addresses[0].addr_spec == sent_to


@pytest.mark.parametrize("broken", BREAKS)
@pytest.mark.parametrize("place", ["subject", "sender", "reply_to", "to", "header", "tag"])
def test_nothing_that_is_said_begins_another_header(place, broken):
    evil = f"x{broken}Bcc: eve@evil.example{broken}{broken}<p>Hello</p>"
    changes = {
        "subject": {"subject": evil},
        "sender": {"sender": f"{evil} <mail@campus.example>"},
        "reply_to": {"reply_to": f"{evil} <team@campus.example>"},
        "to": {"to": f"maya@people.example{evil}"},
        "header": {"headers": {"List-Id": evil, f"X-Y: z{broken}Bcc": "eve@evil.example"}},
        "tag": {"tags": {f"run_id{broken}Bcc: eve": evil}},
    }[place]
    found = message_from_string(written(mail(**changes), URL).message.decode(), policy=policy.compat32)
    assert "Bcc" not in found
    assert {name.lower() for name in found} <= {
        *map(str.lower, OUR_HEADERS), "x-yzbcc", "x-campus-run-idbcceve",
    }  # fmt: skip


@pytest.mark.parametrize(
    "address",
    ["", "@", "a@", "@b", "a b@c.example", "a@b@c.example", "a@b.example>", "<a@b.example", "a@b.example\r\nRSET",
     "a,b@c.example", "a:b@c.example", '"a"@c.example', "a@[127.0.0.1]", "a\0@b.example", "a@b.example\u2028"],
)  # fmt: skip
def test_what_could_be_more_than_one_address_is_not_fit(address):
    assert not is_fit(address)


@pytest.mark.parametrize("address", ["a@b", "max+tag@people.example", "o'neil@x.example", "mäx@people.example"])
def test_an_address_is_fit(address):
    assert is_fit(address)


def test_what_is_wrong_with_all_of_them_is_told():
    assert "sender" in written(mail(sender="Campus"), URL).wrong
    assert "sender" in written(mail(sender="mäx@campus.example"), URL).wrong
    assert "answers" in written(mail(reply_to="the team"), URL).wrong
    assert written(mail(sender="Campus <mail@bücher.example>"), URL).sender == "mail@xn--bcher-kva.example"


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("https://marketing.example.com/x", "marketing.example.com"),
        ("http://127.0.0.1:8000", "[127.0.0.1]"),
        ("http://[::1]:8000", "[IPv6:::1]"),
        ("https://bücher.example", "xn--bcher-kva.example"),
    ],
)
def test_this_installation_is_called_as_mail_servers_write_it(url, named):
    assert host(url) == named


LETTERS = st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from(".=-_ \r\n\täß€学🎓"))
TEXTS = st.text(LETTERS, max_size=400)


@settings(deadline=None)
@given(TEXTS, TEXTS)
def test_whatever_stands_in_it_arrives_in_lines_that_any_server_takes(text, html):
    one = mail(text=text, html=html)
    lines = written(one, URL).message.split(b"\r\n")
    assert max(map(len, lines)) <= 998
    assert all(line.isascii() and b"\n" not in line and b"\r" not in line for line in lines)
    wanted = [said.replace("\r\n", "\n").replace("\r", "\n") for said in (text, html) if said] or [""]
    assert parts(one) == wanted


@settings(deadline=None)
@given(st.text(max_size=60), st.text(st.characters(exclude_characters="<>"), max_size=60))
def test_no_words_ever_make_another_header(subject, name):
    found = read(mail(subject=subject, sender=f"{name} <mail@campus.example>"))
    assert found.keys() == OUR_HEADERS
    assert written(mail(sender=f"{name} <mail@campus.example>"), URL).message.isascii()


def test_the_border_between_the_parts_stands_in_neither():
    said = "--=_campus\n--=_campus--\n" * 3
    assert parts(mail(text=said, html=said)) == [said, said]
