"""Who has the credit for an order: worked out by hand, whatever comes in which order."""

from __future__ import annotations

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from sqlalchemy import text, update

from app.audit.actor import COMMAND_LINE
from app.catalogue import orders
from app.customers.who import Who
from app.db import db
from app.deliveries import refs
from app.deliveries.delivery import Delivery
from app.settings import conversions as setting
from app.settings.conversions import Conversions
from app.tracking import credit as crediting
from app.tracking import jobs, money, recounting
from app.tracking.hit import Hit
from tests.catalogue.buying import bring, order
from tests.factories import NOW, make_customer
from tests.tracking.leading import DAY, HOUR, buys, click, counted, credit, mail, make_sent, marked, settle

MINUTE = timedelta(minutes=1)


@pytest.fixture
def maya(app):
    return make_customer("Maya", email="maya@posteo.example")


@pytest.fixture
def mails(maya):
    """Three, a day apart."""
    return [mail(make_sent(f"mail {n}"), maya, NOW + n * DAY) for n in range(3)]


#                clicks (mail, hours after NOW, human)        order  last_click first_click last_send
WORKED_OUT = {
    "one click": ([(0, 1, True)], 2, 0, 0, 0),
    "the last of two": ([(0, 1, True), (1, 26, True)], 30, 1, 0, 1),
    "an old mail clicked again": ([(1, 26, True), (0, 50, True)], 51, 0, 1, 2),
    "a machine has no part": ([(0, 1, True), (1, 25, False)], 26, 0, 0, 1),
    "nobody clicked": ([], 49, None, None, 2),
    "clicked only afterwards": ([(0, 60, True)], 59, None, None, 2),
    "at the end of five days": ([(0, 1, True)], 121, 0, 0, 2),
    "after five days": ([(0, 1, True)], 122, None, None, 2),
    "clicked in the moment of the order": ([(2, 49, True)], 49, 2, 2, 2),
    "two clicks of one moment": ([(0, 50, True), (1, 50, True)], 51, 1, 0, 2),
    "long after all mails": ([], 48 + 121, None, None, None),
}


@pytest.mark.parametrize(("clicks", "hours", "last", "first", "sent"), WORKED_OUT.values(), ids=WORKED_OUT)
def test_an_order_is_put_down_to_one_mail_by_each_rule(maya, mails, clicks, hours, last, first, sent):
    for place, after, is_human in clicks:
        click(mails[place], NOW + after * HOUR, is_human)
    buys(maya, "A", NOW + hours * HOUR)
    settle()
    for rule, place in (("last_click", last), ("first_click", first), ("last_send", sent)):
        assert credit(rule) == ({} if place is None else {"order:A": mails[place]})
    assert marked() == ({} if last is None else {mails[last]: NOW + hours * HOUR})


def test_without_a_mail_in_a_month_an_order_is_nobodys_until_a_late_click_is_told(maya):
    old = mail(make_sent(), maya, NOW - 31 * DAY)
    buys(maya, "A", NOW)
    settle()
    assert counted() == [(old, None, None)]
    click(old, NOW - HOUR)
    crediting.again([maya.id], NOW - HOUR)
    settle()
    assert credit() == {"order:A": old}


def test_a_name_that_the_order_brings_back_wins_over_clicks(maya, mails):
    click(mails[2], NOW + 50 * HOUR)
    buys(maya, "A", NOW + 51 * HOUR, ref=refs.of(mails[0]))
    settle()
    assert (credit("last_click"), credit("first_click")) == ({"order:A": mails[0]}, {"order:A": mails[0]})
    assert credit("last_send") == {"order:A": mails[2]}


@pytest.mark.parametrize("whose", ["forged", "a stranger's", "no mail's"])
def test_a_name_that_is_not_theirs_is_ignored_and_the_order_kept(maya, mails, whose):
    stranger = make_customer("Tom", email="tom@posteo.example")
    theirs = mail(make_sent("another"), stranger)
    click(mails[1], NOW + 25 * HOUR)
    ref = {"forged": refs.of(theirs)[:-1] + "x", "a stranger's": refs.of(theirs), "no mail's": refs.of(4711)}[whose]
    buys(maya, "A", NOW + 26 * HOUR, ref=ref)
    settle()
    assert credit() == {"order:A": mails[1]}


