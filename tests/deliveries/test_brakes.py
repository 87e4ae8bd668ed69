"""A run that goes wrong pauses itself and says why: from a hundred outcomes on, and for what nobody has seen yet."""

from __future__ import annotations

import pytest
from sqlalchemy import text, update

from app.alerts import keeping as alerts
from app.alerts.alert import Alert
from app.clock import clock
from app.db import db
from app.deliveries import braking, figures, runs
from app.deliveries.run import Run
from app.ops import recurring
from app.settings import brakes
from app.settings.brakes import Brakes
from tests.deliveries.fates import ADA, become, looked_at, pauses, resumed, run_to, standing
from tests.deliveries.making import adds_up


def set_limits(**limits: float | None) -> None:
    brakes.save(Brakes(**limits), brakes.versioned()[1], ADA)
    db.session.commit()


@pytest.mark.parametrize(
    ("fates", "state"),
    [
        ({"accepted": 190, "failed": 10}, "sending"),
        ({"accepted": 189, "failed": 11}, "paused"),
        ({"accepted": 200, "bounced": 10}, "sending"),
        ({"accepted": 200, "bounced": 11}, "paused"),
        ({"accepted": 1000, "complained": 1}, "sending"),
        ({"accepted": 999, "complained": 1}, "paused"),
        ({"accepted": 1999, "complained": 2, "uncertain": 1}, "paused"),
    ],
    ids=lambda one: one if isinstance(one, str) else " ".join(f"{many} {fate}" for fate, many in one.items()),
)
def test_at_its_limit_it_goes_on_and_above_it_pauses(app, fates, state):
    run = run_to(sum(fates.values()) + 10)
    become(run, **fates)
    assert looked_at(run).state == state
    assert adds_up(run)


@pytest.mark.parametrize(("outcomes", "state"), [(99, "sending"), (100, "paused")])
def test_it_is_judged_from_a_hundred_outcomes_on(app, outcomes, state):
    run = run_to(120)
    become(run, failed=outcomes)
    assert looked_at(run).state == state


def test_who_was_left_out_or_is_uncertain_is_no_outcome(app):
    run = run_to(300)
    become(run, accepted=80, failed=19, skipped=100, uncertain=50)
    assert looked_at(run).state == "sending"


def test_it_says_how_many_of_how_many_and_why(app):
    run = run_to(300)
    become(run, accepted=138)
    become(run, "render", failed=7)
    become(run, failed=5)
    assert looked_at(run).state_reason == (
        "It paused itself: 12 of 150 mails failed (8.0 %), the limit is 5 %."
        " The most common reason: The mail could not be drawn for them."
    )


@pytest.mark.parametrize(
    ("share", "limit", "said"), [(8.0, 5, "8.0"), (0.13, 0.1, "0.13"), (5.02, 5, "5.02"), (5.000001, 5, "5")]
)
def test_a_share_has_as_many_places_as_show_that_it_is_more(share, limit, said):
    assert braking._percent(share, limit) == said


def test_the_system_wrote_it_down_and_an_alert_stands_until_somebody_resumes_it(app):
    run = run_to(200)
    become(run, accepted=100, failed=20)
    looked_at(run)
    assert [(one.actor_name, one.subject_id) for one in pauses()] == [("The system", str(run.id))]
    (alert,) = standing()
    assert (alert.title, alert.path) == ("“Open day” paused itself", f"/runs/{run.id}")
    assert "20 of 120 mails failed (16.7 %), the limit is 5 %." in alert.said
    resumed(run)
    assert (run.state, run.state_reason, standing()) == ("sending", "", [])


def test_cancelled_it_accounts_for_everybody_and_its_alert_is_settled(app):
    run = run_to(200)
    become(run, accepted=100, failed=20)
    looked_at(run)
    runs.cancel(run, clock(), ADA)
    db.session.commit()
    account = runs.account(run)
    assert (account.accepted, account.skipped, account.waiting) == (100, {"cancelled": 80}, 0)
    assert standing() == []


def test_after_somebody_resumed_it_only_what_came_after_is_judged(app):
    run = run_to(600)
    become(run, accepted=100, failed=20)
    looked_at(run)
    resumed(run)
    assert looked_at(run).state == "sending"
    become(run, accepted=79, failed=20)
    assert looked_at(run).state == "sending"
    become(run, accepted=1)
    assert looked_at(run).state == "paused"
    assert "20 of the last 100 mails failed (20.0 %)" in run.state_reason


