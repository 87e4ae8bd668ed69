"""What is there again calls those who wait for it: few where there is little, the rest of them later."""

from __future__ import annotations

from sqlalchemy import text

from app.consent import preferences
from app.consent.preferences import Word
from app.db import db
from app.segments import keeping as segments
from app.segments.definition import Definition
from app.settings import topics
from tests.automations.behaviours.shop import (
    DAY,
    HOUR,
    answers,
    called,
    ids,
    looks,
    people,
    sells,
    waiting,
    watches,
)
from tests.automations.happening import settle
from tests.automations.making import ADA, NOW, make_segment
from tests.events.coming_in import rows

BACK = NOW - HOUR


def sold_out(product_id: str = "shirt", **said: object) -> None:
    sells(product_id, price=1900, **{"stock": 0, **said})


def test_whoever_asked_before_it_came_back(app):
    sold_out()
    sells("mug", price=900, stock=4)
    before, after, not_asked, of_another = people(4)
    watches(before, "shirt")
    watches(not_asked, "shirt", on_restock=False)
    watches(of_another, "mug")
    sells("shirt", at=BACK, stock=40)
    watches(after, "shirt", at=BACK + 60 * (NOW - BACK) / 100)
    assert looks(answers("back_in_stock")) == 1
    assert called() == ids(before)


def test_where_only_yes_and_no_are_known_everybody_is_called(app):
    sold_out(stock=None, in_stock=False)
    some = people(4)
    for one in some:
        watches(one, "shirt")
    sells("shirt", at=BACK, in_stock=True)
    looks(answers("back_in_stock"))
    assert called() == ids(*some)


def test_what_went_again_calls_nobody(app):
    sold_out()
    (maya,) = people(1)
    watches(maya, "shirt")
    sells("shirt", at=BACK, stock=3)
    sells("shirt", at=BACK + HOUR / 2, stock=0)
    assert looks(answers("back_in_stock")) == 0


def test_few_pieces_call_few_people_wave_by_wave_whoever_asked_last_first(app):
    sold_out()
    some = people(5)
    for place, one in enumerate(some):
        watches(one, "shirt", at=NOW - (10 - place) * DAY)
    sells("shirt", at=BACK, stock=1)
    automation = answers("back_in_stock", wave_every="4h")
    looks(automation)
    assert called() == ids(some[3], some[4])
    settle(NOW)
    assert looks(automation, NOW + 3 * HOUR) == 0
    assert looks(automation, NOW + 4 * HOUR) == 2
    settle(NOW + 4 * HOUR)
    assert called() == ids(some[1], some[2], some[3], some[4])
    sells("shirt", at=NOW + 5 * HOUR, stock=0)
    assert looks(automation, NOW + 9 * HOUR) == 0


def test_a_wave_is_of_those_who_may_get_it(app):
    sold_out()
    some = people(4)
    for place, one in enumerate(some):
        watches(one, "shirt", at=NOW - (10 - place) * DAY)
    sells("shirt", at=BACK, stock=1)
    only = make_segment("Two", {"field": "first_name", "op": "in", "value": ["Maya", "Noor"]})
    looks(answers("back_in_stock", segment_id=only.id))
    assert called() == ids(some[0], some[1])


def test_a_wave_is_not_of_those_who_may_not_be_written_to(app):
    sold_out()
    some = people(5)
    for place, one in enumerate(some):
        watches(one, "shirt", at=NOW - (10 - place) * DAY)
    sells("shirt", at=BACK, stock=1)
    word = Word("page", "test", NOW, shown="No more")
    preferences.say(some[4].id, {topics.id_of("back_in_stock"): False}, word)
    db.session.commit()
    only = make_segment("Four", {"field": "first_name", "op": "in", "value": ["Maya", "Noor", "Otto", "Quinn"]})
    looks(answers("back_in_stock", segment_id=only.id))
    assert called() == ids(some[1], some[2])


def test_a_watch_calls_once_until_its_person_asks_again(app):
    sold_out()
    maya, noor = people(2)
    watch = watches(maya, "shirt")
    watches(noor, "shirt")
    sells("shirt", at=BACK, stock=9)
    automation = answers("back_in_stock")
    looks(automation)
    settle(NOW)
    sells("shirt", at=NOW + DAY, stock=0)
    watch.updated_date = NOW + DAY
    sells("shirt", at=NOW + 2 * DAY, stock=9)
    assert looks(automation, NOW + 3 * DAY) == 1
    assert [one.customer_id for one in waiting() if one.outcome is None] == ids(maya)


def test_what_led_to_no_mail_did_not_call(app):
    sold_out()
    maya, noor, otto = people(3)
    for one in (maya, noor, otto):
        watches(one, "shirt")
    sells("shirt", at=BACK, stock=9)
    automation = answers("back_in_stock")
    assert looks(automation) == 3
    db.session.execute(text("UPDATE trigger_waits SET outcome = 'expired' WHERE customer_id = :id"), {"id": maya.id})
    settle(NOW)
    db.session.execute(
        text("UPDATE deliveries SET state = 'skipped', reason = 'capped' WHERE customer_id = :id"), {"id": noor.id}
    )
    assert looks(automation, NOW + HOUR) == 0
    sells("shirt", at=NOW + DAY, stock=0)
    sells("shirt", at=NOW + 2 * DAY, stock=9)
    assert looks(automation, NOW + 3 * DAY) == 2
    assert [one.customer_id for one in waiting() if one.outcome is None] == ids(maya, noor)


def test_a_price_that_fell_is_no_return(app):
    sold_out()
    (maya,) = people(1)
    watches(maya, "shirt")
    automation = answers("price_drop")
    sells("shirt", at=BACK, price=900, stock=9)
    looks(automation)
    settle(NOW)
    automation.trigger = {"behaviour": "back_in_stock"}
    db.session.commit()
    assert looks(automation, NOW + HOUR) == 1


def test_where_its_segment_cannot_be_asked_nobody_is_called_and_somebody_is_told(app):
    sold_out()
    (maya,) = people(1)
    watches(maya, "shirt")
    sells("shirt", at=BACK, stock=1)
    gone = segments.create(Definition("By SQL", "sql", selection_sql="SELECT id FROM nothing"), NOW, ADA)
    db.session.commit()
    assert looks(answers("back_in_stock", segment_id=gone.id)) == 0
    assert [row["title"] for row in rows("alerts")] == ["“Invitation” could not run"]
