"""The schedule: one run a planned time whoever asks, missed times by the late policy, clocks that jump or change."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from app.audit import Entry
from app.automations import keeping, occasions, schedule
from app.automations.automation import Automation
from app.automations.definition import Definition
from app.db import db
from app.deliveries import accounts
from app.deliveries import runs as delivery_runs
from app.ops import recurring
from app.settings import team
from tests.automations.making import ADA, make_active, make_automation, make_template, runs, the_only
from tests.factories import make_customers

BEFORE = datetime(2026, 11, 3, 9, 30, tzinfo=UTC)
TEN = datetime(2026, 11, 3, 10, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def fired(now):
    """As the recurring job does it: each one in a transaction of its own."""
    for _ in schedule.fire_due(now):
        db.session.commit()
    db.session.commit()
    return [run.planned_for for run in runs()]


def verbs():
    return list(db.session.scalars(select(Entry.verb).where(Entry.subject_type == "automation").order_by(Entry.id)))


def test_each_planned_time_makes_one_run_and_the_next_one_is_known(app):
    make_active(at=BEFORE)
    assert fired(TEN - timedelta(seconds=1)) == []
    assert fired(TEN) == [TEN]
    assert the_only().next_at == TEN + DAY
    assert fired(TEN + HOUR) == [TEN]
    assert fired(TEN + DAY) == [TEN, TEN + DAY]
    assert {(run.state, run.by_name) for run in runs()} == {("planning", "the clock")}


def test_a_run_freezes_what_it_uses(app):
    automation = make_active(at=BEFORE, timezone="Europe/Berlin", limits={"late_hours": 3}, cron="0 11 * * *")
    fired(TEN)
    keeping.change(
        automation,
        Definition(
            "Another",
            template_id=make_template("Other").id,
            segment_id=automation.segment_id,
            trigger={"cron": "5 5 * * *"},
        ),
        1,
        TEN,
        ADA,
        may_send=True,
    )
    db.session.commit()
    run = runs()[0]
    assert (run.name, run.segment_name, run.timezone, run.limits) == (
        "Invitation", "Everybody", "Europe/Berlin", {"late_hours": 3},
    )  # fmt: skip
    assert run.version_id != 2


def test_two_schedulers_at_once_make_one_run(app):
    for number in range(6):
        make_active(f"A{number}", at=BEFORE)
    failures = []

    def scheduler():
        try:
            with app.app_context():
                for _ in schedule.fire_due(TEN):
                    db.session.commit()
        except Exception as error:
            failures.append(error)

    both = [threading.Thread(target=scheduler) for _ in range(3)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert failures == []
    assert sorted(run.name for run in runs()) == [f"A{number}" for number in range(6)]


def test_the_key_keeps_a_planned_time_from_running_twice_whatever_the_row_says(app):
    automation = make_active(at=BEFORE)
    fired(TEN)
    automation.next_at = TEN
    db.session.commit()
    assert fired(TEN + timedelta(minutes=1)) == [TEN]
    assert occasions.at(automation, TEN.astimezone(team.zone())) is None


def test_a_late_one_runs_once_and_its_missed_times_are_no_stack(app):
    make_active(at=BEFORE, cron="0 * * * *")
    assert fired(TEN + 5 * HOUR + timedelta(minutes=59)) == [TEN]
    assert the_only().next_at == TEN + 6 * HOUR


def test_one_that_is_too_late_is_left_out_and_told(app):
    make_active(at=BEFORE)
    assert fired(TEN + 6 * HOUR + timedelta(seconds=1)) == []
    assert the_only().next_at == TEN + DAY
    assert verbs()[-1] == "missed"


@pytest.mark.parametrize(
    ("hours", "minutes", "is_run"), [(0, 1, True), (0, 2, False), (0.001, 1, True), (1, 60, True), (1, 61, False)]
)
def test_how_late_it_may_be_is_a_limit_of_its_own(app, hours, minutes, is_run):
    make_active(at=BEFORE, limits={"late_hours": hours})
    assert bool(fired(TEN + timedelta(minutes=minutes))) is is_run


def test_once_at_a_time_runs_once_and_rests(app):
    make_active(at=BEFORE, trigger={"once": "2026-11-03T11:00:00+01:00"})
    assert fired(TEN) == [TEN]
    assert (the_only().is_active, the_only().next_at) == (False, None)
    assert fired(TEN + DAY) == [TEN]
    with pytest.raises(keeping.NotReady):
        keeping.activate(the_only(), TEN, ADA)


def test_once_at_once_runs_when_it_is_activated_and_never_again(app):
    automation = make_active(at=BEFORE, trigger={"once": "now"})
    assert fired(BEFORE) == [BEFORE]
    with pytest.raises(keeping.HasRun):
        keeping.activate(automation, TEN, ADA)
    db.session.rollback()
    wanted = Definition("Again", template_id=automation.template_id, segment_id=automation.segment_id,
                        trigger={"once": "now"})  # fmt: skip
    keeping.change(automation, wanted, 1, TEN, ADA, may_send=True)
    keeping.activate(automation, TEN, ADA)
    db.session.commit()
    assert fired(TEN) == [BEFORE, TEN]


def test_a_fixed_time_in_the_gap_of_the_clock_runs_right_after_it_and_in_the_overlap_once(app):
    make_active(at=datetime(2027, 3, 27, 12, tzinfo=UTC), cron="30 2 * * *", timezone="Europe/Berlin")
    assert the_only().next_at == datetime(2027, 3, 28, 1, tzinfo=UTC)
    fired(datetime(2027, 3, 28, 1, 0, 5, tzinfo=UTC))
    assert the_only().next_at == datetime(2027, 3, 29, 0, 30, tzinfo=UTC)
    automation = the_only()
    automation.next_at = datetime(2027, 10, 31, 0, 30, tzinfo=UTC)
    db.session.commit()
    fired(datetime(2027, 10, 31, 0, 30, tzinfo=UTC))
    assert the_only().next_at == datetime(2027, 11, 1, 1, 30, tzinfo=UTC)


def test_a_clock_that_jumps_back_repeats_nothing(app):
    make_active(at=BEFORE, cron="*/5 * * * *")
    fired(TEN)
    schedule.refresh(TEN - timedelta(minutes=20))
    db.session.commit()
    times = fired(TEN - timedelta(minutes=10))
    for minute in range(-10, 11):
        times = fired(TEN + timedelta(minutes=minute))
    assert len(times) == len(set(times))
    assert times[-1] == TEN + timedelta(minutes=10)


def test_a_clock_that_was_years_ahead_does_not_silence_it_for_years(app):
    make_active(at=BEFORE)
    fired(TEN + 2000 * DAY)
    assert the_only().next_at > TEN + 1999 * DAY
    assert schedule.refresh(TEN + HOUR) == 1
    db.session.commit()
    assert fired(TEN + DAY) == [TEN + DAY]


def test_what_is_due_stays_due_when_the_next_times_are_worked_out_anew(app):
    make_active(at=BEFORE)
    assert schedule.refresh(TEN + timedelta(minutes=1)) == 0
    assert fired(TEN + timedelta(minutes=1)) == [TEN]


def test_another_zone_of_the_team_moves_those_that_follow_it(app, client_of, admin):
    make_active(at=datetime.now(UTC), cron="0 10 * * *")
    own = make_active("Own", at=datetime.now(UTC), cron="0 10 * * *", timezone="Asia/Tokyo")
    before = own.next_at
    version = team.read()[1]
    client_of(admin).post("/settings/team", data={"timezone": "America/New_York", "version": str(version)})
    db.session.expire_all()
    assert own.next_at == before
    assert keeping.find(1).next_at.hour in (14, 15)


def test_what_cannot_run_any_more_fails_with_its_reason_and_the_next_time_stays(app):

    automation = make_active(at=BEFORE)
    automation.segment_id = None
    db.session.commit()
    fired(TEN)
    said = "Choose a segment: whom to write to."
    assert [(run.state, run.state_reason) for run in runs()] == [("failed", said)]
    assert the_only().next_at == TEN + DAY


def test_what_it_uses_may_go_to_the_archive_and_it_goes_on(app):
    from app.content import writing
    from app.segments import keeping as segments

    automation = make_active(at=BEFORE)
    segments.archive(segments.find(automation.segment_id), TEN, ADA)
    writing.archive(writing.find(automation.template_id), TEN, ADA)
    db.session.commit()
    assert fired(TEN) == [TEN]
    assert [run.state for run in runs()] == ["planning"]
    keeping.deactivate(automation, ADA)
    with pytest.raises(keeping.NotReady) as unready:
        keeping.activate(automation, TEN, ADA)
    assert [one.message for one in unready.value.problems] == [
        "Its segment is in the archive.", "Its template is in the archive.",
    ]  # fmt: skip


def test_a_provider_that_refuses_the_account_stops_an_activation_and_a_quota_does_not(app):
    automation = make_automation()
    accounts.close("outbox", "The key is wrong.", None, TEN)
    with pytest.raises(keeping.NotReady, match="The key is wrong"):
        keeping.activate(automation, TEN, ADA)
    accounts.close("outbox", "Used up.", TEN + DAY, TEN)
    assert keeping.activate(automation, TEN, ADA).is_active


def test_one_that_failed_before_anybody_got_it_may_be_activated_again(app):
    automation = make_active(at=BEFORE, trigger={"once": "now"})
    fired(BEFORE)
    delivery_runs.fail(runs()[0], "Its segment cannot be computed.", BEFORE)
    db.session.commit()
    keeping.activate(automation, TEN, ADA)
    db.session.commit()
    assert fired(TEN) == [BEFORE, TEN]
    with pytest.raises(keeping.HasRun):
        keeping.activate(automation, TEN, ADA)


def test_a_zone_that_one_machine_does_not_know_holds_nobody_else_up(app):
    make_active("Good", at=BEFORE)
    make_active("Odd", at=BEFORE - HOUR)
    db.session.execute(update(Automation).where(Automation.name == "Odd").values(timezone="Mars/Olympus"))
    db.session.commit()
    assert fired(TEN)[-1:] == [TEN]
    schedule.refresh(TEN)


def test_one_that_breaks_holds_nobody_up(app, monkeypatch):
    make_active("Broken", at=BEFORE - HOUR)
    make_active("Good", at=BEFORE)
    made = delivery_runs.make

    def breaks(run):
        if run.name == "Broken":
            raise ValueError("nobody foresaw this")
        return made(run)

    monkeypatch.setattr(delivery_runs, "make", breaks)
    fired(TEN)
    assert [run.name for run in runs()] == ["Good"]
    monkeypatch.undo()
    fired(TEN + HOUR)
    assert [run.name for run in runs()] == ["Good", "Broken"]
    assert {run.planned_for for run in runs()} == {TEN}


def test_what_rests_or_lies_in_the_archive_does_not_run(app):
    keeping.deactivate(make_active("Rests", at=BEFORE), ADA)
    keeping.archive(make_active("Archived", at=BEFORE), TEN, ADA)
    make_automation("Never")
    db.session.commit()
    assert fired(TEN) == []


def test_it_comes_round_by_the_clock(app):
    make_customers(1)
    make_active(at=datetime.now(UTC), trigger={"once": "now"})
    for _ in recurring.do("Make the runs that are due", datetime.now(UTC)):
        db.session.commit()
    assert len(runs()) == 1
