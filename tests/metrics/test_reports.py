"""What a report says of mails whose fate is known."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from app.content.template import Link
from app.db import db
from app.deliveries.variant import RunVariant
from app.metrics import cost, people, reports, tables
from app.metrics.figures import Figures
from app.metrics.ranges import Range
from tests.metrics.making import (
    BERLIN,
    DAY,
    HOUR,
    MONTH,
    NOW,
    make_automation,
    make_credit,
    make_hit,
    make_mail,
    make_run,
    move_to,
    of,
)

pytestmark = pytest.mark.usefixtures("counted")
LATER = NOW + HOUR


@pytest.fixture(params=("straight", "rolled up"))
def counted(request, app):
    """Whichever way it is counted, the figures are the same."""
    if request.param == "rolled up":
        move_to("UTC")


def test_all_figures_are_of_the_mails_sent_in_the_range_whenever_the_rest_happened():
    run = make_run()
    opened = make_mail(run, 1, delivered_at=LATER, opened_at=NOW + 40 * DAY, clicked_at=NOW + 40 * DAY)
    make_mail(run, 2, machine_opened_at=LATER, complained_at=LATER, unsubscribed_at=LATER)
    make_mail(run, 3, state="bounced", bounced_at=LATER)
    make_mail(run, 4, None, state="failed", reason="render")
    make_mail(run, 5, None, state="skipped", reason="holdout", reached_at=LATER)
    make_mail(run, 6, NOW - 40 * DAY, opened_at=NOW)
    make_credit(opened, 5000, refunded=1000)
    found = reports.total(of())
    assert (found.sent, found.delivered, found.bounced, found.failed) == (3, 1, 1, 1)
    assert (found.opened, found.clicked, found.complained, found.unsubscribed) == (1, 1, 1, 1)
    assert found.revenue == {"EUR": 4000}
    assert (found.opened_rate, found.bounced_rate, found.failed_rate) == (1 / 2, 1 / 3, 1 / 4)
    assert reports.total(of(who="all")).opened == 2
    assert reports.total(of(MONTH.before())).opened == 1
    assert reports.total(of(MONTH.before().before())).opened_rate is None


def test_a_day_begins_where_the_team_is_and_days_without_mail_are_there():
    move_to("Europe/Berlin")
    run = make_run()
    make_mail(run, 1, datetime(2026, 10, 21, 22, 30, tzinfo=UTC))
    days = reports.by_day(of(Range(date(2026, 10, 20), date(2026, 10, 23), BERLIN)))
    assert [(day.day, one.sent) for day, one in days] == [(20, 0), (21, 0), (22, 1), (23, 0)]
    hours = dict(reports.by_hour(of(Range(date(2026, 10, 22), date(2026, 10, 22), BERLIN))))
    assert (len(hours), hours[0].sent, hours[23].sent) == (24, 1, 0)


def test_a_long_range_is_told_by_week():
    make_mail(make_run(), 1)
    weeks = reports.by_day(of(Range(date(2026, 7, 1), date(2026, 10, 31), ZoneInfo("UTC"))))
    assert [day.isoformat() for day, _ in weeks[:3]] == ["2026-07-01", "2026-07-06", "2026-07-13"]
    assert [(day.isoformat(), one.sent) for day, one in weeks if one.sent] == [("2026-10-19", 1)]


def test_the_runs_of_an_automation_are_one_campaign_and_those_without_go_by_their_name():
    automation = make_automation("Welcome")
    for n, day in enumerate((1, 2)):
        make_mail(make_run(f"w{n}", automation_id=automation.id, name="Hello"), n, NOW - day * DAY)
        make_credit(make_mail(make_run(f"g{n}", name="Gone"), n, NOW - 2 * DAY), 700 + n)
    make_mail(make_run("g3", name="Gone"), 9, machine_opened_at=LATER)
    gone, welcome = reports.by_campaign(of())
    assert (gone.name, gone.automation_id, gone.figures.sent, gone.figures.revenue) == ("Gone", None, 3, {"EUR": 1401})
    assert (welcome.name, welcome.automation_id, welcome.figures.sent) == ("Welcome", automation.id, 2)
    assert welcome.per_day[19:22] == [1, 1, 0]
    assert sum((one.figures for one in reports.by_campaign(of(who="all"))), Figures()) == reports.total(of(who="all"))
    assert reports.total(of(automation_id=automation.id)).sent == 2


def test_mailboxes_are_told_apart_by_their_domains():
    run = make_run()
    addresses = (
        "a@gmail.com", "b@GoogleMail.com", "c@hotmail.co.uk", "d@live.de", "e@yahoo.de", "f@me.com",
        "g@posteo.de", "h@gmail.com.example.org", "i@notgmail.com", None,
    )  # fmt: skip
    for n, email in enumerate(addresses):
        make_mail(run, n, email=email)
    found = {name: one.sent for name, one in reports.by_mailbox(of())}
    assert found == {"gmail": 2, "outlook": 2, "yahoo": 1, "icloud": 1, "others": 4}


def test_the_hours_of_a_week_add_up_to_the_mails_that_were_opened():
    move_to("Europe/Berlin")
    run = make_run()
    opened = datetime(2026, 10, 25, 23, 10, tzinfo=UTC)  # on Monday at ten past midnight in Berlin
    make_mail(run, 1, opened_at=opened, clicked_at=opened + HOUR)
    make_mail(run, 2, machine_opened_at=NOW)
    october = Range(MONTH.first, MONTH.last, BERLIN)
    week = reports.by_hour_of_week(of(october))
    assert (week[0][0], week[0][1]) == ((1, 0), (0, 1))
    assert sum(opens for day in week for opens, _ in day) == reports.total(of(october)).opened
    assert reports.by_hour_of_week(of(october, who="all"))[3][12] == (1, 0)


def test_links_are_told_by_where_they_lead_and_people_are_counted_once():
    run = make_run()
    _link(run.version_id, "a", "b")
    mails = [make_mail(run, n) for n in (1, 2)]
    for mail, place, is_human in ((0, 0, True), (0, 0, True), (1, 0, True), (1, 1, False)):
        make_hit(mails[mail], place=place, is_human=is_human)
    found = [(one.label, one.clicks, one.people) for one in reports.by_link(of(run_id=run.id))]
    assert found == [("A", 3, 2)]
    assert [one.label for one in reports.by_link(of(who="all"))] == ["A", "B"]
    assert reports.by_link(of(MONTH.before())) == []


def test_links_are_those_of_the_variant_that_was_sent():
    run, other = make_run(), make_run("another")
    _link(run.version_id, "a")
    _link(other.version_id, "b")
    facts = {"run_id": run.id, "version_id": other.version_id, "subject": "Hello", "label": "B"}
    db.session.add(RunVariant(place=1, **facts))
    make_hit(make_mail(run, 1, variant=1), place=0)
    assert [one.label for one in reports.by_link(of())] == ["B"]


def test_links_stay_counted_once_the_clicks_are_forgotten():
    """A rate must not change with each person who is erased."""
    mail = make_mail(run := make_run(), 1)
    _link(run.version_id, "a", "b")
    for place, is_human in ((0, True), (0, True), (0, False), (1, False)):
        make_hit(mail, place=place, is_human=is_human)
    before = [reports.by_link(of(who=who)) for who in ("human", "all")]
    for place in (0, 1):
        db.session.execute(text("DELETE FROM delivery_events WHERE place = :place"), {"place": place})
        assert [reports.by_link(of(who=who)) for who in ("human", "all")] == before
    assert [(one.clicks, one.people) for one in before[1]] == [(3, 1), (1, 1)]


def test_each_rule_has_its_own_credit():
    mail = make_mail(make_run(), 1)
    make_credit(mail, 5000)
    make_credit(mail, 100, "last_send", key="x")
    make_credit(mail, 0, "last_send", key="y", currency=None)
    assert [(one.rule, one.conversions, one.revenue) for one in reports.by_rule(of())] == [
        ("last_click", 1, {"EUR": 5000}),
        ("last_send", 2, {"EUR": 100}),
    ]
    assert reports.total(of(rule="last_send")).revenue == {"EUR": 100}


@pytest.mark.parametrize("what", people.WHATS)
def test_behind_each_number_stand_as_many_people(what):
    run = make_run()
    make_mail(run, 1, delivered_at=LATER, opened_at=LATER, clicked_at=LATER, converted_at=LATER)
    make_mail(run, 2, machine_opened_at=LATER, complained_at=LATER, unsubscribed_at=LATER, bounced_at=LATER)
    make_mail(run, 3, None, state="failed")
    make_mail(run, 4, NOW - 40 * DAY, opened_at=NOW)
    for who in ("human", "all"):
        for scope in (of(who=who), of(who=who, run_id=run.id), of(who=who, automation_id=77)):
            found = db.session.scalars(people.behind(scope, what)).all()
            assert len(found) == getattr(reports.total(scope), what)


@pytest.mark.parametrize("which", tables.WHICH)
def test_each_report_is_a_table_also_where_nothing_was_sent(which):
    empty = list(tables.rows(of(), which, NOW))
    make_credit(make_mail(make_run(), 1, opened_at=LATER))
    found = list(tables.rows(of(), which, NOW))
    assert {len(row) for row in empty} == {len(empty[0])}
    assert {len(row) for row in found} == {len(found[0])}
    assert len(found) >= len(empty)


def test_what_mails_cost_is_held_against_what_came_back():
    make_credit(make_mail(make_run(), 1, converted_at=LATER), 5000)
    found = cost.of(reports.total(of()), 12.5, "EUR")
    assert (found.whole, found.per_conversion, found.back) == (12, 12.5, 400)
    assert cost.of(reports.total(of(MONTH.before())), 1, "EUR").back is None


def _link(version_id, *labels):
    for place, label in enumerate(labels):
        href = f"https://campus.example/{label}"
        db.session.add(Link(version_id=version_id, place=place, href=href, label=label.upper()))
    db.session.commit()
