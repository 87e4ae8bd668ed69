"""The page of a mail shows what came back of it; whoever is erased or merged is so here, too."""

from __future__ import annotations

import re

from sqlalchemy import select

from app.audit.actor import COMMAND_LINE
from app.clock import clock
from app.customers.customer import Customer
from app.db import db
from app.ops import erasing, exporting, jobs, merging
from app.tracking.hit import Hit
from tests.tracking.hitting import click, come_back, make_mails, seen, times


def text_of(answer) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.get_data(as_text=True).partition("<main")[2]))


def test_each_hit_is_shown_with_its_time_and_who_made_it(client_of, viewer):
    (mail,) = make_mails()
    vic = client_of(viewer)
    page = f"/deliveries/{mail.id}"
    assert "Nobody has opened it or followed a link yet" in text_of(vic.get(page))
    come_back(
        seen(mail, after=5, agent="Mozilla/5.0"), click(mail, 2, 100), click(mail, 6, 200), seen(mail, "view", 900)
    )
    said = text_of(vic.get(page))
    for words in (
        "Apple Mail fetches pictures unread Machine",
        "Followed “Course 2”",
        "Followed a link that nobody sees",
        "It followed a link that nobody sees Machine",
        "Read in the browser",
        "Person",
    ):
        assert words in said, words
    assert said.index("Apple") < said.index("Course 2") < said.index("Read in")


def test_a_stranger_sees_none_of_it(stranger):
    (mail,) = make_mails()
    assert stranger.get(f"/deliveries/{mail.id}").status_code == 302


def test_erasing_a_person_takes_their_hits_and_leaves_the_first_times(app):
    mail, other = make_mails(2)
    come_back(click(mail, after=9), click(other, after=9))
    erasing.begin(mail.customer_id, COMMAND_LINE)
    db.session.commit()
    jobs.erase()
    assert list(db.session.scalars(select(Hit.customer_id))) == [other.customer_id]
    assert times(mail) == (9, 9, None, None)
    assert come_back(click(mail)) == 0


def test_the_hits_of_two_who_become_one_are_the_survivors(app):
    mail, other = make_mails(2)
    survivor, gone = mail.customer_id, other.customer_id
    come_back(click(other, 1, after=9))
    merging.merge(survivor, gone, (), None, COMMAND_LINE, clock())
    db.session.commit()
    come_back(click(other, 2, after=99))
    assert set(db.session.scalars(select(Hit.customer_id))) == {survivor}
    known = exporting.of(db.session.get_one(Customer, survivor))["tracking"]["delivery_events"]
    assert [(row["kind"], row["run"], row["place"]) for row in known] == [
        ("click", "Open day", 1),
        ("click", "Open day", 2),
    ]
