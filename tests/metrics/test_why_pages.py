"""The doors of “Why did they (not) get it?” answer page and fragment, refuse strangers, and know nobody else’s mail."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from app.db import db
from app.deliveries.delivery import Delivery
from tests.automations.making import make_active, make_segment
from tests.deliveries.making import delivery_to, make_run
from tests.factories import NOW, make_customer

HTMX = {"HX-Request": "true"}


@pytest.fixture
def vic(client_of, viewer):
    return client_of(viewer)


@pytest.fixture
def maya(app):
    return make_customer("Maya", email="maya@posteo.example", lms_lead_id="L-7", created_date=NOW)


@pytest.fixture
def run(maya):
    found = make_run()
    db.session.execute(update(Delivery).values(state="skipped", reason="capped"))
    db.session.commit()
    return found


def text_of(answer):
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def test_a_viewer_asks_about_a_run_a_mail_and_an_automation(vic, maya, run):
    nobody = {"all": [{"field": "first_name", "op": "equals", "value": "Nobody"}]}
    automation = make_active("Invitation", segment_id=make_segment("Nobodies", rules=nobody).id)
    for asked in (f"run={run.id}", f"delivery={delivery_to(maya).id}"):
        page = text_of(vic.get(f"/customers/{maya.id}/why?{asked}"))
        assert "they did not get it" in page
        assert "Enough mail already." in page
    page = text_of(vic.get(f"/customers/{maya.id}/why?automation={automation.id}"))
    for word in ("They are not in “Nobodies”", "asked just now", "theirs: Maya"):
        assert word in page


def test_htmx_gets_the_fragment_and_without_a_mail_the_question(vic, maya, run):
    fragment = vic.get(f"/customers/{maya.id}/why?run={run.id}", headers=HTMX)
    assert "HX-Request" in fragment.headers["Vary"]
    assert "<html" not in text_of(fragment)
    question = text_of(vic.get(f"/customers/{maya.id}/why", headers=HTMX))
    assert "Why did they (not) get …?" in question
    assert f"run={run.id}" in question
    assert f'hx-get="/customers/{maya.id}/why"' in text_of(vic.get(f"/customers/{maya.id}"))


def test_what_is_not_there_or_somebody_elses_is_not_found(vic, maya, run):
    tom = make_customer("Tom", created_date=NOW)
    mail = delivery_to(maya).id
    for url in (
        f"/customers/{tom.id}/why?delivery={mail}",
        f"/customers/{maya.id}/why?run=999",
        f"/customers/{maya.id}/why?automation=x",
        f"/customers/{maya.id}/why?delivery=99999999999999999999",
        "/customers/999/why",
        "/runs/999/why?q=maya",
    ):
        assert vic.get(url).status_code == 404, url


@pytest.mark.parametrize("q", ["L-7", "Maya@posteo.example", "lindq"])
def test_on_a_run_whoever_alone_is_meant_is_answered_at_once(vic, maya, run, q):
    assert f'action="/runs/{run.id}/why"' in text_of(vic.get(f"/runs/{run.id}"))
    answer = vic.get(f"/runs/{run.id}/why", query_string={"q": q})
    assert answer.headers["Location"] == f"/customers/{maya.id}/why?run={run.id}"


def test_on_a_run_several_are_shown_and_nobody_is_said_so(vic, maya, run):
    make_customer("Mayla", created_date=NOW)
    assert text_of(vic.get(f"/runs/{run.id}/why?q=may")).count("/why?run=") == 2
    assert "No customer is found by “wram”" in text_of(vic.get(f"/runs/{run.id}/why?q=wram", headers=HTMX))
    assert "No customer is found" in text_of(vic.get(f"/runs/{run.id}/why?q=%00"))
    assert "About whom?" in text_of(vic.get(f"/runs/{run.id}/why"))


def test_a_stranger_is_led_to_the_door(stranger, maya, run):
    assert stranger.get(f"/customers/{maya.id}/why").status_code == 302
    assert stranger.get(f"/runs/{run.id}/why?q=maya").status_code == 302
