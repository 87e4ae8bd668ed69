"""The whole story of a customer: each mail with its fate, what came of it, and everything else, newest first."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import insert, update

from app.consent import suppressions
from app.consent.suppressions import Incoming
from app.content.template import Link
from app.db import db
from app.deliveries.delivery import Delivery
from app.metrics import timeline
from app.tracking.hit import Hit
from tests.deliveries.making import delivery_to, make_run, make_version
from tests.factories import NOW, make_customer, make_event

MINUTE = timedelta(minutes=1)
HTMX = {"HX-Request": "true"}


@pytest.fixture
def maya(app):
    return make_customer("Maya", email="maya@posteo.example", created_date=NOW)


@pytest.fixture
def vic(client_of, viewer):
    return client_of(viewer)


def mailed(customer, **came):
    """A mail with one link, accepted a minute after they signed up."""
    version = make_version()
    db.session.add(Link(version_id=version.id, place=0, href="https://campus.example/course", label="See the course"))
    make_run(version, key=str(uuid4()))
    mail = db.session.query(Delivery).order_by(Delivery.id.desc()).first()
    said = {"state": "accepted", "accepted_at": NOW + MINUTE} | came
    db.session.execute(update(Delivery).where(Delivery.id == mail.id).values(said))
    db.session.commit()
    return db.session.get(Delivery, mail.id)


def hit(mail, kind, minutes, place=None, is_human=True):
    said = {"id": uuid4(), "kind": kind, "at": NOW + minutes * MINUTE, "place": place, "is_human": is_human}
    whose = {"delivery_id": mail.id, "run_id": mail.run_id, "customer_id": mail.customer_id}
    db.session.execute(insert(Hit).values(said | whose | {"reason": "human" if is_human else "head"}))
    db.session.commit()


def told(customer, kind="all", **more):
    return [(line.kind, line.name) for line in timeline.of(customer.id, kind, None, **more).lines]


def test_a_mail_is_told_with_all_that_came_of_it_in_order(maya):
    mail = mailed(maya, delivered_at=NOW + 2 * MINUTE, converted_at=NOW + 6 * MINUTE)
    hit(mail, "open", 3)
    hit(mail, "click", 4, place=0)
    make_event(maya, "login", NOW + 5 * MINUTE)
    assert told(maya) == [
        ("mail", "converted"),
        ("event", "login"),
        ("hit", "click"),
        ("hit", "open"),
        ("mail", "delivered"),
        ("mail", "planned"),
        ("sign-up", ""),
    ]
    assert timeline.of(maya.id, "mail", None).lines[1].properties["label"] == "See the course"


def test_the_same_link_again_is_one_line_and_machines_come_only_where_asked_for(maya):
    mail = mailed(maya)
    for minutes in (4, 3, 9):
        hit(mail, "click", minutes, place=0)
    hit(mail, "open", 2, is_human=False)
    line = timeline.of(maya.id, "mail", None).lines[0]
    assert (line.at, line.properties["times"]) == (NOW + 3 * MINUTE, 3)
    assert told(maya, "mail") == [("hit", "click"), ("mail", "planned")]
    assert told(maya, "mail", with_machines=True) == [("hit", "click"), ("hit", "open"), ("mail", "planned")]


def test_a_bounce_and_what_follows_of_it_are_told(maya):
    mailed(maya, state="bounced", reason="no such mailbox", bounced_at=NOW + 2 * MINUTE)
    suppressions.put_many([Incoming(0, "maya@posteo.example", "hard_bounce", NOW + 3 * MINUTE)], "Mailer")
    db.session.commit()
    assert told(maya)[:2] == [("suppression", "hard_bounce"), ("mail", "bounced")]
    assert told(maya, "consent") == [("suppression", "hard_bounce")]


def test_somebody_elses_mail_is_not_in_it(maya):
    mail = mailed(maya)
    hit(mail, "open", 3)
    assert told(make_customer("Tom", created_date=NOW)) == [("sign-up", "")]


def test_many_of_one_moment_come_page_by_page_without_gaps(maya):
    version = make_version()
    for number in range(20):
        make_run(version, key=f"run {number}")
    came = dict.fromkeys(("accepted_at", "delivered_at"), NOW)
    db.session.execute(update(Delivery).values(state="delivered", **came))
    for number in range(20):
        make_event(maya, f"step_{number}", NOW)
    mail = db.session.query(Delivery).first()
    for place in range(10):
        hit(mail, "click", 0, place=place)
    seen, after = [], None
    while True:
        page = timeline.of(maya.id, "all", after)
        seen += [(line.kind, line.id) for line in page.lines]
        if not (after := page.older):
            break
    assert len(seen) == len(set(seen)) == 20 + 20 + 20 + 10 + 1


def test_the_page_shows_the_mails_and_its_switch(vic, maya):
    mail = mailed(maya, opened_at=NOW, state="skipped", reason="capped", accepted_at=None)
    hit(mail, "open", 2, is_human=False)
    page = vic.get(f"/customers/{maya.id}?show=mail")
    text = page.get_data(as_text=True)
    assert f'href="/deliveries/{delivery_to(maya).id}"' in text
    assert "Had enough mail already" in text
    assert "a machine" not in text
    shown = vic.get(f"/customers/{maya.id}?show=mail&machines=1", headers=HTMX).get_data(as_text=True)
    assert "a machine" in shown
    assert "<html" not in shown
    assert vic.get(f"/customers/{maya.id}?show=mails").status_code == 422
