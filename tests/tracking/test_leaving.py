"""A mail remembers when its reader said no by one of its links."""

from __future__ import annotations

import pytest

from app.consent import links
from tests.consent.links_of import OFFERS, ONE_CLICK, ask, topic_id
from tests.deliveries import making
from tests.factories import make_customer
from tests.tracking.following import hrefs, make_mailed, path


def left(customer):
    return making.delivery_to(customer).unsubscribed_at


@pytest.mark.parametrize("sent", [ONE_CLICK, {"act": "topic"}, {"act": "all"}])
def test_by_its_unsubscribe_link_once_and_for_all(app, sent):
    maya, _ = make_mailed()
    there = path(hrefs()[5])
    ask(app, "GET", there)
    assert left(maya) is None
    ask(app, "POST", there, data=sent)
    first = left(maya)
    assert first is not None
    ask(app, "POST", there, data={"act": "undo"})
    ask(app, "POST", there, data=sent)
    assert left(maya) == first


@pytest.mark.parametrize(("sent", "has_left"), [({"act": "all"}, True), ({"act": "pause"}, False)])
def test_by_its_preference_centre(app, sent, has_left):
    maya, _ = make_mailed()
    ask(app, "POST", path(hrefs()[6]), data=sent)
    assert (left(maya) is not None) is has_left


def test_by_a_topic_that_is_turned_off_there(app):
    maya, _ = make_mailed()
    there = path(hrefs()[6])
    ask(app, "POST", there, data={"act": "save", "topic": topic_id(), "on": topic_id()})
    assert left(maya) is None
    ask(app, "POST", there, data={"act": "save", "topic": topic_id()})
    assert left(maya) is not None


def test_a_mail_of_somebody_else_minds_nothing(app):
    maya, _ = make_mailed()
    tom = make_customer("Tom", email="tom@posteo.example")
    number = making.delivery_to(maya).id
    ask(app, "POST", f"/unsubscribe?token={links.unsubscribe(tom.id, topic_id(OFFERS), number)}", data=ONE_CLICK)
    assert left(maya) is None
