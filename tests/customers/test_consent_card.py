"""What they allow, on the customer's page: the card, the proofs, a change by hand, the story."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app.audit import SYSTEM, Entry
from app.consent import links, preferences, suppressions
from app.consent.consent import Consent
from app.consent.preferences import Word
from app.consent.suppressions import Incoming
from app.db import db
from app.settings import topics
from tests.factories import make_customer

NOW = datetime(2026, 11, 3, 10, tzinfo=UTC)
HTMX = {"HX-Request": "true"}


@pytest.fixture
def browser(client_of, marketer):
    return client_of(marketer)


@pytest.fixture
def maya(app):
    return make_customer(email="maya@mail.example")


def text_of(answer) -> str:
    return " ".join(answer.get_data(as_text=True).split())


def says(customer, slug, is_given, source="page", way="one-click", **more):
    preferences.say(customer.id, {topics.id_of(slug): is_given}, Word(source, way, NOW, **more))
    db.session.commit()


def card(browser, customer) -> str:
    page = text_of(browser.get(f"/customers/{customer.id}"))
    return page[page.index('aria-labelledby="allows"') :].partition("</section>")[0]


def change(browser, customer, was, on, reason="On the phone."):
    sent = {"was": [topics.id_of(slug) for slug in was], "on": [topics.id_of(slug) for slug in on], "reason": reason}
    return browser.post(f"/customers/{customer.id}/consent", data=sent)


class TestCard:
    def test_who_never_said_anything_gets_what_is_on_by_default(self, browser, maya):
        shown = card(browser, maya)
        assert "<b>yes</b>, on 7 of 7 topics" in shown
        assert shown.count("by default") == 8

    def test_each_topic_tells_who_decided_it(self, browser, maya):
        says(maya, "newsletter", False)
        says(maya, "browse", False, "hand", "Ines")
        says(maya, "promotional", True, "import", "import 7")
        shown = card(browser, maya)
        assert "on 5 of 7 topics" in shown
        assert "off by their own word" in shown
        for words in ("3 Nov 2026 · one-click", "3 Nov 2026 · Ines, by hand", "3 Nov 2026 · import 7"):
            assert words in shown

    def test_an_own_no_stands_before_a_later_yes_of_others(self, browser, maya):
        says(maya, "newsletter", False)
        later = Word("api", "LMS (API)", NOW + timedelta(days=1))
        preferences.say(maya.id, {topics.id_of("newsletter"): True}, later)
        db.session.commit()
        shown = card(browser, maya)
        assert "3 Nov 2026 · one-click" in shown
        assert "LMS (API)" not in shown

    def test_one_sentence_says_no_and_why(self, browser, maya):
        preferences.withdraw_all(maya.id, Word("page", "one-click", NOW))
        db.session.commit()
        assert "<b>no</b> — unsubscribed on 3 Nov 2026 by one-click" in card(browser, maya)

    def test_no_address_no_mail(self, browser):
        assert "<b>no</b> — no address is known" in card(browser, make_customer(email=None))

    def test_a_suppressed_address_and_a_pause_are_told(self, browser, maya):
        suppressions.put_many([Incoming(0, "maya@mail.example", "hard_bounce", NOW, "550")], "Mailer")
        until = preferences.pause(maya.id, datetime.now(UTC))
        db.session.commit()
        shown = card(browser, maya)
        assert "<b>no</b> — the address is suppressed" in shown
        assert "a hard bounce, since 3 Nov 2026. Said by Mailer." in shown
        assert f"until {until.day} " in shown

    def test_a_pause_alone_stops_promotional_mail(self, browser, maya):
        preferences.pause(maya.id, datetime.now(UTC))
        db.session.commit()
        assert "<b>no</b> — paused until" in card(browser, maya)

    def test_the_word_of_somebody_else_with_this_address_counts(self, browser, maya):
        says(make_customer(email="maya@mail.example"), "marketing", False)
        shown = card(browser, maya)
        assert "somebody else with this address unsubscribed from everything" in shown
        assert "somebody else with this address said no" in shown

    def test_every_topic_on_request_and_nothing_asked_for(self, browser, maya):
        for topic in topics.in_use():
            topic.is_on = topic.is_master
        db.session.commit()
        assert "<b>no</b> — no topic is on" in card(browser, maya)

    def test_names_of_topics_are_words_and_no_html(self, browser, maya):
        topics.change(topics.called("newsletter"), "<b onclick=x>Offers</b>", "<script>alert(1)</script>", SYSTEM)
        says(maya, "newsletter", False, way="<i>way</i>", shown="<u>words</u>", reason="<s>why</s>")
        for path in ("", "/consent", "/consent/edit"):
            page = text_of(browser.get(f"/customers/{maya.id}{path}"))
            for bad in ("<b onclick", "<script>alert", "<i>way", "<u>words", "<s>why"):
                assert bad not in page

    def test_links_are_for_those_who_may_edit(self, client_of, browser, viewer, maya):
        page = text_of(browser.get(f"/customers/{maya.id}"))
        assert f"/preferences?token={links.preferences(maya.id)}" in page
        assert f"/unsubscribe?token={links.unsubscribe(maya.id)}" in page
        page = text_of(client_of(viewer).get(f"/customers/{maya.id}"))
        assert "?token=" not in page
        assert "Change by hand" not in page


class TestByHand:
    def test_what_they_told_a_colleague_is_written_down(self, browser, maya):
        answer = change(browser, maya, ["newsletter", "browse"], ["browse"], "On the phone, today.")
        assert answer.status_code == 303
        proof = db.session.scalars(select(Consent)).one()
        assert (proof.source, proof.way, proof.is_given, proof.reason) == ("hand", "Max", False, "On the phone, today.")
        assert preferences.as_said(maya.id)["newsletter"] is False
        entry = db.session.scalars(select(Entry).where(Entry.subject_type == "customer")).one()
        assert entry.before == {"newsletter": True}
        assert entry.after == {"newsletter": False, "reason": "On the phone, today."}

    def test_a_colleague_can_take_back_what_a_colleague_said(self, browser, maya):
        says(maya, "newsletter", False, "hand", "Ines")
        change(browser, maya, [], ["newsletter"])
        assert preferences.as_said(maya.id)["newsletter"] is True

    def test_what_people_withdrew_themselves_is_not_given_back_by_hand(self, browser, maya):
        says(maya, "newsletter", False)
        form = text_of(browser.get(f"/customers/{maya.id}/consent/edit"))
        assert form.count(" disabled") == 1
        assert "Only they can lift that" in form
        answer = change(browser, maya, [], ["newsletter"])
        assert answer.status_code == 303
        assert preferences.as_said(maya.id)["newsletter"] is False
        assert len(db.session.scalars(select(Consent)).all()) == 1

    def test_an_old_form_undoes_nobodys_change(self, browser, maya):
        says(maya, "browse", False, "hand", "Ines")
        change(browser, maya, ["newsletter", "browse"], ["browse"])
        said = preferences.as_said(maya.id)
        assert (said["newsletter"], said["browse"]) == (False, False)

    @pytest.mark.parametrize(
        ("was", "on", "reason", "words"),
        [
            (["newsletter"], [], "", "Say why"),
            (["newsletter"], [], "   ", "Say why"),
            (["newsletter"], [], "x" * 501, "At most 500"),
            (["newsletter"], ["newsletter"], "On the phone.", "No topic was switched."),
        ],
    )
    def test_bad_input_comes_back_with_its_sentence(self, browser, maya, was, on, reason, words):
        answer = change(browser, maya, was, on, reason)
        assert answer.status_code == 422
        assert words in text_of(answer)
        assert db.session.scalars(select(Consent)).all() == []

    @pytest.mark.parametrize("number", ["x", "-1", "9" * 30, "999999", "1\0"])
    def test_a_topic_that_is_none_changes_nothing(self, browser, maya, number):
        answer = browser.post(f"/customers/{maya.id}/consent", data={"on": number, "reason": "On the phone."})
        assert answer.status_code in {303, 422}
        assert db.session.scalars(select(Consent)).all() == []

    def test_a_viewer_looks_and_changes_nothing(self, client_of, viewer, maya):
        browser = client_of(viewer)
        assert browser.get(f"/customers/{maya.id}/consent").status_code == 200
        assert browser.get(f"/customers/{maya.id}/consent/edit").status_code == 403
        assert change(browser, maya, ["newsletter"], []).status_code == 403

    @pytest.mark.parametrize("path", ["consent", "consent/edit"])
    def test_nobody_there_is_not_found(self, browser, path):
        for number in ("0", "999999", "9" * 20):
            assert browser.get(f"/customers/{number}/{path}").status_code == 404


class TestProofs:
    def test_every_statement_is_shown_with_its_proof(self, browser, maya):
        says(maya, "newsletter", True, "form", "sign-up form", shown="I want the newsletter.")
        preferences.say(
            maya.id,
            {topics.id_of("newsletter"): False},
            Word("page", "unsubscribe page", NOW + timedelta(days=2), reason="Too many mails"),
        )
        db.session.commit()
        page = text_of(browser.get(f"/customers/{maya.id}/consent"))
        for words in ("They saw: “I want the newsletter.”", "Reason: Too many mails", "sign-up form", "5 Nov 2026"):
            assert words in page
        assert page.index("withdrawn") < page.index("given</span>")

    def test_page_by_page_and_as_fragment(self, browser, maya):
        for hour in range(60):
            word = Word("api", "LMS (API)", NOW + timedelta(hours=hour))
            preferences.say(maya.id, {topics.id_of("newsletter"): bool(hour % 2)}, word)
        db.session.commit()
        page = text_of(browser.get(f"/customers/{maya.id}/consent"))
        assert "1–50" in page
        older = page.split('rel="next"')[0].rpartition('href="')[2].partition('"')[0].replace("&amp;", "&")
        fragment = text_of(browser.get(older, headers=HTMX))
        assert "51–60" in fragment
        assert "<html" not in fragment
        assert browser.get(f"/customers/{maya.id}/consent?cursor=x").status_code == 422

    def test_nothing_said_is_told(self, browser, maya):
        assert "Nothing was said yet" in text_of(browser.get(f"/customers/{maya.id}/consent"))


class TestStory:
    def test_one_breath_is_one_line(self, browser, maya):
        preferences.say(
            maya.id,
            {topics.id_of("newsletter"): False, topics.id_of("browse"): False},
            Word("hand", "Ines", NOW),
        )
        db.session.commit()
        story = text_of(browser.get(f"/customers/{maya.id}?show=consent", headers=HTMX))
        assert "Said no to <b>Newsletter, Browsing reminders</b>" in story or story.count("Said no to") == 1
        assert "Ines, by hand" in story
        assert "Said no to" in text_of(browser.get(f"/customers/{maya.id}"))
        assert "Said no to" not in text_of(browser.get(f"/customers/{maya.id}?show=stages", headers=HTMX))