def test_a_family_buys_by_the_mail_to_the_address_that_it_shares(maya):
    child = make_customer("Kim", email="Maya@Posteo.example")
    to_maya = mail(make_sent(), maya)
    buys(child, "A", NOW + HOUR, ref=refs.of(to_maya))
    settle()
    assert credit() == {"order:A": to_maya}
    assert set(marked()) == {to_maya}


def test_what_is_given_back_is_subtracted_and_the_credit_stays(maya, mails):
    run_id = db.session.get_one(Delivery, mails[0]).run_id
    click(mails[0], NOW + HOUR)
    said = [({"refunded_total": 900}, 4000), ({"status": "refunded"}, 4000), ({"status": "cancelled"}, 0)]
    buys(maya, "A", NOW + 2 * HOUR)
    for change, left in said:
        bring(orders, order("A", **change), now=NOW + 3 * HOUR)
        settle()
        assert money.of_runs([run_id], "last_click") == {"EUR": left}
        assert credit() == {"order:A": mails[0]}


def test_an_order_that_is_told_twice_and_changed_counts_once(maya, mails):
    click(mails[0], NOW + HOUR)
    for total in (4900, 4900, 5900):
        buys(maya, "A", NOW + 2 * HOUR, total)
        settle()
    assert len(credit()) == 1
    assert [one.text for one in money.led_to(mails[0], "last_click")] == ["order A, 59.00 EUR"]


def test_an_order_that_turns_out_to_be_somebody_elses_takes_its_credit_along(maya, mails):
    tom = make_customer("Tom", email="tom@posteo.example")
    to_tom = mail(make_sent("to Tom"), tom)
    click(mails[0], NOW + HOUR)
    click(to_tom, NOW + HOUR)
    buys(maya, "A", NOW + 2 * HOUR)
    settle()
    bring(orders, order("A", Who(customer_id=tom.id)))
    settle()
    assert credit() == {"order:A": to_tom}
    assert set(marked()) == {to_tom}


def test_a_click_that_is_judged_anew_gives_the_credit_to_another_mail(maya, mails):
    click(mails[0], NOW + HOUR)
    late = click(mails[1], NOW + 25 * HOUR, is_human=False)
    buys(maya, "A", NOW + 26 * HOUR)
    settle()
    db.session.execute(update(Hit).where(Hit.id == late.id).values(is_human=True))
    crediting.again([maya.id], NOW + 25 * HOUR)
    db.session.commit()
    settle()
    assert credit() == {"order:A": mails[1]}
    assert set(marked()) == {mails[1]}


def test_a_mail_that_was_still_on_its_way_gets_its_credit_later(maya):
    run = make_sent()
    one = mail(run, maya, None, state="sealed", reason=None)
    now = db.session.scalar(text("SELECT now()"))
    buys(maya, "A", now)
    settle()
    assert credit("last_send") == {}
    db.session.execute(update(Delivery).values(state="accepted", accepted_at=now))
    settle()
    assert credit("last_send") == {"order:A": one}
    assert db.session.scalar(text("SELECT count(*) FROM credit_work")) == 0


def test_another_rule_moves_the_marks_and_nothing_else(maya, mails):
    click(mails[0], NOW + HOUR)
    buys(maya, "A", NOW + 49 * HOUR)
    settle()
    before = counted()[:3]
    setting.save(Conversions(rule="last_send"), 0, COMMAND_LINE)
    recounting.begin()
    db.session.commit()
    assert recounting.left() == 1
    jobs.recount()
    assert recounting.left() == 0
    assert set(marked()) == {mails[2]}
    assert counted()[:3] == before


def test_two_looks_at_one_person_at_once_count_the_order_once(app, maya, mails):
    click(mails[0], NOW + HOUR)
    buys(maya, "A", NOW + 2 * HOUR)
    db.session.execute(text("DELETE FROM credit_work"))
    db.session.commit()
    start, faults, person = Barrier(4), [], maya.id

    def look() -> None:
        with app.app_context():
            try:
                start.wait()
                crediting.look({person: crediting.EVER}, NOW)
                db.session.commit()
            except Exception as fault:
                faults.append(fault)

    threads = [Thread(target=look) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert faults == []
    assert credit() == {"order:A": mails[0]}
