"""A test send goes to the team, as it is typed, and nowhere else."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.db import db
from app.deliveries import jobs
from app.deliveries.notice import Notice
from app.deliveries.outbox_message import OutboxMessage
from tests.content.test_previews import MJML, make_template
from tests.factories import make_customer

HTMX = {"HX-Request": "true"}


@pytest.fixture
def max_(client_of, marketer):
    make_customer("Maya")
    return client_of(marketer)


def send(client, template, *to, **said):
    return client.post(
        f"/templates/{template.id}/test-sends", data={"to": [str(one) for one in to], **said}, headers=HTMX
    )


def test_it_goes_to_oneself_and_a_colleague_as_it_is_typed(max_, marketer, editor):
    template = make_template()
    answer = send(max_, template, marketer.id, editor.id, message=MJML.replace("Hello", "Good day"), subject="New")
    assert answer.status_code == 200
    assert "2 people" in answer.headers["HX-Trigger"]
    assert 'href="/outbox"' in answer.get_data(as_text=True)
    assert jobs.post_notices() == 2
    found = db.session.scalars(select(OutboxMessage).order_by(OutboxMessage.to_email)).all()
    assert [one.to_email for one in found] == [editor.email, marketer.email]
    assert {one.subject for one in found} == {"[Test] New"}
    assert "Good day Maya" in found[0].html


def test_it_goes_to_nobody_outside(max_, marketer):
    template = make_template()
    for strange in ("999", "maya@posteo.example", ""):
        assert send(max_, template, strange).status_code == 422
    assert db.session.scalars(select(Notice)).all() == []


def test_at_most_twenty_at_once(max_):
    answer = send(max_, make_template(), *range(1, 30))
    assert answer.status_code == 422
    assert "At most 20" in answer.get_data(as_text=True)


def test_what_cannot_be_drawn_is_not_sent(max_, marketer):
    template = make_template()
    broken = send(max_, template, marketer.id, message="<mjml><mj-nothing></mj-nothing></mjml>")
    assert broken.status_code == 422
    assert "cannot be drawn" in broken.get_data(as_text=True)
    assert db.session.scalars(select(Notice)).all() == []


def test_a_viewer_sends_none(client_of, viewer):
    assert send(client_of(viewer), make_template(), viewer.id).status_code == 403


def test_without_script_the_page_asks_and_sends_what_is_saved(max_, marketer):
    template = make_template()
    page = max_.get(f"/templates/{template.id}/test-sends/new").get_data(as_text=True)
    assert f"{marketer.name} (you)" in page
    answer = max_.post(f"/templates/{template.id}/test-sends", data={"to": [str(marketer.id)]})
    assert "on its way to Max" in answer.get_data(as_text=True)
