"""A mail after a mail, and a mail to whoever joins a segment: each once, whoever looks and however often."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from app.automations import answering, entering, following, keeping, waits
from app.automations.keeping import NotReady
from app.automations.trigger_wait import TriggerWait
from app.db import db
from app.deliveries.delivery import Delivery
from app.segments import keeping as segments
from app.segments.member import SegmentMember, SegmentWatch
from app.segments.unavailable import Unavailable
from tests.automations.happening import accept_all, happens, mails, to
from tests.automations.making import ADA, NOW, make_active, make_automation, make_segment
from tests.factories import make_customer

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
MAYAS = {"field": "first_name", "op": "equals", "value": "Maya"}


@pytest.fixture
def maya(app):
    return make_customer("Maya", email="maya@posteo.example")


def follow(at) -> None:
    for _ in following.follow(at):
        db.session.commit()


def look(at) -> None:
    for _ in entering.look(at):
        db.session.commit()


def answered(customer, at=NOW):
    """A first mail, out at that moment."""
    first = make_active("First", trigger={"event": "login"}, segment_id=None)
    happens(customer, "login", at, page="A")
    accept_all(at)
    return first


def after(first, name="Second", at=NOW, **said):
    trigger = {"after": {"automation": first.id, "delay": "3d", **said}}
    return make_active(name, at, trigger=trigger, segment_id=None)


# a mail after a mail


def test_on_the_third_day_there_is_a_second_one_with_the_same_facts(maya):
    after(answered(maya))
    follow(NOW + 3 * DAY - MINUTE)
    assert len(mails()) == 1
    follow(NOW + 3 * DAY)
    assert to() == [maya.id, maya.id]
    assert mails()[1].facts == mails()[0].facts
    for minutes in (0, 1, 60):
        follow(NOW + 3 * DAY + minutes * MINUTE)
    assert len(mails()) == 2


def test_whose_third_day_is_still_to_come_is_meant_and_nobody_of_last_week(maya):
    first = answered(maya, NOW - DAY)
    old = make_customer("Ole", email="ole@posteo.example")
    happens(old, "login", NOW - 7 * DAY)
    accept_all(NOW - 7 * DAY)
    after(first)
    follow(NOW + 2 * DAY)
    assert to() == [maya.id, old.id, maya.id]


@pytest.mark.parametrize(
    ("hope", "came"), [("not_opened", "opened_at"), ("not_clicked", "clicked_at"), ("not_converted", "converted_at")]
)
def test_whoever_did_what_was_hoped_for_gets_no_second_one_and_is_told_why(maya, hope, came):
    ole = make_customer("Ole", email="ole@posteo.example")
    first = answered(maya)
    happens(ole, "login", NOW)
    accept_all(NOW)
    second = after(first, **{"if": hope})
    did(maya, came, NOW + 2 * DAY)
    follow(NOW + 3 * DAY)
    assert to() == [maya.id, ole.id, ole.id]
    [(wait, of)] = waits.of_customer(maya.id, 10)
    assert (of.id, wait.outcome) == (second.id, answering.FULFILLED)
    assert waits.of_customer(ole.id, 10) == []


def test_what_else_they_did_keeps_no_mail_away(maya):
    after(answered(maya), **{"if": "not_clicked"})
    did(maya, "opened_at", NOW + DAY)
    follow(NOW + 3 * DAY)
    assert to() == [maya.id, maya.id]


def test_without_a_hope_whatever_they_did_there_is_a_second_one(maya):
    after(answered(maya))
    did(maya, "clicked_at", NOW + DAY)
    follow(NOW + 3 * DAY)
    assert to() == [maya.id, maya.id]


@pytest.mark.parametrize(("clicks", "outcome"), [(True, answering.FULFILLED), (False, answering.FIRED)])
def test_a_segment_that_cannot_be_computed_then_is_asked_a_minute_later(maya, monkeypatch, clicks, outcome):
    """Three days after the first mail it is not late; and whether it was clicked is asked again, too."""
    second = after(answered(maya), **{"if": "not_clicked"})
    monkeypatch.setattr(answering, "fire", _cannot)
    follow(NOW + 3 * DAY)
    monkeypatch.undo()
    if clicks:
        did(maya, "clicked_at", NOW + 3 * DAY)
    [wait] = db.session.scalars(select(TriggerWait).where(TriggerWait.automation_id == second.id))
    assert wait.outcome is None
    waits.settle([wait.id], NOW + 3 * DAY + MINUTE)
    db.session.commit()
    assert (len(mails()), wait.outcome) == (1 if clicks else 2, outcome)


def did(customer, what, at) -> None:
    db.session.execute(update(Delivery).where(Delivery.customer_id == customer.id).values({what: at}))
    db.session.commit()


def _cannot(*_):
    raise Unavailable("Its segment cannot be computed.")


def test_what_was_never_accepted_is_followed_by_nothing(maya):
    first = make_active("First", trigger={"event": "login"}, segment_id=None)
    happens(maya, "login", NOW)
    after(first)
    follow(NOW + 4 * DAY)
    assert len(mails()) == 1


def test_two_schedulers_follow_it_up_once(maya):
    after(answered(maya))
    one, two = following.follow(NOW + 3 * DAY), following.follow(NOW + 3 * DAY)
    next(one)
    db.session.commit()
    next(two)
    db.session.commit()
    assert len(mails()) == 2


def test_a_chain_is_shown_from_its_first(maya):
    first = answered(maya)
    second = after(first)
    third = after(second, "Third")
    assert [one.name for one in following.chain(third)] == ["First", "Second", "Third"]
    assert [one.name for one in following.followers(first)] == ["Second"]


def test_a_circle_is_refused(maya):
    first = answered(maya)
    second = after(first)
    kept = keeping.definition.of(first).kept()
    trigger = {"after": {"automation": second.id, "delay": "1d"}}
    wanted = keeping.definition.Definition(**{**kept, "trigger": trigger})
    with pytest.raises(NotReady, match="come after itself"):
        keeping.change(first, wanted, first.version, NOW, ADA, may_send=True)
    db.session.rollback()
    own = keeping.definition.Definition(**{**kept, "trigger": {"after": {"automation": first.id, "delay": "1d"}}})
    with pytest.raises(NotReady, match="come after itself"):
        keeping.change(first, own, first.version, NOW, ADA, may_send=True)


def test_none_that_is_not_there_is_followed(app):
    trigger = {"after": {"automation": 999, "delay": "1d"}}
    wanted = keeping.definition.Definition("Second", trigger=trigger)
    assert [one.path for one in keeping.definition.problems(wanted, NOW)] == ["trigger.after.automation"]


# somebody who joins a segment


def joiners(**said):
    return make_active(trigger={"enters_segment": True, **said}, segment_id=make_segment("Mayas", MAYAS).id)


def test_who_was_there_before_has_not_joined(maya):
    joiners()
    look(NOW)
    look(NOW + MINUTE)
    assert mails() == []
    new = make_customer("Maya", email="new@posteo.example")
    look(NOW + 2 * MINUTE)
    assert to() == [new.id]
    look(NOW + 3 * MINUTE)
    assert to() == [new.id]


def test_who_leaves_and_comes_back_has_joined_again_but_not_too_often(maya):
    joiners(at_most_every="7d")
    look(NOW)
    for days in (1, 2, 9):
        maya.first_name = "Ole"
        db.session.commit()
        look(NOW + days * DAY)
        maya.first_name = "Maya"
        db.session.commit()
        look(NOW + days * DAY + MINUTE)
    assert len(mails()) == 2


def test_a_segment_that_cannot_be_computed_says_nothing_of_anybody(maya):
    automation = joiners()
    look(NOW)
    segment = segments.find(automation.segment_id)
    segment.rules = {"all": [{"fild": 1}]}
    db.session.commit()
    make_customer("Maya", email="new@posteo.example")
    look(NOW + MINUTE)
    assert db.session.scalar(select(func.count()).select_from(SegmentMember)) == 1
    segment.rules = MAYAS
    db.session.commit()
    look(NOW + 2 * MINUTE)
    assert len(mails()) == 1


def test_what_nobody_waits_for_is_not_looked_at_any_more(maya):
    automation = joiners()
    look(NOW)
    keeping.deactivate(automation, ADA)
    db.session.commit()
    look(NOW + MINUTE)
    assert db.session.scalar(select(func.count()).select_from(SegmentWatch)) == 0
    new = make_customer("Maya", email="new@posteo.example")
    keeping.activate(automation, NOW + 2 * MINUTE, ADA)
    db.session.commit()
    look(NOW + 2 * MINUTE)
    assert new.id not in to()


def test_it_needs_its_segment(app):
    automation = make_automation(trigger={"enters_segment": True}, segment_id=None)
    with pytest.raises(NotReady, match="Choose a segment"):
        keeping.activate(automation, NOW, ADA)


def test_all_who_join_are_answered(app):
    joiners()
    look(NOW)
    for number in range(3):
        make_customer("Maya", email=f"p{number}@posteo.example")
    look(NOW + MINUTE)
    assert db.session.scalar(select(func.count()).select_from(Delivery)) == 3
