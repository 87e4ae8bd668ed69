"""Settings → Suppressions: addresses are found, added, read from a list and lifted with a reason."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from app.audit import Entry
from app.consent import preferences, suppressions
from app.consent.preferences import Word
from app.consent.suppressions import Incoming
from app.db import db
from app.settings import topics
from tests.factories import make_customer

NOW = datetime(2026, 11, 3, 10, tzinfo=UTC)
HTMX = {"HX-Request": "true"}
HERE = "/settings/suppressions"


@pytest.fixture
def browser(client_of, admin):
    return client_of(admin)


def text_of(answer) -> str:
    return answer.get_data(as_text=True)


def suppress(email: str, reason: str = "manual", note: str = "", source: str = "LMS (API)") -> int:
    suppressions.put_many([Incoming(0, email, reason, NOW, note)], source)
    db.session.commit()
    return suppressions.of_address(email).id


def entries() -> list[tuple[str, str]]:
    kinds = ("suppression", "suppressions")
    found = db.session.scalars(select(Entry).where(Entry.subject_type.in_(kinds)).order_by(Entry.id))
    return [(entry.verb, entry.subject_name) for entry in found]


def send(browser, content: bytes, name: str = "list.csv"):
    return browser.post(f"{HERE}/list", data={"file": (io.BytesIO(content), name)})


def test_the_list_says_why_since_when_and_who_said_so(browser):
    suppress("maya@mail.example", "hard_bounce", "550 no mailbox")
    suppress("maya@mail.example", "complaint")
    page = text_of(browser.get(HERE))
    for word in ("maya@mail.example", "hard bounce", "complaint", "LMS (API)", "550 no mailbox", "3 Nov 2026"):
        assert word in page


def test_an_address_leads_to_its_customer(browser):
    maya = make_customer(email="Maya@mail.example")
    suppress("maya@mail.example")
    assert f'href="/customers/{maya.id}"' in text_of(browser.get(HERE))


@pytest.mark.parametrize("q", ["maya", "ma", "MAYA.", "mail.example", "lindq", "a.l", "t@mail", "Lindqvist@mail"])
def test_an_address_is_found_by_its_beginning_and_by_a_part(browser, q):
    suppress("maya.lindqvist@mail.example")
    suppress("tom_b@other.test")
    page = text_of(browser.get(HERE, query_string={"q": q}))
    assert "maya.lindqvist@mail.example" in page
    assert "tom_b" not in page


def test_a_sign_of_like_is_only_a_sign(browser):
    suppress("tom_b@other.test")
    suppress("tomxb@other.test")
    page = text_of(browser.get(f"{HERE}?q=tom_b"))
    assert "tom_b@other.test" in page
    assert "tomxb" not in page


def test_a_filter_leaves_those_of_one_reason(browser):
    suppress("bounced@mail.example", "hard_bounce")
    suppress("listed@mail.example")
    page = text_of(browser.get(f"{HERE}?filter=reason:is:hard_bounce"))
    assert "bounced@mail.example" in page
    assert "listed@mail.example" not in page
    assert browser.get(f"{HERE}?filter=reason:is:nothing").status_code == 422
    assert browser.get(f"{HERE}?field=reason&op=is&value=manual").status_code == 302


def test_fifty_a_page_and_a_way_to_the_rest(browser):
    items = [Incoming(n, f"p{n:03}@mail.example", "manual", NOW) for n in range(60)]
    suppressions.put_many(items, "Ada")
    db.session.commit()
    page = text_of(browser.get(f"{HERE}?sort=email"))
    assert "1–50" in page
    assert "60</span>" in page
    more = page.split('rel="next"')[0].rpartition('href="')[2].partition('"')[0].replace("&amp;", "&")
    rest = text_of(browser.get(more))
    assert "51–60" in rest
    assert "p059@mail.example" in rest


def test_nothing_there_and_nothing_found_are_told_apart(browser):
    assert "No address is suppressed" in text_of(browser.get(HERE))
    suppress("maya@mail.example")
    page = text_of(browser.get(f"{HERE}?q=wram"))
    assert "No address matches “wram”" in page
    assert "No address is suppressed" not in page


def test_htmx_gets_the_fragment_of_the_same_url(browser):
    suppress("maya@mail.example")
    fragment = text_of(browser.get(HERE, headers=HTMX))
    assert "<html" not in fragment
    assert 'id="results"' in fragment
    assert "hx-swap-oob" in fragment


def test_an_address_is_added_by_hand_with_the_name_of_who_did_it(browser):
    answer = browser.post(HERE, data={"email": " Maya@Mail.example ", "note": "Asked for it on the phone."})
    assert answer.status_code == 303
    held = suppressions.of_address("maya@mail.example")
    assert (held.source, held.note, list(held.reasons)) == ("Ada", "Asked for it on the phone.", ["manual"])
    assert entries() == [("added", "maya@mail.example")]
    browser.post(HERE, data={"email": "maya@mail.example"})
    assert "was on the list already" in text_of(browser.get(HERE))
    assert suppressions.count() == 1
    assert len(entries()) == 1


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({}, "email"),
        ({"email": "nobody"}, "email"),
        ({"email": "a b@mail.example"}, "email"),
        ({"email": "<script>@mail.example"}, "email"),
        ({"email": "a\0@mail"}, "email"),
        ({"email": "a@mail.example", "note": "x" * 501}, "note"),
    ],
)
def test_nonsense_is_refused_and_stays_in_the_form(browser, sent, field):
    answer = browser.post(HERE, data=sent)
    assert answer.status_code == 422
    assert f'id="{field}-bad"' in text_of(answer)
    assert "<script>@" not in text_of(answer)
    assert suppressions.count() == 0


def test_a_list_is_read_and_its_bad_lines_are_named(browser):
    suppress("old@mail.example")
    content = b"email,reason\nnew@mail.example,hard_bounce\nold@mail.example,\nnobody,\n"
    answer = send(browser, content, "<b>list</b>.csv")
    page = text_of(answer)
    assert answer.status_code == 200
    assert "Line 4" in page
    assert "This is no e-mail address." in page
    assert "b&gt;.csv" in page
    assert "<b>list" not in page
    assert suppressions.of_address("new@mail.example").bounced_at
    assert suppressions.of_address("new@mail.example").source.startswith("Ada, ")
    assert [verb for verb, _ in entries()] == ["uploaded"]


@pytest.mark.parametrize("content", [b"", b"email\n", b"name,town\nMaya,Graz\n", b"PK\x03\x04zip"])
def test_a_file_that_is_no_list_is_refused_with_a_sentence(browser, content):
    answer = send(browser, content)
    assert answer.status_code == 422
    assert 'role="alert"' in text_of(answer)
    assert entries() == []


def test_no_file_is_said(browser):
    answer = browser.post(f"{HERE}/list", data={})
    assert answer.status_code == 422
    assert "Choose a file first." in text_of(answer)


def test_a_bounce_is_lifted_with_a_reason(browser):
    number = suppress("maya@mail.example", "hard_bounce")
    assert "Lift maya@mail.example?" in text_of(browser.get(f"{HERE}/{number}/lift"))
    answer = browser.post(f"{HERE}/{number}/lift", data={"reason": "Their server is back."})
    assert answer.status_code == 303
    assert suppressions.of_address("maya@mail.example") is None
    assert entries() == [("lifted", "maya@mail.example")]
    assert browser.post(f"{HERE}/{number}/lift", data={"reason": "Again."}).status_code == 404


def test_without_a_reason_nothing_is_lifted(browser):
    number = suppress("maya@mail.example")
    answer = browser.post(f"{HERE}/{number}/lift", data={"reason": "  "})
    assert answer.status_code == 422
    assert "Say why" in text_of(answer)
    assert suppressions.count() == 1


def test_a_complaint_is_lifted_only_by_the_person(browser):
    number = suppress("maya@mail.example", "complaint")
    answer = browser.post(f"{HERE}/{number}/lift", data={"reason": "<i>They</i> like us."})
    assert answer.status_code == 422
    assert "Only they can lift that" in text_of(answer)
    assert "&lt;i&gt;They" in text_of(answer)
    maya = make_customer(email="maya@mail.example")
    preferences.say(maya.id, {topics.id_of("newsletter"): True}, Word("page", "preference page", datetime.now(UTC)))
    db.session.commit()
    assert browser.post(f"{HERE}/{number}/lift", data={"reason": "They signed up."}).status_code == 303


@pytest.mark.parametrize("number", ["0", "99", "99999999999999999999"])
def test_what_is_not_there_is_not_found(browser, number):
    assert browser.get(f"{HERE}/{number}/lift").status_code == 404


def test_notes_and_sources_are_words_and_no_html(browser):
    suppress("maya@mail.example", note="<script>alert(1)</script>", source="<b>x</b>")
    page = text_of(browser.get(HERE))
    assert "<script>alert" not in page
    assert "<b>x</b>" not in page


def test_only_an_admin_enters(client_of, marketer, viewer):
    number = suppress("maya@mail.example")
    for user in (marketer, viewer):
        browser = client_of(user)
        assert browser.get(HERE).status_code == 403
        assert browser.post(f"{HERE}/{number}/lift", data={"reason": "Mine."}).status_code == 403
        assert send(browser, b"email\na@mail.example\n").status_code == 403
    assert suppressions.count() == 1
