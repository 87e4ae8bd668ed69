"""/sign-up: the same answer for everybody, a customer only after the click, and links that an admin can hand over."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from sqlalchemy import func, select, update

from app.audit.actor import COMMAND_LINE
from app.consent import links, signups, suppressions
from app.consent.consent import Consent
from app.consent.signup import Signup
from app.customers.customer import Customer
from app.db import db
from app.deliveries import jobs
from app.deliveries.notice import Notice
from app.deliveries.outbox_message import OutboxMessage
from app.environment import Limit
from app.ops import recurring
from app.ops.recurring import RECURRING
from app.settings import brand, topics
from tests.consent.links_of import ask, gets, proofs, said, seen, topic_id, unsubscribe
from tests.factories import NOW, make_customer

NEW = {"email": "Ida.Berg@posteo.example", "first_name": "Ida", "topic": ["newsletter", "browse"]}


def make_signup(**changes: object) -> Signup:
    facts = {"email": "ida.berg@posteo.example", "first_name": "Ida", "topic_ids": [topic_id("newsletter")]}
    signup = Signup(**{**facts, "shown": "Campus may write to me about:\nNewsletter", **changes})
    db.session.add(signup)
    db.session.commit()
    return signup


def link(signup: Signup) -> str:
    return f"/sign-up/confirm?token={links.confirm(signup.id)}"


def only_signup() -> Signup:
    return db.session.scalars(select(Signup)).one()


def count(model) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


class TestAsking:
    def test_nothing_is_ticked_for_them(self, app):
        told = said(ask(app, "GET", "/sign-up"))
        assert "checked" not in told
        assert told.count('name="topic"') == len(topics.in_use()) - 1
        assert "Campus may write to me about:" in told
        assert signups.ANY_TIME in told

    def test_who_asks_waits_and_is_no_customer_yet(self, app):
        answer = ask(app, "POST", "/sign-up", data=NEW)
        assert answer.status_code == 200
        assert "Look into your mailbox" in said(answer)
        signup = only_signup()
        assert (signup.email, signup.first_name) == (NEW["email"], "Ida")
        assert signup.topic_ids == sorted([topic_id("newsletter"), topic_id("browse")])
        assert signup.shown.splitlines()[0] == "Campus may write to me about:"
        assert "Newsletter: News from us, a few times a month." in signup.shown
        assert (count(Customer), proofs()) == (0, 0)

    def test_the_answer_does_not_tell_who_is_known(self, app):
        make_customer(email=NEW["email"])
        known = ask(app, "POST", "/sign-up", data=NEW)
        unknown = ask(app, "POST", "/sign-up", data={**NEW, "email": "else@posteo.example"})
        trapped = ask(app, "POST", "/sign-up", data={**NEW, "email": "bot@posteo.example", "fax": "1"})
        assert seen(known) == seen(unknown) == seen(trapped)
        assert set(db.session.scalars(select(Signup.email))) == {NEW["email"], "else@posteo.example"}

    @pytest.mark.parametrize(
        "email", ["", "ida", "ida@", "ida@x", "a b@posteo.example", "<script>@x.example", "x" * 999]
    )
    def test_an_address_that_is_none_is_refused(self, app, email):
        answer = ask(app, "POST", "/sign-up", data={**NEW, "email": email})
        assert answer.status_code == 422
        assert "An e-mail address, like" in said(answer)
        assert "<script>@" not in said(answer)
        assert count(Signup) == 0

    @pytest.mark.parametrize("wanted", [[], ["marketing"], ["unknown", "1"]])
    def test_nothing_chosen_is_refused(self, app, wanted):
        assert ask(app, "POST", "/sign-up", data={**NEW, "topic": wanted}).status_code == 422
        assert count(Signup) == 0

    def test_the_same_again_waits_already(self, app):
        for _ in range(3):
            ask(app, "POST", "/sign-up", data=NEW)
        assert count(Signup) == 1
        ask(app, "POST", "/sign-up", data={**NEW, "topic": ["newsletter"]})
        assert count(Signup) == 2

    def test_another_site_may_send_its_form(self, app):
        headers = {"Origin": "https://blog.example", "Referer": "https://blog.example/", "Sec-Fetch-Site": "cross-site"}
        answer = ask(app, "POST", "/sign-up", data=NEW, headers=headers)
        assert answer.status_code == 200
        assert "Set-Cookie" not in answer.headers
        assert count(Signup) == 1

    def test_who_asks_too_often_waits(self, app, config, monkeypatch):
        slow = replace(config, limits={**config.limits, "track": Limit(2, 60)})
        monkeypatch.setitem(app.extensions, "config", slow)
        answers = [ask(app, "POST", "/sign-up", data={**NEW, "email": f"p{n}@x.example"}) for n in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert int(answers[2].headers["Retry-After"]) > 0
        assert count(Signup) == 2


class TestTheMail:
    def test_it_brings_the_link_and_the_words_they_agree_to(self, app):
        ask(app, "POST", "/sign-up", data=NEW)
        notice = db.session.scalars(select(Notice)).one()
        path = link(only_signup())
        assert (notice.kind, notice.to_email) == ("sign-up", NEW["email"])
        assert notice.subject == "Please confirm: mail from Campus"
        for body in (unescape(notice.html), notice.text):
            assert f"http://127.0.0.1:8000{path}" in body
            assert "Newsletter: News from us, a few times a month." in body
        assert jobs.post_notices() == 1
        assert db.session.scalars(select(OutboxMessage.to_email)).all() == [NEW["email"]]
        assert "You are in" in said(ask(app, "POST", path))

    def test_it_is_read_by_light_and_in_the_dark(self, app):
        """A mail that says it knows the dark and brings no colours is black on black in some programs."""
        ask(app, "POST", "/sign-up", data=NEW)
        html = db.session.scalars(select(Notice.html)).one()
        assert "color-scheme" not in html
        assert "background:#ffffff;color:#1c2427" in html

    def test_what_a_stranger_types_goes_to_nobody(self, app):
        ask(app, "POST", "/sign-up", data={**NEW, "first_name": "Win a car at https://evil.example"})
        notice = db.session.scalars(select(Notice)).one()
        assert "evil" not in notice.html + notice.text + notice.subject

    def test_nobodys_mailbox_is_filled(self, app):
        for wanted in (["newsletter"], ["browse"], ["newsletter", "browse"], ["newsletter"]):
            ask(app, "POST", "/sign-up", data={**NEW, "topic": wanted})
            ask(app, "POST", "/sign-up", data={**NEW, "email": NEW["email"].upper(), "topic": wanted})
        assert count(Notice) == 1

    def test_whoever_lost_it_may_ask_again_but_not_all_day(self, app):
        for _ in range(6):
            ask(app, "POST", "/sign-up", data=NEW)
            earlier = Signup.mailed_at - signups.PAUSE - timedelta(seconds=1)
            db.session.execute(update(Signup).values(mailed_at=earlier))
            db.session.commit()
        assert (count(Signup), count(Notice)) == (1, signups.MOST)
        db.session.execute(update(Signup).values(mailed_at=Signup.mailed_at - signups.DAY))
        db.session.commit()
        ask(app, "POST", "/sign-up", data=NEW)
        assert count(Notice) == signups.MOST + 1

    def test_a_flood_of_strangers_is_not_mailed(self, app, monkeypatch):
        monkeypatch.setattr(signups, "FLOOD", 3)
        for n in range(5):
            ask(app, "POST", "/sign-up", data={**NEW, "email": f"p{n}@posteo.example"})
        assert (count(Signup), count(Notice)) == (5, 3)

    def test_twenty_at_once_are_one_mail(self, app):
        def once(_: int) -> int:
            with app.app_context():
                return ask(app, "POST", "/sign-up", data=NEW).status_code

        with ThreadPoolExecutor(8) as pool:
            assert set(pool.map(once, range(20))) == {200}
        assert (count(Signup), count(Notice)) == (1, 1)

    def test_an_address_that_bounced_gets_none_and_is_told_nothing(self, app):
        first = ask(app, "POST", "/sign-up", data=NEW)
        suppressions.add("gone@posteo.example", "It bounced.", NOW, COMMAND_LINE)
        db.session.commit()
        assert seen(ask(app, "POST", "/sign-up", data={**NEW, "email": "Gone@posteo.example"})) == seen(first)
        assert count(Notice) == 1

    def test_a_staging_machine_writes_to_nobody_else(self, app, monkeypatch):
        monkeypatch.setitem(app.extensions, "config", replace(app.extensions["config"], mail_allow=("campus.example",)))
        ask(app, "POST", "/sign-up", data=NEW)
        assert jobs.post_notices() == 0
        assert "MAIL_ALLOW" in db.session.scalars(select(Notice.error)).one()

    def test_what_the_brand_says_cannot_become_markup(self, app):
        brand.save(brand.Brand(name="<b>A & B</b>", postal_address="1 <i>Road</i>"), 0, COMMAND_LINE)
        db.session.commit()
        ask(app, "POST", "/sign-up", data=NEW)
        html = db.session.scalars(select(Notice.html)).one()
        assert "<b>" not in html
        assert "<i>" not in html
        assert "&lt;b&gt;A &amp; B" in html


class TestConfirming:
    @pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
    def test_to_look_confirms_nothing(self, app, method):
        signup = make_signup()
        for _ in range(20):
            assert ask(app, method, link(signup)).status_code == 200
        assert (count(Customer), proofs(), only_signup().confirmed_at) == (0, 0, None)

    def test_a_click_makes_the_customer_who_gets_what_they_ticked(self, app):
        ask(app, "POST", "/sign-up", data=NEW)
        signup = only_signup()
        assert "You are in" in said(ask(app, "POST", link(signup)))
        ida = db.session.scalars(select(Customer)).one()
        assert (ida.email, ida.first_name, ida.source) == (NEW["email"], "Ida", "sign-up")
        assert gets(ida) == {"marketing", "newsletter", "browse"}
        kept = list(db.session.scalars(select(Consent)))
        assert {(one.source, one.way, one.is_given, one.shown) for one in kept} == {
            ("form", "sign-up", True, signup.shown)
        }
        assert all(one.caller_hash for one in kept)
        assert only_signup().customer_id == ida.id

    def test_twice_is_once(self, app):
        signup = make_signup()
        first, second = ask(app, "POST", link(signup)), ask(app, "POST", link(signup))
        assert seen(first) == seen(second)
        assert (count(Customer), proofs()) == (1, 2)
        assert "You are in" in said(ask(app, "GET", link(signup)))

    def test_many_at_once_are_one_customer(self, app):
        paths = [link(make_signup()), link(make_signup(topic_ids=[topic_id("browse")]))] * 4

        def click(path: str) -> int:
            with app.app_context():
                return app.test_client(use_cookies=False).post(path).status_code

        with ThreadPoolExecutor(6) as pool:
            assert set(pool.map(click, paths)) == {200}
        db.session.rollback()
        assert count(Customer) == 1
        assert gets(db.session.scalars(select(Customer)).one()) == {"marketing", "newsletter", "browse"}

    def test_a_known_customer_stays_and_keeps_their_name(self, app):
        maya = make_customer(email="IDA.Berg@posteo.example")
        ask(app, "POST", unsubscribe(maya, None), data={"act": "all"})
        ask(app, "POST", link(make_signup()))
        assert count(Customer) == 1
        assert maya.first_name == "Maya"
        assert gets(maya) == {"marketing", "newsletter"}

    def test_a_name_is_kept_where_there_was_none(self, app):
        nobody = make_customer(None, None, email="ida.berg@posteo.example")
        ask(app, "POST", link(make_signup()))
        assert nobody.first_name == "Ida"

    def test_of_several_the_oldest_says_it_and_no_withdrawal_of_the_address_is_left(self, app):
        young = make_customer("Tom", email="ida.berg@posteo.example", lms_lead_id="L-2")
        old = make_customer("Ida", email="ida.berg@posteo.example", lms_lead_id="L-1", created_date=NOW - timedelta(9))
        ask(app, "POST", link(make_signup()))
        assert count(Customer) == 2
        assert set(db.session.scalars(select(Consent.customer_id))) == {old.id}
        assert only_signup().customer_id == old.id != young.id

    @pytest.mark.parametrize("method", ["GET", "POST"])
    def test_after_thirty_days_the_link_is_void(self, app, method):
        signup = make_signup(created_date=datetime.now(UTC) - timedelta(days=30, minutes=1))
        answer = ask(app, method, link(signup))
        assert answer.status_code == 410
        assert "This link has expired" in said(answer)
        assert (count(Customer), proofs()) == (0, 0)

    def test_a_confirmed_one_stays_confirmed(self, app):
        signup = make_signup(created_date=datetime.now(UTC) - timedelta(days=20))
        ask(app, "POST", link(signup))
        db.session.execute(update(Signup).values(created_date=datetime.now(UTC) - timedelta(days=400)))
        db.session.commit()
        assert "You are in" in said(ask(app, "POST", link(signup)))
        assert proofs() == 2

    def test_what_was_agreed_to_is_shown_and_escaped(self, app):
        told = said(ask(app, "GET", link(make_signup(shown="A:\n<b>Offers</b>"))))
        assert "<li>&lt;b&gt;Offers&lt;/b&gt;</li>" in told

    def test_a_topic_that_was_archived_meanwhile_is_not_said(self, app):
        signup = make_signup(topic_ids=[topic_id("newsletter"), 999])
        ask(app, "POST", link(signup))
        assert proofs() == 2


def test_unconfirmed_ones_are_forgotten_after_thirty_days(app):
    now = datetime.now(UTC)
    old, confirmed, young = (now - timedelta(days=31), now - timedelta(days=31), now - timedelta(days=29))
    gone = link(make_signup(created_date=old))
    make_signup(email="b@x.example", created_date=confirmed, confirmed_at=now)
    make_signup(email="c@x.example", created_date=young)
    assert "Forget sign-ups that nobody confirmed" in [one.name for one in RECURRING]
    recurring.do("Forget sign-ups that nobody confirmed", now)
    db.session.commit()
    assert set(db.session.scalars(select(Signup.email))) == {"b@x.example", "c@x.example"}
    assert ask(app, "GET", gone).status_code == 410


class TestSettings:
    def test_only_an_admin_sees_them(self, client_of, marketer, admin):
        make_signup()
        assert client_of(marketer).get("/settings/sign-ups").status_code == 403
        assert "Sign-ups" in said(client_of(admin).get("/settings"))

    def test_before_anybody_asked(self, client_of, admin):
        assert "Nobody has asked for mail yet" in said(client_of(admin).get("/settings/sign-ups"))

    def test_the_link_it_shows_works(self, app, client_of, admin, config):
        make_signup()
        told = said(client_of(admin).get("/settings/sign-ups"))
        (shown,) = re.findall(rf'value="{re.escape(config.base_url)}(/sign-up/confirm[^"]+)"', told)
        assert "ida.berg@posteo.example" in told
        assert "Newsletter" in told
        assert "You are in" in said(ask(app, "POST", unescape(shown)))
        after = said(client_of(admin).get("/settings/sign-ups"))
        assert "/sign-up/confirm" not in after
        assert "confirmed" in after

    def test_an_expired_one_has_no_link(self, client_of, admin):
        make_signup(created_date=datetime.now(UTC) - timedelta(days=31))
        told = said(client_of(admin).get("/settings/sign-ups"))
        assert "expired" in told
        assert "/sign-up/confirm" not in told

    def test_one_is_found_by_a_part_of_its_address(self, client_of, admin):
        make_signup()
        make_signup(email="tom%x@posteo.example")
        ada = client_of(admin)
        assert "tom%x@" not in said(ada.get("/settings/sign-ups?q=ERG"))
        assert "ida.berg@" not in said(ada.get("/settings/sign-ups?q=%25"))
        assert "No sign-up has this address" in said(ada.get("/settings/sign-ups?q=nobody"))
        fragment = said(ada.get("/settings/sign-ups?q=erg", headers={"HX-Request": "true"}))
        assert "<html" not in fragment

    def test_the_form_to_paste_does_what_it_says(self, app, client_of, admin, config):
        told = said(client_of(admin).get("/settings/sign-ups"))
        form = unescape(re.findall(r"<textarea[^>]*>(.*?)</textarea>", told, re.DOTALL)[0])
        (action,) = re.findall(r'action="([^"]+)"', form)
        assert action == f"{config.base_url}/sign-up"
        assert set(re.findall(r'name="([^"]+)"', form)) == {"email", "first_name", "topic", "fax"}
        offered = re.findall(r'name="topic" value="([^"]+)"', form)
        sent = {"email": "ida@posteo.example", "first_name": "", "fax": "", "topic": offered}
        words = [line.strip() for line in unescape(re.sub(r"<[^>]+>", "", form)).splitlines()]
        assert "Look into your mailbox" in said(ask(app, "POST", "/sign-up", data=sent))
        assert only_signup().topic_ids == sorted(topic_id(slug) for slug in offered)
        assert set(only_signup().shown.splitlines()) <= set(words)