def test_who_dismissed_the_alert_of_a_pause_hears_of_the_next(app):
    run = run_to(600)
    become(run, failed=100)
    looked_at(run)
    alerts.dismiss(standing()[0].id, ADA)
    resumed(run)
    become(run, failed=100)
    looked_at(run)
    assert len(standing()) == 1


def test_what_is_tried_again_is_judged_from_then_on(app):
    run = run_to(150)
    become(run, accepted=138, failed=12)
    db.session.execute(update(Run).values(state="finished", finished_at=clock()))
    db.session.commit()
    runs.retry_failed(run, ADA)
    db.session.commit()
    become(run, failed=12)
    assert looked_at(run).state == "sending"
    assert figures.since_seen(run, figures.of(run.id)).outcomes == 12


def test_the_limits_are_those_of_settings_and_hold_for_runs_on_their_way(app):
    run = run_to(300)
    become(run, accepted=188, failed=12)
    set_limits(failed=6)
    assert looked_at(run).state == "sending"
    set_limits(failed=None)
    assert looked_at(run).state == "sending"
    set_limits(failed=5.9)
    assert looked_at(run).state == "paused"


def test_a_brake_that_is_off_leaves_the_others_on(app):
    run = run_to(300)
    set_limits(failed=None)
    become(run, accepted=100, failed=100, bounced=15)
    assert "15 of 200 mails bounced (7.5 %)" in looked_at(run).state_reason


def test_what_comes_back_after_the_end_is_told_once_and_stops_nothing(app):
    run = run_to(200)
    become(run, accepted=150, failed=50)
    db.session.execute(text("UPDATE batches SET state = 'done', waiting_since = NULL"))
    runs.finish_done(clock())
    db.session.commit()
    assert [one.cause for one in standing()] == [f"run-lost:{run.id}"]
    become(run, bounced=15)
    assert looked_at(run).state == "finished"
    alert = standing()[1]
    assert (alert.cause, alert.title) == (f"run-came-back:{run.id}", "Much of “Open day” bounced or was reported")
    assert alert.said.startswith("15 of 200 mails bounced (7.5 %), the limit is 5 %.")
    alerts.dismiss(alert.id, ADA)
    db.session.execute(update(Alert).values(settled_at=text("now() - interval '2 days'")))
    looked_at(run)
    assert [one.cause for one in standing()] == []


def test_what_is_over_is_looked_at_seldom_and_then_no_more(app):
    run = run_to(10)
    db.session.execute(update(Run).values(state="finished", finished_at=clock()))
    looked_at(run)
    assert run.judge_after > clock() + braking.RARELY / 2
    db.session.execute(update(Run).values(finished_at=clock() - braking.WATCHED, judge_after=None))
    db.session.commit()
    assert list(braking.look_at_all(clock())) == []


@pytest.mark.parametrize("state", ["planning", "paused", "cancelled", "failed"])
def test_only_what_is_going_out_is_braked(app, state):
    run = run_to(200)
    become(run, failed=120)
    db.session.execute(update(Run).values(state=state))
    db.session.commit()
    assert looked_at(run).state == state
    braking.judge(run.id, figures.of(run.id))
    assert (run.state, standing()) == (state, [])


def test_it_is_a_recurring_job(app):
    run = run_to(200)
    become(run, failed=120)
    for _ in recurring.do("Pause the runs that go wrong", clock()):
        db.session.commit()
    db.session.expire_all()
    assert run.state == "paused"


def test_the_page_and_the_api_say_why_and_offer_to_resume(client_of, marketer, make_system):
    run = run_to(200)
    become(run, accepted=100, failed=20)
    looked_at(run)
    max_ = client_of(marketer)
    page = max_.get(f"/runs/{run.id}").get_data(as_text=True)
    assert "It paused itself: 20 of 120 mails failed (16.7 %), the limit is 5 %." in page
    assert "Resume" in page
    assert "paused itself" in max_.get("/").get_data(as_text=True)
    said = make_system("read").get(f"runs/{run.id}").get_json()
    assert (said["state"], said["state_reason"][:16]) == ("paused", "It paused itself")
    assert max_.post(f"/runs/{run.id}/resume").status_code == 303
    db.session.expire_all()
    assert run.state == "sending"
