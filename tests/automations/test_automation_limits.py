"""The limits of an automation: what may be said, by the form and by the API, and that a run keeps them."""

from __future__ import annotations

import pytest

from app.automations import jobs, limits, occasions
from app.clock import clock
from app.db import db
from app.deliveries import jobs as delivery_jobs
from tests.automations.making import ADA, HERE, make_active, make_automation, page_of, the_only
from tests.factories import make_customer

ALL = {
    "cap": {"n": 3, "per": "7d"},
    "quiet_hours": {"from": "21:00", "to": "08:00"},
    "local_time": "09:30",
    "throttle_per_minute": 600,
    "late_hours": 4,
}
FORM = {
    "name": "Invitation",
    "purpose": "promotional",
    "topic": "promotional",
    "when": "now",
    "cap_n": "3",
    "cap_count": "7",
    "cap_unit": "d",
    "quiet_from": "21:00",
    "quiet_to": "08:00",
    "local": "at",
    "local_at": "09:30",
    "throttle_per_minute": "600",
    "late_hours": "4",
}


@pytest.fixture
def marketing(client_of, marketer):
    return client_of(marketer)


def test_all_of_them_may_be_said():
    assert limits.problems(ALL) == []
    assert limits.problems({"local_time": True}) == []
    assert limits.problems({}) == []


@pytest.mark.parametrize(
    ("wanted", "path"),
    [
        ({"cap": 3}, "limits.cap"),
        ({"cap": {"n": 3}}, "limits.cap"),
        ({"cap": {"n": 0, "per": "7d"}}, "limits.cap.n"),
        ({"cap": {"n": True, "per": "7d"}}, "limits.cap.n"),
        ({"cap": {"n": 1.5, "per": "7d"}}, "limits.cap.n"),
        ({"cap": {"n": 1, "per": "a week"}}, "limits.cap.per"),
        ({"cap": {"n": 1, "per": 7}}, "limits.cap.per"),
        ({"cap": {"n": 1, "per": "400d"}}, "limits.cap.per"),
        ({"cap": {"n": 1, "per": "7d", "of": "all"}}, "limits.cap.of"),
        ({"quiet_hours": "21:00-08:00"}, "limits.quiet_hours"),
        ({"quiet_hours": {"from": "21:00"}}, "limits.quiet_hours"),
        ({"quiet_hours": {"from": "24:00", "to": "08:00"}}, "limits.quiet_hours.from"),
        ({"quiet_hours": {"from": "21:00", "to": 8}}, "limits.quiet_hours.to"),
        ({"local_time": "25:00"}, "limits.local_time"),
        ({"local_time": 9}, "limits.local_time"),
        ({"throttle_per_minute": 0}, "limits.throttle_per_minute"),
        ({"throttle_per_minute": "many"}, "limits.throttle_per_minute"),
        ({"throttle_per_minute": True}, "limits.throttle_per_minute"),
        ({"late_hours": -1}, "limits.late_hours"),
        ({"holdout_percent": 0}, "limits.holdout_percent"),
        ({"holdout_percent": 50.1}, "limits.holdout_percent"),
        ({"holdout_percent": float("nan")}, "limits.holdout_percent"),
        ({"holdout_percent": True}, "limits.holdout_percent"),
        ({"holdout_percent": "10"}, "limits.holdout_percent"),
        ({"recheck_segment": 1}, "limits.recheck_segment"),
        ({"quiet": {}}, "limits.quiet"),
    ],
)
def test_each_fault_has_its_path_and_a_sentence(wanted, path):
    (problem,) = limits.problems(wanted)
    assert problem.path == path
    assert problem.message.endswith(".")


def test_what_answers_one_person_at_a_time_has_no_time_of_day():
    (problem,) = limits.problems(ALL, "event")
    assert problem.path == "limits.local_time"
    assert limits.problems(ALL, "cron") == []


def test_they_are_said_in_words():
    assert limits.said(ALL) == [
        "nobody gets it beyond 3 mails in 7 days",
        "it rests from 21:00 to 08:00 on the clock of each person",
        "each gets it at 09:30 on their own clock",
        "at most 600 a minute",
    ]


def test_the_form_sets_them_all(marketing):
    marketing.get(f"{HERE}/new")
    answer = marketing.post(HERE, data=FORM)
    assert answer.status_code in (302, 303), page_of(answer)
    assert the_only().limits == ALL


def test_the_form_shows_them_again_and_saving_it_changes_nothing(marketing):
    automation = make_automation(limits=ALL)
    page = page_of(marketing.get(f"{HERE}/{automation.id}/edit"))
    for value in ("21:00", "08:00", "09:30", "600"):
        assert f'value="{value}"' in page
    assert "nobody gets it beyond 3 mails in 7 days" in page.lower()


def test_what_is_left_empty_limits_nothing(marketing):
    marketing.get(f"{HERE}/new")
    empty = dict.fromkeys(("cap_n", "quiet_from", "quiet_to", "local", "local_at", "throttle_per_minute"), "")
    marketing.post(HERE, data={**FORM, **empty, "late_hours": ""})
    assert the_only().limits == {}


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"cap_n": "many"}, "It is a whole number of mails"),
        ({"cap_count": ""}, "It must be a duration"),
        ({"quiet_to": ""}, "It is a time of day"),
        ({"local_at": ""}, "It is a time of day"),
        ({"throttle_per_minute": "-3"}, "It is a whole number of mails a minute"),
        ({"late_hours": "many"}, "It is a number of hours"),
    ],
)
def test_the_form_says_what_is_wrong_and_keeps_what_was_typed(marketing, typed, said):
    marketing.get(f"{HERE}/new")
    answer = marketing.post(HERE, data={**FORM, **typed})
    assert answer.status_code == 422
    assert said in page_of(answer)
    assert 'value="21:00"' in page_of(answer)


def test_the_page_says_them(marketing):
    automation = make_automation(limits=ALL)
    assert "at most 600 a minute" in page_of(marketing.get(f"{HERE}/{automation.id}"))


def test_a_run_keeps_those_it_was_made_with(app):
    automation = make_active(limits=ALL)
    run = occasions.at(automation, clock())
    automation.limits = {}
    db.session.commit()
    assert run is not None
    assert run.limits == ALL


def test_the_preflight_has_a_bar_for_whoever_is_capped(marketing):
    make_customer(email="maya@posteo.example")
    first = make_automation("First")
    run_now(first)
    second = make_automation("Second", limits={"cap": {"n": 1, "per": "7d"}})
    page = page_of(marketing.get(f"{HERE}/{second.id}/preflight"))
    assert "Had enough mail already" in page
    assert "Had enough mail already" not in page_of(marketing.get(f"{HERE}/{first.id}/preflight"))


def run_now(automation) -> None:
    occasions.by_hand(automation, clock(), ADA, occasions.new_occasion())
    db.session.commit()
    jobs.plan_runs()
    delivery_jobs.send()
