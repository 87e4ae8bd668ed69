"""Settings: each page saves, refuses nonsense with what was typed still there, and writes down who did it."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import select

from app.audit import Actor, Entry
from app.db import db
from app.settings import brand, senders, setting, team, topics
from app.settings.sender import Sender
from app.settings.topic import Topic

ADA = Actor("user", 1, "Ada")


@pytest.fixture
def browser(client_of, admin):
    return client_of(admin)


def said(answer) -> str:
    return answer.get_data(as_text=True)


def entries(subject: str) -> list[Entry]:
    return list(db.session.scalars(select(Entry).where(Entry.subject_type == subject).order_by(Entry.id)))


PAGES = ["", "/team", "/brand", "/senders", "/senders/new", "/topics", "/topics/new"]


@pytest.mark.parametrize("page", PAGES)
def test_each_page_answers_an_admin_and_nobody_else(client_of, admin, marketer, page):
    assert client_of(admin).get(f"/settings{page}").status_code == 200
    assert client_of(marketer).get(f"/settings{page}").status_code == 403


def test_the_side_bar_offers_no_door_that_would_not_open(client_of, admin, marketer):
    link = 'href="/settings"'
    assert link in said(client_of(admin).get("/"))
    assert link not in said(client_of(marketer).get("/"))


class TestTeam:
    def test_the_zone_decides_when_a_day_begins(self, browser):
        answer = browser.post("/settings/team", data={"timezone": "Asia/Tokyo", "version": "0"})
        assert answer.status_code == 303
        assert team.zone().key == "Asia/Tokyo"
        assert entries("settings")[0].after == {"timezone": "Asia/Tokyo"}
        assert entries("settings")[0].before == {"timezone": "UTC"}

    @pytest.mark.parametrize("zone", ["", "Mars/Base", "../../etc/passwd", "x" * 500])
    def test_a_zone_that_does_not_exist_is_refused(self, browser, zone):
        assert browser.post("/settings/team", data={"timezone": zone, "version": "0"}).status_code == 422
        assert team.zone().key == "UTC"


class TestBrand:
    @pytest.mark.parametrize(
        ("legal_name", "address", "imprint"),
        [
            ("Campus gGmbH", "Campus gGmbH\n Road 1 \n\n12345 Town", "Campus gGmbH, Road 1, 12345 Town"),
            ("Campus gGmbH", "Road 1\n12345 Town", "Campus gGmbH, Road 1, 12345 Town"),
            ("", "", "Campus"),
        ],
    )
    def test_nobody_is_named_twice_in_the_imprint(self, legal_name, address, imprint):
        assert brand.Brand(legal_name=legal_name, postal_address=address).imprint == imprint

    def filled(self, **changes: str) -> dict[str, str]:
        good = {"name": "Campus", "accent": "#0c6478", "accent_ink": "#ffffff", "version": "0"}
        return good | changes

    def test_it_is_saved_and_shown(self, browser):
        browser.post("/settings/brand", data=self.filled(name="Nordlicht", postal_address="Weg 1\r\n12345 Ort"))
        assert brand.current().postal_address == "Weg 1\n12345 Ort"
        assert "Nordlicht" in said(browser.get("/"))

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("name", ""),
            ("name", "x" * 61),
            ("website", "javascript:alert(1)"),
            ("website", "example.com"),
            ("logo_url", "data:image/png;base64,xx"),
            ("accent", "red"),
            ("accent_ink", "#0c6479"),
            ("postal_address", "x" * 501),
        ],
    )
    def test_nonsense_is_refused_and_stays_in_the_form(self, browser, field, value):
        answer = browser.post("/settings/brand", data=self.filled(**{field: value}))
        assert answer.status_code == 422
        assert f'id="{field}-bad"' in said(answer)
        assert brand.current() == brand.Brand()

    def test_two_who_save_at_once_do_not_overwrite_each_other(self, browser):
        assert browser.post("/settings/brand", data=self.filled(name="First")).status_code == 303
        late = browser.post("/settings/brand", data=self.filled(name="Second"))
        assert late.status_code == 422
        assert "Somebody else saved" in said(late)
        assert "Second" in said(late)
        assert brand.current().name == "First"

    def test_the_same_race_in_two_transactions(self, app):
        outcomes = []

        def save(name: str) -> None:
            with app.app_context():
                try:
                    brand.save(brand.Brand(name=name), 0, ADA)
                    db.session.commit()
                    outcomes.append("saved")
                except setting.ChangedMeanwhile:
                    db.session.rollback()
                    outcomes.append("refused")

        threads = [threading.Thread(target=save, args=(name,)) for name in ("One", "Two", "Three")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(outcomes) == ["refused", "refused", "saved"]


class TestSenders:
    def test_the_first_one_is_the_default_and_the_default_can_move(self, browser):
        browser.post("/settings/senders", data={"name": "Campus", "email": "hello@campus.example"})
        browser.post("/settings/senders", data={"name": "News", "email": "news@campus.example"})
        hello, news = db.session.scalars(select(Sender).order_by(Sender.id))
        assert (hello.is_default, news.is_default) == (True, False)
        browser.post(f"/settings/senders/{news.id}/default")
        db.session.expire_all()
        assert (hello.is_default, news.is_default) == (False, True)
        assert [entry.verb for entry in entries("sender")] == ["added", "added", "made default"]

    @pytest.mark.parametrize(
        "email", ["", "x", "a@b", "a b@c.de", "a@c..de", "é@c.de", "a@c.de\r\nBcc: x@y.z", "HELLO@campus.example"]
    )
    def test_an_address_that_is_none_or_taken_is_refused(self, browser, email):
        senders.add("Campus", "hello@campus.example", "", ADA)
        db.session.commit()
        answer = browser.post("/settings/senders", data={"name": "X", "email": email})
        assert answer.status_code == (422 if "Bcc" not in email else answer.status_code)
        assert len(senders.everyone()) == 1 or "\n" not in senders.everyone()[1].email

    def test_a_sender_is_changed_and_removed(self, browser):
        sender = senders.add("Campus", "hello@campus.example", "", ADA)
        db.session.commit()
        url = f"/settings/senders/{sender.id}"
        browser.post(
            url, data={"name": "Campus Berlin", "email": "hello@campus.example", "reply_to": "team@campus.example"}
        )
        db.session.expire_all()
        assert senders.find(sender.id).reply_to == "team@campus.example"
        assert browser.post(f"{url}/removal").status_code == 303
        assert senders.everyone() == []
        assert browser.post(f"{url}/removal").status_code == 404
        assert browser.get(f"{url}/edit").status_code == 404


class TestTopics:
    def names(self) -> list[str]:
        return [topic.slug for topic in topics.everything()]

    def test_the_seeds_are_there_with_marketing_first(self, app):
        assert self.names() == [
            "marketing", "newsletter", "promotional", "abandoned_cart", "browse", "price_drop", "back_in_stock",
            "recommendations",
        ]  # fmt: skip

    def test_a_topic_moves_one_place_and_the_master_never(self, browser):
        newsletter = db.session.scalar(select(Topic).where(Topic.slug == "newsletter"))
        marketing = db.session.scalar(select(Topic).where(Topic.slug == "marketing"))
        browser.post(f"/settings/topics/{newsletter.id}/down")
        assert self.names()[:3] == ["marketing", "promotional", "newsletter"]
        browser.post(f"/settings/topics/{newsletter.id}/up")
        browser.post(f"/settings/topics/{newsletter.id}/up")
        assert self.names()[:2] == ["marketing", "newsletter"]
        assert browser.post(f"/settings/topics/{marketing.id}/down").status_code == 409
        assert browser.post(f"/settings/topics/{marketing.id}/archive").status_code == 409

    def test_archiving_can_be_undone_and_htmx_gets_the_rows(self, browser):
        browse = db.session.scalar(select(Topic).where(Topic.slug == "browse"))
        answer = browser.post(f"/settings/topics/{browse.id}/archive", headers={"HX-Request": "true"})
        assert answer.status_code == 200
        assert "<html" not in said(answer)
        assert self.names()[-1] == "browse"
        browser.post(f"/settings/topics/{browse.id}/return")
        assert self.names()[4] == "browse"

    @pytest.mark.parametrize("slug", ["", "Newsletter", "newsletter", "a b", "1st", "x" * 41, "ä"])
    def test_a_slug_is_a_promise_and_checked(self, browser, slug):
        answer = browser.post("/settings/topics", data={"slug": slug, "name": "New", "description": "typed"})
        assert answer.status_code == 422
        assert "typed" in said(answer)

    def test_a_topic_is_added_and_its_words_change_but_not_its_slug(self, browser):
        browser.post("/settings/topics", data={"slug": "open_days", "name": "Open days"})
        topic = db.session.scalar(select(Topic).where(Topic.slug == "open_days"))
        browser.post(
            f"/settings/topics/{topic.id}", data={"slug": "other", "name": "Visits", "description": "Twice a year."}
        )
        db.session.expire_all()
        assert (topic.slug, topic.name, topic.description) == ("open_days", "Visits", "Twice a year.")
        assert [entry.verb for entry in entries("topic")] == ["added", "changed"]
