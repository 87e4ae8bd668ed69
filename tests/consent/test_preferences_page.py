"""/preferences: what differs is said, nothing else; the page works without script and names what it saved."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text

from app.audit import SYSTEM
from app.consent import forgotten, preferences
from app.consent.consent import Consent
from app.consent.pause import Pause
from app.consent.preferences import Word
from app.db import db
from app.settings import team, topics
from app.settings.team import Team
from tests.consent.links_of import ask, at_once, gets, page, proofs, said, topic_id
from tests.factories import make_attribute, make_customer

MANY = ",".join(map(str, range(51)))


@pytest.fixture
def maya(app):
    return make_customer(
        email="maya.t@posteo.example", timezone="Europe/Berlin", attributes={"interest": ["data", "art"]}
    )


def every_topic() -> dict[str, int]:
    return {topic.slug: topic.id for topic in topics.in_use()}


def form(*without: str, **also: object) -> dict[str, object]:
    """As a browser sends it with everything on but these."""
    held = every_topic()
    on = [number for slug, number in held.items() if slug not in without]
    return {"act": "save", "topic": list(held.values()), "on": on, **also}


def given(customer, source: str = "page", **facts: bool) -> None:
    wishes = {topic_id(slug): is_given for slug, is_given in facts.items()}
    preferences.say(customer.id, wishes, Word(source, "before", datetime.now(UTC)))
    db.session.commit()


def stated() -> dict[str, bool]:
    names = {number: slug for slug, number in every_topic().items()}
    return {names[one.topic_id]: one.is_given for one in db.session.scalars(select(Consent).order_by(Consent.id))}


def test_the_page_shows_where_somebody_stands(app, maya):
    given(maya, newsletter=False)
    told = said(ask(app, "GET", page(maya)))
    assert "m•••••••t@posteo.example" in told
    assert told.count("checked") == len(every_topic()) - 1
    assert "News from us, a few times a month." in told
    assert "<option selected>Europe/Berlin" in told
    assert 'value="data, art"' in told


def test_only_what_differs_is_said(app, maya):
    answer = ask(app, "POST", page(maya), data=form("promotional", "browse"))
    assert answer.status_code == 200
    assert "You will no longer get Offers and Browse reminders." in said(answer)
    assert stated() == {"promotional": False, "browse": False}
    proof = db.session.scalar(select(Consent).order_by(Consent.id).limit(1))
    assert (proof.source, proof.way) == ("page", "preference page")
    assert proof.shown == "Offers: New courses, discounts and events."
    assert proof.caller_hash == forgotten.hashed("caller 127.0.0.1")


def test_saving_without_a_change_says_nothing(app, maya):
    answer = ask(app, "POST", page(maya), data=form(timezone="Europe/Berlin", interest="data, art"))
    assert "It is as it was." in said(answer)
    assert proofs() == 0


def test_coming_back_to_a_topic(app, maya):
    given(maya, newsletter=False)
    answer = ask(app, "POST", page(maya), data=form())
    assert "You will get Newsletter." in said(answer)
    assert stated()["newsletter"] is True
    assert "newsletter" in gets(maya)


def test_the_main_switch_off_leaves_everything(app, maya):
    answer = ask(app, "POST", page(maya), data=form("marketing"))
    assert "You will no longer get All marketing mail." in said(answer)
    assert stated() == dict.fromkeys(every_topic(), False)


def test_the_main_switch_on_brings_what_is_ticked(app, maya):
    ask(app, "POST", page(maya), data={"act": "all"})
    assert gets(maya) == set()
    others = set(every_topic()) - {"marketing", "newsletter"}
    ask(app, "POST", page(maya), data=form(*others))
    assert gets(maya) == {"marketing", "newsletter"}


def test_a_topic_under_a_main_switch_that_is_off_is_kept_and_explained(app, maya):
    ask(app, "POST", page(maya), data={"act": "all"})
    others = set(every_topic()) - {"newsletter"}
    answer = ask(app, "POST", page(maya), data=form(*others))
    assert "You will get Newsletter. But the main switch is off" in said(answer)
    assert gets(maya) == {"newsletter"}


def test_a_topic_that_the_form_did_not_show_is_left_alone(app, maya):
    opened = form()
    topics.add("events", "Events", "", SYSTEM)
    db.session.commit()
    ask(app, "POST", page(maya), data=opened)
    assert proofs() == 0


@pytest.mark.parametrize("sent", [{}, {"on": "1"}, {"act": "else"}, {"List-Unsubscribe": "One-Click"}])
def test_a_form_that_is_not_ours_is_refused(app, maya, sent):
    answer = ask(app, "POST", page(maya), data=sent)
    assert (answer.status_code, proofs()) == (400, 0)
    assert ask(app, "POST", page(maya), json={"act": "all"}).status_code == 400
    assert proofs() == 0


def test_numbers_that_are_no_topics_do_nothing(app, maya):
    sent = {"act": "save", "topic": ["x", "-1", "9" * 30, "999999"], "on": ["\0", "999999"]}
    assert ask(app, "POST", page(maya), data=sent).status_code == 200
    assert proofs() == 0


def test_many_at_once_say_it_once(app, maya):
    assert at_once(app, page(maya), form("promotional")) == {200}
    assert stated() == {"promotional": False}
    assert proofs() == 1


class TestTheClock:
    def test_it_is_theirs(self, app, maya, time_machine):
        time_machine.move_to("2026-10-22T08:04:00Z", tick=False)
        assert "Saved at 10:04 (Europe/Berlin)." in said(ask(app, "POST", page(maya), data=form()))

    def test_or_the_teams(self, app, time_machine):
        tom = make_customer("Tom", "Keller", timezone="Mars/Base")
        team.save(Team(timezone="Asia/Tokyo"), 0, SYSTEM)
        db.session.commit()
        time_machine.move_to("2026-10-22T08:04:00Z", tick=False)
        assert "Saved at 17:04 (Asia/Tokyo)." in said(ask(app, "POST", page(tom), data=form()))
        assert tom.timezone == "Mars/Base"


class TestOwnFacts:
    def test_zone_and_interests_are_saved_with_their_history(self, app, maya):
        sent = form(timezone="Asia/Tokyo", interest=" Art,art , music\t theory,,")
        assert "What you told us is kept." in said(ask(app, "POST", page(maya), data=sent))
        assert maya.timezone == "Asia/Tokyo"
        assert maya.attributes["interest"] == ["Art", "music theory"]
        rows = db.session.execute(text("SELECT name, source FROM attribute_changes")).all()
        assert {tuple(row) for row in rows} == {("timezone", "preference page"), ("interest", "preference page")}

    def test_nothing_is_written_where_nothing_differs(self, app, maya):
        ask(app, "POST", page(maya), data=form("promotional", timezone="Europe/Berlin", interest="data,  art"))
        assert db.session.execute(text("SELECT count(*) FROM attribute_changes")).scalar() == 0

    def test_both_can_be_cleared(self, app, maya):
        ask(app, "POST", page(maya), data=form(timezone="", interest=" , "))
        assert maya.timezone is None
        assert "interest" not in maya.attributes

    def test_a_form_without_the_fields_leaves_them(self, app, maya):
        ask(app, "POST", page(maya), data=form())
        assert (maya.timezone, maya.attributes) == ("Europe/Berlin", {"interest": ["data", "art"]})

    @pytest.mark.parametrize("bad", [{"timezone": "Mars/Base"}, {"interest": "x" * 81}, {"interest": MANY}])
    def test_what_cannot_be_is_refused_with_what_was_typed(self, app, maya, bad):
        answer = ask(app, "POST", page(maya), data=form("promotional", **bad))
        assert answer.status_code == 422
        assert proofs() == 0
        assert maya.timezone == "Europe/Berlin"

    def test_a_declared_text_stays_a_text(self, app):
        make_attribute("interest", "string")
        tom = make_customer("Tom", "Keller", attributes={"interest": "data, art"})
        ask(app, "POST", page(tom), data=form(interest="data, music"))
        assert tom.attributes["interest"] == "data, music"

    def test_a_declared_number_is_not_asked_for(self, app):
        make_attribute("interest", "numeric")
        tom = make_customer("Tom", "Keller", attributes={"interest": 7})
        assert 'name="interest"' not in said(ask(app, "GET", page(tom)))
        ask(app, "POST", page(tom), data=form(interest="data"))
        assert tom.attributes["interest"] == 7

    def test_what_they_typed_is_escaped(self, app, maya):
        answer = ask(app, "POST", page(maya), data=form(interest='"><script>x'))
        assert "<script>x" not in said(answer)
        assert "&#34;&gt;&lt;script&gt;x" in said(answer)


class TestThePause:
    def test_it_lasts_thirty_days_and_says_until_when(self, app, maya, time_machine):
        time_machine.move_to("2026-10-22T08:04:00Z", tick=False)
        answer = ask(app, "POST", page(maya), data={"act": "pause"})
        assert "No marketing mail until 21 November 2026, 09:04." in said(answer)
        assert "Paused: no marketing mail until 21 November 2026" in said(ask(app, "GET", page(maya)))
        assert preferences.paused_until(maya.id, datetime.now(UTC)) == datetime.now(UTC) + timedelta(days=30)
        assert proofs() == 0

    def test_it_can_be_ended(self, app, maya):
        ask(app, "POST", page(maya), data={"act": "pause"})
        answer = ask(app, "POST", page(maya), data={"act": "resume"})
        assert "The pause has ended." in said(answer)
        assert db.session.scalar(select(Pause)) is None
