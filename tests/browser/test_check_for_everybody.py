"""The check for everybody, looked at: what was found, and the worst mails in their frames."""

from __future__ import annotations

import pytest

from app.content.template import MessageTemplate, TemplateVersion
from app.db import db
from app.ops import jobs
from app.ops.render_check import RenderCheck
from app.segments.segment import Segment
from tests.browser.conftest import SCREENS
from tests.browser.test_media_library import faults
from tests.content.test_starters import lay

pytestmark = pytest.mark.browser


@pytest.fixture
def checked(product, migrated) -> str:
    """The address of a check of the first mail, made to complain."""
    with migrated.app_context():
        lay()
        template = db.session.query(MessageTemplate).filter_by(starter="welcome").one()
        version = db.session.query(TemplateVersion).filter_by(template_id=template.id).one()
        version.html = version.html.replace("Good to have", "{{ customer.attributes.course }}: good to have")
        segment = Segment(name="All of them", type="rules", rules={"all": [{"field": "email", "op": "exists"}]})
        db.session.add(segment)
        db.session.flush()
        check = RenderCheck(version_id=version.id, segment_id=segment.id, by_name="Max")
        db.session.add(check)
        db.session.commit()
        jobs.check_renderings()
        return f"/templates/{template.id}/checks/{check.id}"


def test_what_was_found_is_seen(visit, checked):
    for width, theme in SCREENS:
        visitor = visit(width, theme)
        visitor.sign_in("max")
        page = visitor.open(checked)
        page.get_by_text("customer.attributes.course").first.wait_for()
        page.frame_locator("iframe.frame >> nth=0").get_by_text("good to have you here").wait_for()
        page.click(".trail summary >> nth=0")
        assert faults(visitor, f"render-check-{width}-{theme}") == []
        visitor.open(checked.rpartition("/checks")[0] + "/check")
        assert faults(visitor, f"render-checks-{width}-{theme}") == []
