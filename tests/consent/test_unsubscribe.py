"""/unsubscribe: looking changes nothing, one click is enough, and a wrong link tells nothing."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app.audit import SYSTEM
from app.consent import forgotten, links, permission, preferences, readers
from app.consent.consent import Consent
from app.consent.preferences import Word
from app.customers.alias import CustomerAlias
from app.db import db
from app.ops import merging
from app.settings import brand, topics
from app.settings.brand import Brand
from tests.consent.links_of import (
    OFFERS,
    ONE_CLICK,
    ask,
    at_once,
    gets,
    hidden,
    page,
    proofs,
    said,
    seen,
    topic_id,
    unsubscribe,
)
from tests.factories import make_customer

EVERYTHING = {
    "marketing",
    "newsletter",
    OFFERS,
    "abandoned_cart",
    "browse",
    "price_drop",
    "back_in_stock",
    "recommendations",
}


@pytest.fixture
def maya(app):
    return make_customer(email="maya.t@posteo.example")


@pytest.fixture
def tom(app):
    return make_customer("Tom", "Keller", email="tim.m@posteo.example")


def given(customer, **facts) -> None:
    word = Word(facts.pop("source", "page"), "before", facts.pop("at", datetime.now(UTC)))
    preferences.say(customer.id, {topic_id(slug): is_given for slug, is_given in facts.items()}, word)
    db.session.commit()


def last() -> Consent:
    proof = db.session.scalar(select(Consent).order_by(Consent.id.desc()).limit(1))
    assert proof
    return proof


class TestOneClick:
    def test_urlencoded(self, app, maya):
        answer = ask(app, "POST", unsubscribe(maya), data=ONE_CLICK)
        assert (answer.status_code, answer.mimetype) == (200, "text/plain")
        assert gets(maya) == EVERYTHING - {OFFERS}

    def test_multipart(self, app, maya):
        answer = ask(app, "POST", unsubscribe(maya), data=ONE_CLICK, content_type="multipart/form-data")
        assert answer.status_code == 200
        assert gets(maya) == EVERYTHING - {OFFERS}

    def test_the_very_bytes_of_the_standard(self, app, maya):
        body, kind = b"List-Unsubscribe=One-Click", "application/x-www-form-urlencoded"
        assert ask(app, "POST", unsubscribe(maya), data=body, content_type=kind).status_code == 200
        assert gets(maya) == EVERYTHING - {OFFERS}

    def test_without_redirect_and_without_cookie(self, app, maya):
        answer = ask(app, "POST", unsubscribe(maya), data=ONE_CLICK)
        assert {"Location", "Set-Cookie", "Refresh"} & set(answer.headers.keys()) == set()

    def test_other_headers_and_cookies_do_not_matter(self, app, maya):
        headers = {"Cookie": "campus=forged; x=y", "Origin": "https://mail.example", "HX-Request": "true"}
        headers |= {"Referer": "https://mail.example/", "Authorization": "Bearer x", "X-CSRFToken": "wrong"}
        answer = ask(app, "POST", unsubscribe(maya), data=ONE_CLICK, headers=headers)
        assert answer.status_code == 200
        assert "Set-Cookie" not in answer.headers
        assert gets(maya) == EVERYTHING - {OFFERS}

    def test_a_link_without_a_topic_ends_everything(self, app, maya):
        ask(app, "POST", unsubscribe(maya, None), data=ONE_CLICK)
        assert gets(maya) == set()

    def test_the_proof_says_how_and_hides_the_address_of_the_caller(self, app, maya):
        ask(app, "POST", unsubscribe(maya), data=ONE_CLICK, environ_base={"REMOTE_ADDR": "203.0.113.7"})
        proof = last()
        assert (proof.source, proof.way, proof.is_given, proof.shown) == ("page", "one-click", False, "")
        assert proof.email_folded == "maya.t@posteo.example"
        assert proof.caller_hash == forgotten.hashed("caller 203.0.113.7")

    def test_twice_is_one_proof_and_the_same_answer(self, app, maya):
        first, second = (ask(app, "POST", unsubscribe(maya), data=ONE_CLICK) for _ in range(2))
        assert seen(first) == seen(second)
        assert proofs() == 1

    def test_many_at_once_are_one_proof(self, app, maya):
        assert at_once(app, unsubscribe(maya), ONE_CLICK) == {200}
        assert proofs() == 1
        assert gets(maya) == EVERYTHING - {OFFERS}

    def test_more_than_a_year_later(self, app, maya, time_machine):
        path = unsubscribe(maya)
        time_machine.move_to(datetime.now(UTC) + timedelta(days=400))
        assert ask(app, "POST", path, data=ONE_CLICK).status_code == 200
        assert gets(maya) == EVERYTHING - {OFFERS}

    def test_it_holds_against_whatever_others_say(self, app, maya):
        ask(app, "POST", unsubscribe(maya), data=ONE_CLICK)
        given(maya, source="api", at=datetime.now(UTC) + timedelta(days=1), promotional=True)
        assert permission.refusals([maya.id], "promotional", OFFERS, datetime.now(UTC)) == {maya.id: "unsubscribed"}

    def test_who_came_back_can_leave_again(self, app, maya):
        ask(app, "POST", unsubscribe(maya), data=ONE_CLICK)
        given(maya, promotional=True)
        ask(app, "POST", unsubscribe(maya), data=ONE_CLICK)
        assert gets(maya) == EVERYTHING - {OFFERS}
        assert proofs() == 3

    def test_an_address_that_changed_since_is_bound_too(self, app, maya):
        ask(app, "POST", unsubscribe(maya), data=ONE_CLICK)
        maya.email = "new@posteo.example"
        db.session.commit()
        ask(app, "POST", unsubscribe(maya), data=ONE_CLICK)
        assert last().email_folded == "new@posteo.example"

    def test_a_topic_that_was_archived_since_is_left_all_the_same(self, app, maya):
        path = unsubscribe(maya)
        topic = topics.find(topic_id())
        topics.archive(topic, datetime.now(UTC), SYSTEM)
        db.session.commit()
        assert ask(app, "POST", path, data=ONE_CLICK).status_code == 200
        topics.bring_back(topics.find(topic_id()), SYSTEM)
        assert OFFERS not in gets(maya)


BAD = [
    {"data": b""},
    {"data": {}},
    {"data": {"List-Unsubscribe": "one-click"}},
    {"data": {"List-Unsubscribe": "Two-Click"}},
    {"data": {"list-unsubscribe": "One-Click"}},
    {"data": b"List-Unsubscribe=One-Click", "content_type": "text/plain"},
    {"data": b"List-Unsubscribe=One-Click"},
    {"json": ONE_CLICK},
    {"data": b"--x\r\nbroken", "content_type": "multipart/form-data; boundary=x"},
    {"data": b"List-Unsubscribe=One-Click", "content_type": "multipart/form-data"},
    {"data": {"act": ""}},
    {"data": {"act": "everything"}},
    {"data": {"reason": "Too many mails"}},
    {"query_string": None, "data": b"\xff\xfe\x00"},
]


@pytest.mark.parametrize("how", BAD, ids=range(len(BAD)))
def test_any_other_body_is_refused_and_does_nothing(app, maya, how):
    how = {name: value for name, value in how.items() if name != "query_string"}
    answer = ask(app, "POST", unsubscribe(maya), **how)
    assert answer.status_code == 400
    assert "Set-Cookie" not in answer.headers
    assert proofs() == 0


def test_the_words_in_the_query_are_no_click(app, maya):
    assert ask(app, "POST", f"{unsubscribe(maya)}&List-Unsubscribe=One-Click&act=all").status_code == 400
    assert proofs() == 0


def test_a_huge_body_is_refused_without_a_cookie(app, maya):
    answer = ask(app, "POST", unsubscribe(maya), data={"reason": "x" * 6_000_000, "act": "all"})
    assert answer.status_code == 413
    assert "Set-Cookie" not in answer.headers
    assert proofs() == 0


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_to_look_changes_nothing_however_often(app, maya, method):
    paths = [unsubscribe(maya), unsubscribe(maya, None), page(maya)]
    for path in paths * 10:
        answer = ask(app, method, path, data=ONE_CLICK)
        assert answer.status_code == 200
        assert "Set-Cookie" not in answer.headers
    assert proofs() == 0
    assert gets(maya) == EVERYTHING


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_other_methods_do_nothing_and_set_no_cookie(app, maya, method):
    answer = ask(app, method, unsubscribe(maya), data=ONE_CLICK)
    assert answer.status_code == 405
    assert "Set-Cookie" not in answer.headers
    assert proofs() == 0


class TestThePage:
    def test_it_names_the_topic_and_half_the_address(self, app, maya):
        told = said(ask(app, "GET", unsubscribe(maya)))
        for words in ("Stop Offers mail?", "m•••••••t@posteo.example", "Unsubscribe from Offers", "Stop all marketing"):
            assert words in told
        assert "maya.t@" not in told

    def test_its_link_leads_to_the_preferences_of_the_same_person(self, app, maya):
        told = said(ask(app, "GET", unsubscribe(maya)))
        (token,) = {part.partition('"')[0] for part in told.split("/preferences?token=")[1:]}
        assert links.reader("preferences", token).customer_id == maya.id

    def test_a_topic_is_left_with_a_reason(self, app, maya):
        sent = {"act": "topic", "reason": "Too many mails", "comment": "Twice\na day\0!"}
        answer = ask(app, "POST", unsubscribe(maya), data=sent)
        assert answer.status_code == 200
        assert "You will no longer get Offers." in said(answer)
        assert gets(maya) == EVERYTHING - {OFFERS}
        proof = last()
        assert (proof.source, proof.way) == ("page", "unsubscribe page")
        assert proof.shown == "Stop Offers mail? Unsubscribe from Offers"
        assert proof.reason == "Too many mails. Twice a day !"

    def test_a_long_reason_is_cut(self, app, maya):
        ask(app, "POST", unsubscribe(maya), data={"act": "topic", "comment": "x" * 5000})
        assert last().reason == "x" * 300

    def test_all_is_left(self, app, maya):
        assert "no longer get marketing mail" in said(ask(app, "POST", unsubscribe(maya), data={"act": "all"}))
        assert gets(maya) == set()

    def test_undo_brings_the_topic_back_by_a_later_own_word(self, app, maya):
        done = ask(app, "POST", unsubscribe(maya), data={"act": "topic"})
        answer = ask(app, "POST", unsubscribe(maya), data={"act": "undo", "again": hidden(done, "again")})
        assert "undone" in said(answer)
        assert gets(maya) == EVERYTHING
        assert (proofs(), last().is_given, last().source) == (2, True, "page")

    def test_undo_of_all_brings_back_only_what_was_on(self, app, maya):
        given(maya, newsletter=False)
        opened = ask(app, "GET", unsubscribe(maya))
        for _double_click in range(2):
            sent = {"act": "all", "was": hidden(opened, "was")}
            done = ask(app, "POST", unsubscribe(maya), data=sent)
        assert gets(maya) == set()
        ask(app, "POST", unsubscribe(maya), data={"act": "undo", "again": hidden(done, "again")})
        assert gets(maya) == EVERYTHING - {"newsletter"}

    def test_an_undo_of_a_topic_needs_no_list_and_one_of_nothing_is_refused(self, app, maya):
        ask(app, "POST", unsubscribe(maya), data={"act": "topic"})
        assert ask(app, "POST", unsubscribe(maya), data={"act": "undo"}).status_code == 200
        assert gets(maya) == EVERYTHING
        for again in ([], ["x", "-1", "9" * 40]):
            sent = {"act": "undo", "again": again}
            assert ask(app, "POST", unsubscribe(maya, None), data=sent).status_code == 400
        sent = {"act": "undo", "again": ["999999", str(10**18 - 1)]}
        assert ask(app, "POST", unsubscribe(maya), data=sent).status_code == 200
        assert gets(maya) == EVERYTHING

    def test_words_of_the_team_are_escaped(self, app, maya):
        topics.change(topics.find(topic_id()), "<b onclick=x>Offers</b>", "<i>", SYSTEM)
        brand.save(Brand(name="<u>Campus", postal_address="<s>Weg 1"), 0, SYSTEM)
        db.session.commit()
        for path in (unsubscribe(maya), page(maya)):
            told = said(ask(app, "GET", path))
            assert "&lt;b onclick=x&gt;Offers" in told
            assert not any(tag in told for tag in ("<b onclick", "<i>", "<u>", "<s>"))


class TestHeaders:
    @pytest.mark.parametrize("method", ["GET", "POST"])
    def test_no_cache_no_referrer_no_index_no_cookie(self, app, maya, method):
        for path in (unsubscribe(maya), page(maya), "/unsubscribe?token=x", "/preferences?token=x", "/sign-up"):
            answer = ask(app, method, path)
            assert answer.headers["Cache-Control"] == "no-store"
            assert answer.headers["Referrer-Policy"] == "no-referrer"
            assert answer.headers["X-Robots-Tag"] == "noindex"
            assert "Set-Cookie" not in answer.headers

    def test_a_colleague_who_is_signed_in_gets_no_cookie_either(self, app, maya, admin, client_of):
        ada = client_of(admin)
        with ada.session_transaction() as session:
            session.permanent = True
        assert "Set-Cookie" in ada.get("/account").headers
        for answer in (ada.get(unsubscribe(maya)), ada.post(unsubscribe(maya), data=ONE_CLICK), ada.get(page(maya))):
            assert answer.status_code == 200
            assert "Set-Cookie" not in answer.headers


def broken(token: str) -> list[str]:
    raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    flipped = [raw[:n] + bytes([raw[n] ^ 1]) + raw[n + 1 :] for n in range(len(raw))]
    cut = [token[:n] for n in range(0, len(token), 3)]
    more = [f"{token}A", f"{token}=", f"{token}==", f" {token}", f"{token}%00", token.swapcase(), "1", "2", "x" * 5000]
    return [*(base64.urlsafe_b64encode(one).decode().rstrip("=") for one in flipped), *cut, *more, "ünsub", "%ff%fe"]


class TestWrongLinks:
    @pytest.mark.parametrize("method", ["GET", "POST"])
    def test_all_are_answered_alike(self, app, maya, tom, method):
        good = links.unsubscribe(maya.id, topic_id(), 7)
        wrong = [*broken(good), links.preferences(maya.id), links.confirm(maya.id)]
        answers = [ask(app, method, f"/unsubscribe?token={one}", data=ONE_CLICK) for one in wrong]
        answers.append(ask(app, method, "/unsubscribe", data=ONE_CLICK))
        answers.append(ask(app, method, f"/preferences?token={good}", data={"act": "all"}))
        answers.append(ask(app, method, f"/sign-up/confirm?token={good}"))
        assert {answer.status_code for answer in answers} == {404}
        assert len({str(seen(answer)) for answer in answers}) == 1
        assert proofs() == 0

    def test_numbers_are_no_links(self, app, maya):
        for path in ("/unsubscribe", "/preferences"):
            answers = [ask(app, "POST", f"{path}?token={n}", data=ONE_CLICK) for n in range(50)]
            assert {answer.status_code for answer in answers} == {404}

    def test_a_link_is_for_its_own_person_alone(self, app, maya, tom):
        path = f"{unsubscribe(tom)}&customer_id={maya.id}"
        ask(app, "POST", path, data={"act": "all", "customer_id": maya.id, "email": maya.email})
        assert (gets(maya), gets(tom)) == (EVERYTHING, set())

    def test_a_key_that_was_rotated_out_still_opens(self, app, maya, monkeypatch):
        path, old = unsubscribe(maya), app.config["SECRET_KEY"]
        monkeypatch.setitem(app.config, "SECRET_KEY", "another key of more than thirty-two characters")
        assert ask(app, "POST", path, data=ONE_CLICK).status_code == 404
        monkeypatch.setitem(app.config, "SECRET_KEY_FALLBACKS", [old])
        assert ask(app, "POST", path, data=ONE_CLICK).status_code == 200
        assert gets(maya) == EVERYTHING - {OFFERS}


class TestWhoIsNoLongerThere:
    @pytest.mark.parametrize("path", [unsubscribe, page])
    def test_an_erased_customer_is_told_that_nothing_is_sent(self, app, maya, path):
        there = path(maya)
        maya.erased_at = datetime.now(UTC)
        db.session.commit()
        for answer in (ask(app, "GET", there), ask(app, "POST", there, data={"act": "all"})):
            assert answer.status_code == 200
            assert "Nothing is sent to you any more" in said(answer)
        assert ask(app, "POST", unsubscribe(maya), data=ONE_CLICK).status_code == 200
        assert proofs() == 0

    def test_a_customer_whose_row_is_gone(self, app, maya):
        paths = [unsubscribe(maya), page(maya)]
        db.session.delete(maya)
        db.session.commit()
        for path in paths:
            assert "Nothing is sent to you any more" in said(ask(app, "GET", path))
            assert ask(app, "POST", path, data={"act": "all"}).status_code == 200

    def test_whoever_was_merged_is_the_survivor(self, app, maya, tom):
        paths = [unsubscribe(maya), page(maya)]
        merging.merge(tom.id, maya.id, [], None, SYSTEM, datetime.now(UTC))
        db.session.commit()
        assert db.session.scalar(select(CustomerAlias.customer_id)) == tom.id
        assert "t•••••••m@posteo.example" in said(ask(app, "GET", paths[1]))
        assert ask(app, "POST", paths[0], data=ONE_CLICK).status_code == 200
        assert gets(tom) == EVERYTHING - {OFFERS}
        ask(app, "POST", paths[1], data={"act": "all"})
        assert gets(tom) == set()


@pytest.mark.parametrize(
    ("email", "shown"),
    [
        ("maya.t@posteo.de", "m•••••••t@posteo.de"),
        ("ab@x.de", "•••••••@x.de"),
        ("a@x.de", "•••••••@x.de"),
        ("nobody", ""),
        ("", ""),
        (None, ""),
    ],
)
def test_an_address_is_shown_by_its_ends(email, shown):
    assert readers.masked(email) == shown


def test_the_pages_wear_the_colours_of_the_brand(app, maya):
    assert '<link rel="stylesheet" href="/brand.css">' in said(ask(app, "GET", unsubscribe(maya)))
    brand.save(Brand(accent="#7a1fa2", accent_ink="#fffde7"), 0, SYSTEM)
    db.session.commit()
    sheet = ask(app, "GET", "/brand.css")
    assert sheet.mimetype == "text/css"
    assert "--accent: #7a1fa2; --on-accent: #fffde7;" in said(sheet)
    brand.save(Brand(accent="red; } body { display: none"), 1, SYSTEM)
    db.session.commit()
    assert said(ask(app, "GET", "/brand.css")) == ""
