"""Judged again: by other rules, or with what came to light since."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, text, update

from app.clock import clock
from app.db import db
from app.tracking import jobs, judging, keeping, reviewing, robots
from app.tracking.hit import Hit
from app.tracking.review import Review
from tests.tracking.hitting import CHROME, click, come_back, make_mails, reasons, seen, times


def reviewed() -> Review:
    reviewing.begin("Ada")
    db.session.commit()
    jobs.review()
    return db.session.scalars(select(Review).order_by(Review.id.desc()).limit(1)).one()


def test_later_evidence_takes_an_earlier_verdict_back(app):
    (mail,) = make_mails()
    come_back(seen(mail, after=3000), *(click(mail, place, 3600 + place) for place in range(4)))
    assert times(mail) == (3000, 3600, None, None)
    come_back(click(mail, 4, 3605))
    assert times(mail) == (3000, None, None, 3600)


def test_new_rules_judge_what_was_judged_before_in_both_directions(app, monkeypatch):
    mails = make_mails(5)
    monkeypatch.setattr(reviewing, "SLICE", 2)
    come_back(*(click(mail) for mail in mails), *(seen(mail, agent="Thunderbird", after=9) for mail in mails))
    monkeypatch.setattr(robots, "_said_by", lambda agent: "scanner" if agent == CHROME else None)
    review = reviewed()
    assert (review.mails, review.changed, review.finished_at is not None) == (5, 5, True)
    assert {times(mail) for mail in mails} == {(9, None, None, 3600)}
    monkeypatch.undo()
    reviewed()
    assert {times(mail) for mail in mails} == {(9, 3600, None, None)}


def test_only_new_rules_begin_it_by_themselves(app, monkeypatch):
    reviewing.begin_where_rules_changed(clock())
    db.session.commit()
    jobs.review()
    reviewing.begin_where_rules_changed(clock())
    assert len(db.session.scalars(select(Review)).all()) == 1
    monkeypatch.setattr(reviewing, "RULES", robots.RULES + 1)
    reviewing.begin_where_rules_changed(clock())
    reviewing.begin("Ada")
    assert [one.rules for one in db.session.scalars(select(Review).order_by(Review.id))] == [1, 2]


def test_a_review_that_is_killed_goes_on_where_it_was(app, monkeypatch):
    make = make_mails(4)
    come_back(*(click(mail) for mail in make))
    monkeypatch.setattr(reviewing, "SLICE", 1)
    monkeypatch.setattr(reviewing, "SLICES", 2)
    reviewing.begin("Ada")
    db.session.commit()
    going = reviewing.go_on(1, clock())
    next(going)
    db.session.commit()
    next(going)
    db.session.rollback()  # killed before it committed
    assert jobs.review() == 0  # other work has its turn
    db.session.execute(update(Review).values(not_before=text("now()")))
    db.session.commit()
    assert jobs.review() == 1
    review = db.session.get_one(Review, 1, populate_existing=True)
    assert (review.mails, review.up_to) == (4, make[-1].id)


@pytest.mark.parametrize("delivered", [3599, 3601])
def test_a_receipt_that_comes_later_may_make_a_machine_of_a_person(app, delivered):
    (mail,) = make_mails()
    come_back(click(mail))
    at = text(f"accepted_at + interval '{delivered} seconds'")
    db.session.execute(update(type(mail)).values(delivered_at=at))
    judging.judge({mail.id}, (), clock())
    db.session.commit()
    assert set(reasons().values()) == {"too_fast"}
    assert times(mail)[1] is None


def test_old_hits_go_and_what_they_said_of_their_mail_stays(app, monkeypatch):
    mail, other = make_mails(2)
    come_back(*(seen(mail, after=n) for n in range(5)), seen(other))
    db.session.execute(
        update(Hit).where(Hit.delivery_id == mail.id).values(at=Hit.at - judging.KEPT + timedelta(days=1))
    )
    db.session.commit()
    monkeypatch.setattr(keeping, "SLICE", 2)
    slices = list(keeping.forget_old(clock()))
    db.session.commit()
    assert (len(slices), len(reasons())) == (3, 1)
    assert times(mail) == (0, None, None, None)
