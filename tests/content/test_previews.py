"""The preview: what is typed now, as a chosen customer, in a frame of its own."""

from __future__ import annotations

import json
import re

import pytest

from app.audit.actor import COMMAND_LINE
from app.content import writing
from app.content.template import MessageTemplate
from app.content.writing import Draft
from app.db import db
from tests.factories import NOW, make_customer

MJML = """<mjml><mj-body><mj-section><mj-column>
<mj-text>Hello {{ customer.first_name }}, {{ customer.attributes.course | default("a course") }}</mj-text>
</mj-column></mj-section></mj-body></mjml>"""
HTMX = {"HX-Request": "true"}


def make_template(blocks: list | None = None, message: str = MJML, subject: str = "Dear {{ customer.first_name }}"):
    template = writing.create(Draft("Hello", subject=subject, message=message, blocks=blocks), NOW, COMMAND_LINE)
    db.session.commit()
    return template


def drawn(client, template: MessageTemplate, **said: str) -> str:
    answer = client.post(f"/templates/{template.id}/previews", data=said, headers=HTMX)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return answer.get_data(as_text=True)


def frame(client, fragment: str, light: str = "light"):
    key = re.search(r'data-src="(/templates/previews/[^"]+)"', fragment)
    assert key, fragment
    return client.get(f"{key[1]}?light={light}")


@pytest.fixture
def max_(client_of, marketer):
    return client_of(marketer)


def test_it_shows_what_is_typed_now_and_keeps_nothing_of_it(max_):
    make_customer("Maya")
    template = make_template()
    said = drawn(max_, template, subject="Now, {{ customer.first_name }}", message=MJML.replace("Hello", "Good day"))
    assert "Now, Maya" in said
    assert "Good day Maya" in frame(max_, said).get_data(as_text=True)
    db.session.expire_all()
    assert "Hello" in db.session.get_one(MessageTemplate, template.id).message


def test_the_frame_is_sealed_and_only_its_owner_opens_it(max_, client_of, viewer):
    make_customer("Maya")
    said = drawn(max_, make_template())
    assert re.search(r"<iframe sandbox ", said)
    shown = frame(max_, said)
    policy = shown.headers["Content-Security-Policy"]
    for part in ("default-src 'none'", "frame-ancestors 'self'", "style-src 'unsafe-inline'", "sandbox"):
        assert part in policy
    assert "script" not in policy
    assert frame(client_of(viewer), said).status_code == 404
    assert max_.get("/templates/previews/none").status_code == 404


def test_dark_shows_what_the_mail_says_for_the_dark(max_):
    make_customer("Maya")
    said = drawn(max_, make_template(blocks=[{"kind": "heading", "text": "Hello"}]))
    by_day, by_night = (frame(max_, said, light).get_data(as_text=True) for light in ("light", "dark"))
    assert "prefers-color-scheme" not in by_day + by_night
    assert "(min-width: 0)" in by_night
    assert "(max-width: 0)" in by_day
    assert "color-scheme: dark !important" in by_night


def test_somebody_is_chosen_stepped_through_and_remembered(max_):
    first, second = make_customer("Maya"), make_customer("Tomasz", "Nowak")
    template = make_template()
    assert "Dear Tomasz" in drawn(max_, template)  # who came last
    assert "Dear Maya" in drawn(max_, template, step="next")
    assert "Dear Maya" in drawn(max_, template)
    assert "Dear Tomasz" in drawn(max_, template, step="previous")
    assert "Dear Maya" in drawn(max_, template, step="chosen", **{"as": str(first.id)})
    assert "Dear Tomasz" in drawn(max_, template, step="chosen", **{"as": str(second.id)})


def test_somebody_without_a_field_is_found_and_what_is_missing_is_said(max_):
    make_customer("", "Nowak", email="t@posteo.example")
    make_customer("Maya", attributes={"course": "Film"})
    template = make_template()
    said = drawn(max_, template)
    assert 'data-lacks="customer.first_name"' in said
    assert 'data-lacks="customer.attributes.course"' in said
    lacking = drawn(max_, template, step="among", lacks="customer.first_name")
    assert "Nowak" in lacking
    assert "<code>customer.first_name</code>" in lacking
    assert "Nowak" in drawn(max_, template, step="among", lacks="customer.attributes.course")


def test_nobody_lacks_it_is_said_and_somebody_else_is_shown(max_):
    make_customer("Maya")
    assert "Everybody has first name" in drawn(max_, make_template(), step="among", lacks="customer.first_name")


def test_a_segment_that_is_gone_is_said(max_):
    make_customer("Maya")
    said = drawn(max_, make_template(), step="among", of_segment="999", lacks="")
    assert "This segment is gone." in said
    assert "Dear Maya" in said


def test_a_person_who_would_be_skipped_is_said(max_):
    make_customer("", "Nowak")
    said = drawn(max_, make_template(), **{"policy:customer.first_name": "skip"})
    assert "gets no mail" in said


def test_what_is_broken_is_said_with_its_line(max_):
    make_customer("Maya")
    template = make_template()
    assert "line 2" in drawn(max_, template, message=MJML.replace("mj-text>Hello", "mj-txt>Hello"))


def test_problems_of_blocks_name_their_block(max_):
    make_customer("Maya")
    template = make_template(blocks=[])
    said = drawn(max_, template, blocks=json.dumps([{"kind": "heading", "size": "giant"}]))
    assert 'data-block-problem="blocks[0].size"' in said
    assert "no list in JSON" in drawn(max_, template, blocks="{")


def test_the_checks_stand_beside_it(max_):
    make_customer("Maya")
    said = drawn(max_, make_template())
    assert "Gmail cuts at 102 KB" in said
    assert "Fields without a default" in said


def test_customers_are_found_by_name_address_and_lead_id(max_):
    make_customer("Maya", email="maya@posteo.example", lms_lead_id="L-77")
    make_customer("Tomasz", "Nowak")
    for q in ("maya", "posteo", "L-77"):
        found = max_.get(f"/templates/people?as_q={q}", headers=HTMX).get_data(as_text=True)
        assert "Maya" in found
        assert "Tomasz" not in found
    assert "Nobody matches" in max_.get("/templates/people?as_q=wram", headers=HTMX).get_data(as_text=True)


def test_without_script_it_is_a_page(max_):
    make_customer("Maya")
    page = max_.post(f"/templates/{make_template().id}/previews").get_data(as_text=True)
    assert "<html" in page
    assert "Dear Maya" in page


def test_without_customers_somebody_is_imagined(max_):
    assert "Dear Maya" in drawn(max_, make_template())
