"""What came of an automation's mails, as other systems ask for it."""

from __future__ import annotations

import pytest

from tests.metrics.making import DAY, HOUR, NOW, make_automation, make_credit, make_mail, make_run

OCTOBER = "from=2026-10-01&to=2026-10-31"


@pytest.fixture
def crm(make_system):
    return make_system("read")


def test_its_figures_and_each_of_its_days(crm):
    automation = make_automation()
    run = make_run(automation_id=automation.id)
    make_credit(make_mail(run, 1, opened_at=NOW + HOUR, clicked_at=NOW + HOUR, converted_at=NOW + DAY), 4900)
    make_mail(run, 2, None, state="failed")
    make_mail(make_run("of another"), 3)
    said = crm.get(f"metrics/automations/{automation.id}?{OCTOBER}").get_json()
    series = said.pop("series")
    assert said == {
        "sent": 1, "delivered": 0, "opened": 1, "clicked": 1, "converted": 1, "unsubscribed": 0,
        "bounced": 0, "complained": 0, "failed": 1, "revenue": {"EUR": 4900},
    }  # fmt: skip
    assert [one["day"] for one in series][:2] == ["2026-10-01", "2026-10-02"]
    assert len(series) == 31
    assert series[21] == {"day": "2026-10-22", **said}


@pytest.mark.parametrize(
    ("asked", "days"),
    [
        ("", 30),
        ("from=2026-10-22&to=2026-10-22", 1),
        ("from=2026-10-21T22:00:00Z&to=2026-10-23T00:00:00%2B00:00", 2),
        ("from=2026-10-21T23:00:00+02:00&to=2026-10-22", 2),
    ],
)
def test_a_range_is_days_or_moments(crm, asked, days):
    automation = make_automation()
    said = crm.get(f"metrics/automations/{automation.id}?{asked}").get_json()
    assert len(said["series"]) == days


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ("from=yesterday", "bad_from"),
        ("to=", "bad_to"),
        ("from=2026-10-02&to=2026-10-01", "bad_range"),
        ("from=2020-01-01&to=2026-10-01", "bad_range"),
        ("to=1000-01-01", "bad_range"),
    ],
)
def test_what_is_no_range_is_refused_with_a_sentence(crm, asked, code):
    answer = crm.get(f"metrics/automations/{make_automation().id}?{asked}")
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (422, code)


def test_of_an_automation_that_is_not_there_nothing_is_said(crm, make_system):
    for wrong in (4711, 2**63):
        assert crm.get(f"metrics/automations/{wrong}").status_code == 404
    assert make_system("write").get("metrics/automations/1").status_code == 403


def test_a_run_and_the_metrics_of_its_automation_agree(crm):
    automation = make_automation()
    run = make_run(automation_id=automation.id)
    make_mail(run, 1, state="complained", opened_at=NOW, delivered_at=NOW, complained_at=NOW)
    make_mail(run, 2, state="bounced", bounced_at=NOW)
    make_mail(run, 3, machine_opened_at=NOW, clicked_at=NOW, converted_at=NOW)
    one, all_ = crm.get(f"runs/{run.id}").get_json(), crm.get(f"metrics/automations/{automation.id}?{OCTOBER}")
    names = ("delivered", "opened", "clicked", "converted", "bounced", "complained")
    assert [one[name] for name in names] == [all_.get_json()[name] for name in names] == [1, 1, 1, 1, 1, 1]
    assert one["accepted"] == 3
