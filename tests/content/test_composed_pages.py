"""A composed mail on its page: its blocks are kept, and handed over as code for good."""

from __future__ import annotations

import json

import pytest

from app.content.template import MessageTemplate
from app.db import db
from tests.content.test_previews import make_template

HEADING = {"kind": "heading", "text": "Open day"}


@pytest.fixture
def max_(client_of, marketer):
    return client_of(marketer)


def kept(template) -> MessageTemplate:
    db.session.expire_all()
    return db.session.get_one(MessageTemplate, template.id)


def test_the_page_holds_the_words_and_the_blocks(max_):
    page = max_.get(f"/templates/{make_template(blocks=[HEADING]).id}").get_data(as_text=True)
    assert "data-words=" in page
    assert 'name="blocks"' in page
    assert "Open day" in page
    assert 'data-adds="columns"' in page


def test_blocks_are_saved_as_they_are_sent_and_bad_ones_are_not(max_):
    template = make_template(blocks=[HEADING])
    there = f"/templates/{template.id}"
    max_.get(there)
    good = json.dumps([HEADING, {"kind": "button", "text": "Come", "href": "https://campus.example"}])
    assert max_.post(there, data={"blocks": good, "version": "1", "name": "Hello"}).status_code == 303
    assert [one["kind"] for one in kept(template).blocks] == ["heading", "button"]
    bad = max_.post(there, data={"blocks": '[{"kind": "marquee"}]', "version": "2", "name": "Hello"})
    assert bad.status_code == 422
    assert "marquee" in bad.get_data(as_text=True)
    assert 'data-problem="blocks[0]"' in bad.get_data(as_text=True)
    assert len(kept(template).blocks) == 2


def test_as_code_asks_first_and_is_for_good(max_):
    template = make_template(blocks=[HEADING])
    assert "for good" in max_.get(f"/templates/{template.id}/as-code").get_data(as_text=True)
    assert max_.post(f"/templates/{template.id}/as-code").status_code == 303
    assert kept(template).blocks is None
    assert "Open day" in kept(template).message
    assert 'name="blocks"' not in max_.get(f"/templates/{template.id}").get_data(as_text=True)


def test_a_viewer_hands_over_nothing(client_of, viewer):
    template = make_template(blocks=[HEADING])
    vic = client_of(viewer)
    assert vic.post(f"/templates/{template.id}/as-code").status_code == 403
    assert "data-composer" not in vic.get(f"/templates/{template.id}").get_data(as_text=True)
