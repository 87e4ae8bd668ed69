"""The page of the local outbox: what stayed here, found again and looked at in a sealed frame."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from app.audit.actor import COMMAND_LINE
from app.customers.erasing import Person
from app.db import db
from app.deliveries import erasing, jobs, notices
from app.deliveries.notice import Notice
from app.deliveries.outbox_message import OutboxMessage

EVIL = (
    "<p onclick='x()'>Hello</p><script>alert(1)</script><form action='/users'></form><base href='https://evil.example'>"
)


def post(to: str, subject: str, html: str = "<p>Hello</p>", text: str = "Hello") -> OutboxMessage:
    notices.write("test", [to], subject, html, text, COMMAND_LINE)
    db.session.commit()
    jobs.post_notices()
    return db.session.scalars(select(OutboxMessage).order_by(OutboxMessage.id.desc())).first()


@pytest.fixture
def vic(client_of, viewer):
    return client_of(viewer)


def test_the_list_says_whom_what_and_when_and_is_searched(vic):
    post("max@campus.example", "[Test] Open day")
    post("eda@campus.example", "[Test] Price drop")
    page = vic.get("/outbox").get_data(as_text=True)
    assert "Nothing leaves this machine" in page
    assert page.index("Price drop") < page.index("Open day")
    found = vic.get("/outbox?q=open", headers={"HX-Request": "true"}).get_data(as_text=True)
    assert "Open day" in found
    assert "Price drop" not in found
    assert "<html" not in found
    assert "No mail matches" in vic.get("/outbox?q=wram").get_data(as_text=True)


def test_an_empty_outbox_says_what_comes_here(vic):
    assert "Nothing here yet" in vic.get("/outbox").get_data(as_text=True)


def test_the_shell_links_there(vic):
    page = vic.get("/outbox").get_data(as_text=True)
    assert re.search(r'class="local" href="/outbox"', page)
    assert page.count('href="/outbox"') >= 2


def test_a_message_is_shown_in_a_frame_that_runs_nothing(vic):
    message = post("max@campus.example", "<b>bold</b>", EVIL, "plain words")
    page = vic.get(f"/outbox/{message.id}").get_data(as_text=True)
    assert "&lt;b&gt;bold" in page
    assert "plain words" in page
    assert "alert(1)" not in page
    assert re.search(rf'<iframe [^>]*sandbox[^>]*src="/outbox/{message.id}/frame"', page)
    frame = vic.get(f"/outbox/{message.id}/frame")
    policy = frame.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert "script-src" not in policy
    assert frame.get_data(as_text=True) == EVIL


def test_what_is_not_there_is_not_found(vic, stranger):
    assert vic.get("/outbox/999").status_code == 404
    assert vic.get(f"/outbox/{2**70}").status_code == 404
    assert stranger.get("/outbox").status_code == 302


def test_mail_that_names_an_erased_person_goes(app):
    post("maya@posteo.example", "To her")
    post("max@campus.example", "[Test] For her", text="To Maya@Posteo.example")
    post("max@campus.example", "[Test] For others")
    her = Person(id=1, ids=[1], leads=[], emails=["maya@posteo.example"], words=[])
    assert [*erasing.erase(her)] == [{"mails": 0}, {"notices": 2}, {"mails in the outbox": 2}]
    assert [one.subject for one in db.session.scalars(select(Notice))] == ["[Test] For others"]
    assert erasing.export(her) == {"deliveries": [], "notices": [], "outbox_messages": []}
