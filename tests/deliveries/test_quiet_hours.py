"""Quiet hours: nobody is written to at night by their own clock; they get it when the night is over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event, select, text

from app.clock import clock
from app.db import db
from app.deliveries import carriers, holding, jobs, progress, quiet_hours, runs, sealing
from app.deliveries.batch import Batch
from app.settings import limits
from app.settings.limits import QuietHours
from tests.deliveries import making
from tests.deliveries.making import adds_up, delivery_to, fate, make_run
from tests.factories import make_customer, make_customers

BERLIN = ZoneInfo("Europe/Berlin")
NIGHT = QuietHours(start="21:00", end="08:00")


def at(said: str, zone: ZoneInfo = BERLIN) -> datetime:
    return datetime.fromisoformat(said).replace(tzinfo=zone)


def end_of(said: str, *quiet: QuietHours) -> str:
    end = quiet_hours.end_of(quiet or (NIGHT,), at(said).astimezone(UTC), BERLIN)
    return f"{end.astimezone(BERLIN):%Y-%m-%dT%H:%M %Z}" if end else ""


def around(zone: str, before: int = 1, after: int = 1) -> dict[str, str]:
    """Hours around this moment on the clock of that zone."""
    there = datetime.now(ZoneInfo(zone))
    return {"from": f"{there - timedelta(hours=before):%H:%M}", "to": f"{there + timedelta(hours=after):%H:%M}"}


def held() -> list[Batch]:
    every = select(Batch).where(Batch.held_for == "quiet_hours").order_by(Batch.id)
    return list(db.session.scalars(every.execution_options(populate_existing=True)))


@pytest.mark.parametrize(
    ("now", "end"),
    [
        ("2026-11-03T20:59:59", ""),
        ("2026-11-03T21:00", "2026-11-04T08:00 CET"),
        ("2026-11-03T23:59", "2026-11-04T08:00 CET"),
        ("2026-11-04T00:00", "2026-11-04T08:00 CET"),
        ("2026-11-04T07:59:59", "2026-11-04T08:00 CET"),
        ("2026-11-04T08:00", ""),
        ("2026-10-24T23:00", "2026-10-25T08:00 CET"),  # the clock goes back that night
        ("2026-03-28T23:00", "2026-03-29T08:00 CEST"),  # and forward that one
    ],
)
def test_a_night_over_midnight_ends_in_the_morning(now, end):
    assert end_of(now) == end


def test_hours_of_one_day_end_on_it():
    noon = QuietHours(start="12:00", end="14:00")
    assert end_of("2026-11-03T13:00", noon) == "2026-11-03T14:00 CET"
    assert not end_of("2026-11-03T11:59", noon)
    assert not end_of("2026-11-03T14:00", noon)


def test_from_and_to_the_same_is_never():
    assert not end_of("2026-11-03T21:00", QuietHours(start="21:00", end="21:00"))


def test_an_end_that_the_clock_leaves_out_is_right_after_it():
    assert end_of("2026-03-29T01:30", QuietHours(start="21:00", end="02:30")) == "2026-03-29T03:00 CEST"


def test_an_end_that_comes_twice_is_the_next_of_them():
    early = QuietHours(start="21:00", end="02:30")
    assert end_of("2026-10-25T02:10", early) == "2026-10-25T02:30 CEST"
    again = at("2026-10-25T02:10").replace(fold=1).astimezone(UTC)
    end = quiet_hours.end_of((early,), again, BERLIN)
    assert end is not None
    assert end.astimezone(BERLIN).isoformat() == "2026-10-25T02:30:00+01:00"


def test_one_that_ends_in_another_ends_with_that():
    assert end_of("2026-11-03T22:00", NIGHT, QuietHours(start="07:00", end="10:00")) == "2026-11-04T10:00 CET"


def test_two_that_cover_the_whole_day_hold_and_do_not_hang():
    assert end_of("2026-11-03T22:00", NIGHT, QuietHours(start="08:00", end="21:00"))


def test_whoever_is_asleep_waits_for_the_morning_and_the_others_do_not(app):
    awake = make_customer(email="here@posteo.example", timezone="UTC")
    asleep = make_customer("Aiko", email="there@posteo.example", timezone="Asia/Tokyo")
    run = make_run(limits={"quiet_hours": around("Asia/Tokyo")})
    jobs.send()
    assert making.addresses() == [awake.email]
    assert fate(asleep) == ("planned", None)
    assert (run.state, runs.account(run).waiting) == ("sending", 1)
    assert adds_up(run)
    (batch,) = held()
    assert timedelta(minutes=58) < batch.not_before - clock() <= timedelta(hours=1)
    assert batch.meant_for == batch.not_before == batch.waiting_since
    assert delivery_to(asleep).part == batch.part


def test_when_the_night_is_over_they_get_it_and_the_run_is_finished(app):
    asleep = make_customer("Aiko", email="there@posteo.example", timezone="Asia/Tokyo")
    run = make_run(limits={"quiet_hours": around("Asia/Tokyo")})
    jobs.send()
    assert making.addresses() == []
    db.session.execute(text("UPDATE runs SET limits = '{}'"))  # the night is over
    making.sent()
    assert making.addresses() == [asleep.email]
    assert run.state == "finished"


@pytest.mark.parametrize("zone", [None, "", "Mars/Olympus", "../../etc/passwd"])
def test_whose_zone_nobody_knows_lives_in_that_of_the_run(app, zone):
    maya = make_customer(email="maya@posteo.example", timezone=zone)
    run = make_run(limits={"quiet_hours": around("Asia/Tokyo")})
    run.timezone = "Asia/Tokyo"
    db.session.commit()
    jobs.send()
    assert fate(maya) == ("planned", None)


def test_the_whole_batch_asleep_until_one_moment_waits_as_it_is(app):
    make_customers(3, timezone="Asia/Tokyo")
    make_run(limits={"quiet_hours": around("Asia/Tokyo")})
    jobs.send()
    (batch,) = held()
    assert batch.state == "open"
    assert db.session.query(Batch).count() == 1


def test_each_morning_has_a_batch_of_its_own(app):
    make_customer(email="here@posteo.example", timezone="UTC")
    make_customers(3, timezone="Asia/Tokyo")
    make_customer(email="there@posteo.example", timezone="Asia/Kolkata")
    own = around("Asia/Tokyo", before=8, after=2)
    make_run(limits={"quiet_hours": own})
    jobs.send()
    assert making.addresses() == ["here@posteo.example"]
    assert len({batch.not_before for batch in held()}) == len(held()) == 2


def test_quiet_hours_of_the_team_hold_every_automation_but_no_transactional_mail(app):
    maya = make_customer(email="maya@posteo.example", timezone="UTC")
    limits.save(limits.of({"quiet_hours": around("UTC")}), 0, making.COMMAND_LINE)
    db.session.commit()
    held_back = make_run(key="one")
    receipt = make_run(key="two", purpose="transactional", topic=None)
    jobs.send()
    assert delivery_to(maya, held_back).state == "planned"
    assert delivery_to(maya, receipt).state == "accepted"


def test_what_was_sealed_before_the_night_is_not_posted_in_it(app):
    """A worker died between sealing and posting."""
    maya = make_customer(email="maya@posteo.example", timezone="UTC")
    run = make_run()
    sealed_and_left()
    run.limits = {"quiet_hours": around("UTC")}
    db.session.commit()
    jobs.send()
    assert making.addresses() == []
    assert fate(maya) == ("planned", None)


def sealed_and_left() -> None:
    batch = making.batch()
    run = runs.find(batch.run_id)
    assert sealing.seal(batch, run, carriers.expected(), clock())
    db.session.commit()


def test_a_cancelled_run_lets_nobody_of_the_night_through(app):
    make_customer(email="here@posteo.example", timezone="UTC")
    asleep = make_customer("Aiko", email="there@posteo.example", timezone="Asia/Tokyo")
    run = make_run(limits={"quiet_hours": around("Asia/Tokyo")})
    jobs.send()
    runs.cancel(run, clock(), making.COMMAND_LINE)
    db.session.commit()
    making.sent()
    assert fate(asleep) == ("skipped", "cancelled")
    assert adds_up(run)


def test_the_page_of_the_run_says_how_many_are_held_and_until_when(app):
    make_customer(email="here@posteo.example", timezone="UTC")
    make_customers(3, timezone="Asia/Tokyo")
    run = make_run(limits={"quiet_hours": around("Asia/Tokyo")})
    jobs.send()
    (said,) = progress.of(run).held
    assert (said.why, said.people) == ("quiet_hours", 3)
    assert said.first == said.last == held()[0].not_before


def test_the_page_says_it_to_whoever_looks(app, client_of, viewer):
    make_customer(email="here@posteo.example", timezone="UTC")
    make_customers(3, timezone="Asia/Tokyo")
    hours = around("Asia/Tokyo")
    run = make_run(limits={"quiet_hours": hours})
    jobs.send()
    page = client_of(viewer).get(f"/runs/{run.id}").get_data(as_text=True)
    assert "<b>3 people</b> are held until their quiet hours are over: until " in page
    assert f"it rests from {hours['from']} to {hours['to']}" in page


def test_once_the_team_changes_them_what_is_held_asks_again(app):
    maya = make_customer(email="maya@posteo.example", timezone="UTC")
    limits.save(limits.of({"quiet_hours": around("UTC")}), 0, making.COMMAND_LINE)
    db.session.commit()
    make_run()
    jobs.send()
    assert fate(maya) == ("planned", None)
    limits.save(limits.of({}), 1, making.COMMAND_LINE)
    holding.wake()
    db.session.commit()
    jobs.send()
    assert fate(maya)[0] == "accepted"


def test_a_run_without_limits_asks_nothing_more(app):
    """No statement for quiet hours, caps, a throttle or a plan that nobody set; what there is comes with the run."""
    make_customers(3)
    make_run()
    asked: list[str] = []

    def hear(*said) -> None:
        asked.append(said[2])

    event.listen(db.engine, "before_cursor_execute", hear)
    jobs.send()
    event.remove(db.engine, "before_cursor_execute", hear)
    assert len(making.outbox()) == 3
    assert not [
        one
        for one in asked
        if any(word in one for word in ("warm_days", "advisory", "next_post_at =", "c.timezone FROM"))
    ]
    assert sum("limits" in one and "settings" in one for one in asked) == 1, "asked along with the run"
