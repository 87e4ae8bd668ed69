"""Who goes first: asked for in the form and by other systems, refused where it makes no sense, said in words."""

from __future__ import annotations

import pytest

from app.automations import occasions, planning
from app.automations.definition import Definition, problems
from app.db import db
from app.deliveries.batch import Batch
from tests.automations.making import HERE, NOW, make_active, make_automation, page_of, the_only
from tests.deliveries.fates import make_people

FORM = {"name": "Mine", "purpose": "promotional", "topic": "promotional", "when": "cron", "cron": "0 10 * * 2"}


@pytest.fixture
def browser(client_of, marketer):
    return client_of(marketer)


@pytest.mark.parametrize(
    ("typed", "kept", "sentence"),
    [
        (
            {"canary_n": "50"},
            {"canary": {"n": 50}},
            "The first 50 go ahead; the others follow once somebody has looked and resumes it.",
        ),
        (
            {"canary_n": "50", "canary_minutes": "30", "late_hours": "2"},
            {"canary": {"n": 50, "minutes": 30}, "late_hours": 2},
            "The first 50 go ahead; the others follow after 30 minutes.",
        ),
        ({"canary_n": "", "canary_minutes": ""}, {}, "up to <b>6 hours</b> after its time; later it is left out.</p>"),
    ],
)
def test_it_is_kept_and_said_on_its_page_and_above_the_closed_part(browser, typed, kept, sentence):
    browser.post(HERE, data={**FORM, "cron_was": "", **typed})
    automation = the_only()
    assert automation.limits == kept
    assert sentence in page_of(browser.get(f"{HERE}/{automation.id}"))
    form = page_of(browser.get(f"{HERE}/{automation.id}/edit"))
    assert f'name="canary_n" type="text" value="{typed["canary_n"]}"' in form
    if typed["canary_n"]:
        assert f"after its time. {sentence}" in form


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"canary_n": "many"}, "canary_n"),
        ({"canary_n": "0"}, "canary_n"),
        ({"canary_minutes": "5"}, "canary_n"),
        ({"canary_n": "5", "canary_minutes": "soon"}, "canary_minutes"),
        ({"canary_n": "5", "canary_minutes": "10081"}, "canary_minutes"),
    ],
)
def test_nonsense_is_refused_beside_its_field(browser, typed, field):
    answer = browser.post(HERE, data={**FORM, "cron_was": "", **typed})
    assert answer.status_code == 422
    assert f'id="{field}-bad"' in page_of(answer)


@pytest.mark.parametrize(
    ("canary", "path"),
    [
        (50, "limits.canary"),
        (None, "limits.canary"),
        ({}, "limits.canary.n"),
        ({"n": True}, "limits.canary.n"),
        ({"n": 1.5}, "limits.canary.n"),
        ({"n": 1_000_001}, "limits.canary.n"),
        ({"n": 5, "minutes": None}, "limits.canary.minutes"),
        ({"n": 5, "seconds": 3}, "limits.canary.seconds"),
    ],
)
def test_other_systems_are_told_where_it_is_wrong(app, canary, path):
    found = problems(Definition("X", trigger={"once": "now"}, limits={"canary": canary}), NOW)
    assert [one.path for one in found] == [path]


def test_a_run_of_it_is_planned_with_its_first_few_ahead(app):
    make_people(30)
    automation = make_active(topic="newsletter", limits={"canary": {"n": 4, "minutes": 5}})
    run = occasions.at(automation, NOW)
    planning.plan(run.id, NOW)
    db.session.commit()
    assert run.limits == {"canary": {"n": 4, "minutes": 5}}
    assert sorted(one.state for one in db.session.query(Batch)) == ["held", "open"]


def test_a_copy_has_it_too(browser):
    automation = make_automation(limits={"canary": {"n": 4}})
    assert "The first 4 go ahead" in page_of(browser.get(f"{HERE}/{automation.id}"))
