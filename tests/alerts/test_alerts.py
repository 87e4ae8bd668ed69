"""An alert is raised once for each cause while it stands, told once by mail, and settled by what ends it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier

import pytest
from sqlalchemy import func, select, text, update

from app.alerts import keeping
from app.alerts.alert import Alert
from app.audit.entry import Entry
from app.automations import jobs as automation_jobs
from app.automations import keeping as keeping_automations
from app.automations import occasions, planning, schedule
from app.claims import Refused
from app.content.template import MessageTemplate
from app.db import db
from app.deliveries import accounts, runs
from app.deliveries import jobs as delivery_jobs
from app.deliveries.delivery import Delivery
from app.deliveries.notice import Notice
from app.deliveries.run import Run
from app.ops import telling
from app.segments import keeping as segments
from tests.automations.making import ADA, NOW, make_active, make_automation
from tests.deliveries import making
from tests.factories import make_customers

LATER = NOW + timedelta(days=1)


def raised(**facts: object) -> None:
    keeping.sound(**{"cause": "run-failed:1", "title": "It failed", "said": "So it is.", "path": "/runs/1", **facts})
    db.session.commit()


def alerts() -> list[Alert]:
    db.session.expire_all()
    return list(db.session.scalars(select(Alert).order_by(Alert.id)))


def standing() -> list[str]:
    return [alert.cause for alert in alerts() if alert.settled_at is None]


def told(now: datetime = NOW) -> list[Notice]:
    telling.tell(now)
    db.session.commit()
    return list(db.session.scalars(select(Notice).order_by(Notice.id)))


def break_segment(segment_id: int) -> None:
    segments.find(segment_id).rules = {"all": [{"fild": 1}]}
    db.session.commit()


def mend_segment(segment_id: int) -> None:
    segments.find(segment_id).rules = {"none": [{"field": "first_name", "op": "equals", "value": "Nobody"}]}
    db.session.commit()


def run_of(automation, at: datetime = NOW) -> Run:
    run = occasions.at(automation, at)
    db.session.commit()
    return run


def planned(run: Run) -> str:
    planning.plan(run.id, NOW)
    db.session.commit()
    return run.state


def test_a_cause_that_stands_is_raised_once_and_says_the_latest(app):
    raised()
    raised(said="And again.", path="/runs/2")
    assert [(alert.said, alert.path) for alert in alerts()] == [("And again.", "/runs/2")]
    keeping.settle("run-failed:1", "It is over.")
    raised()
    assert [alert.settled_how for alert in alerts()] == ["It is over.", None]


def test_of_many_at_once_one_is_raised(app):
    together = Barrier(8)

    def cry(_number: int) -> None:
        with app.app_context():
            together.wait(10)
            raised()

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(cry, range(8)))
    assert len(alerts()) == 1


def test_it_is_not_there_without_its_cause(app):
    keeping.sound("run-failed:1", "It failed", "", "/runs/1")
    db.session.rollback()
    assert alerts() == []


def test_a_run_that_fails_is_told_and_settled_by_the_next_that_does_not(app):
    automation = make_automation()
    break_segment(automation.segment_id)
    first, second = run_of(automation), run_of(automation, LATER)
    assert (planned(first), planned(second)) == ("failed", "failed")
    assert [(alert.cause, alert.path) for alert in alerts()] == [
        (f"automation-failing:{automation.id}", f"/runs/{second.id}")
    ]
    assert first.state_reason in alerts()[0].said
    mend_segment(automation.segment_id)
    assert planned(run_of(automation, LATER + timedelta(days=1))) == "finished"
    assert standing() == []


def test_planned_twice_at_once_it_is_told_once(app):
    automation = make_automation()
    break_segment(automation.segment_id)
    run_id, together = run_of(automation).id, Barrier(2)

    def plan(_number: int) -> None:
        with app.app_context():
            together.wait(10)
            planning.plan(run_id, NOW)
            db.session.commit()

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(plan, range(2)))
    assert len(alerts()) == 1


def test_a_run_that_cannot_be_planned_is_told_until_it_is(app, monkeypatch):
    run = run_of(make_automation())

    def refuse(*_all: object) -> None:
        raise Refused("It cannot be.")

    with monkeypatch.context() as broken:
        broken.setattr(planning, "_plan", refuse)
        db.session.execute(update(Run).values(not_before=func.now()))
        db.session.commit()
        automation_jobs.plan_runs()
    assert standing() == [f"run-unplanned:{run.id}"]
    assert planned(run) == "finished"
    assert standing() == []


def test_an_automation_with_nothing_to_say_is_told(app):
    automation = make_active()
    db.session.execute(update(MessageTemplate).values(published=None))
    db.session.commit()
    list(schedule.fire_due(automation.next_at))
    db.session.commit()
    assert standing() == [f"automation-failing:{automation.id}"]


def test_an_automation_that_ends_in_an_error_is_told_once(app, monkeypatch):
    automation = make_active()

    def stumble(*_all: object) -> None:
        raise ValueError("maya@posteo.example")

    monkeypatch.setattr(schedule, "fire", stumble)
    for _ in range(2):
        list(schedule.fire_due(automation.next_at))
        db.session.commit()
    assert standing() == [f"automation-failing:{automation.id}"]
    assert "maya" not in alerts()[0].said


def test_a_run_that_nobody_kept_is_told(app):
    automation = make_active()
    schedule.fire(automation, automation.next_at + timedelta(hours=7))
    db.session.commit()
    assert standing() == [f"automation-missed:{automation.id}"]


def test_an_automation_that_goes_takes_its_alerts_along(app):
    automation = make_active()
    schedule.fire(automation, automation.next_at + timedelta(hours=7))
    break_segment(automation.segment_id)
    assert planned(run_of(automation)) == "failed"
    assert len(standing()) == 2
    keeping_automations.archive(automation, NOW, ADA)
    db.session.commit()
    assert standing() == []


def lose(run: Run, count: int) -> None:
    some = select(Delivery.id).where(Delivery.run_id == run.id).order_by(Delivery.id).limit(count)
    lost = update(Delivery).where(Delivery.id.in_(some.scalar_subquery()))
    db.session.execute(lost.values(state="failed", reason="No."))
    db.session.execute(update(Delivery).where(Delivery.state == "planned").values(state="accepted"))
    db.session.execute(text("UPDATE batches SET state = 'done', waiting_since = NULL"))
    runs.finish_done(NOW)
    db.session.commit()


@pytest.mark.parametrize(("count", "is_told"), [(1, False), (2, True)])
def test_a_run_that_lost_more_than_a_twentieth_is_told_until_it_is_tried_again(app, count, is_told):
    make_customers(20)
    run = making.make_run()
    lose(run, count)
    assert standing() == ([f"run-lost:{run.id}"] if is_told else [])
    runs.retry_failed(run, ADA)
    db.session.commit()
    assert standing() == []


def test_a_run_whose_batch_was_set_aside_is_told_until_it_went_out(app):
    make_customers(40)
    run = making.make_run()
    db.session.execute(text("UPDATE batches SET failed_at = now()"))
    lose(run, 1)
    assert [alert.title for alert in alerts()] == ["1 of 40 mails of “Open day” failed or are uncertain"]
    runs.retry_failed(run, ADA)
    making.sent()
    assert run.state == "finished"
    assert standing() == []


def test_a_closed_account_is_told_and_settled_when_it_opens(app):
    accounts.close("resend", "Resend said 403", NOW + timedelta(hours=1), NOW)
    accounts.close("resend", "Resend said 403", NOW + timedelta(hours=1), NOW)
    accounts.open_due(NOW)
    db.session.commit()
    assert standing() == ["account-closed:resend"]
    accounts.open_due(NOW + timedelta(hours=2))
    db.session.commit()
    assert standing() == []
    accounts.close("resend", "Resend said 403", None, NOW)
    accounts.reopen("resend", ADA)
    db.session.commit()
    assert standing() == []


def test_each_admin_who_can_sign_in_gets_one_mail(app, admin, marketer, make_user):
    make_user("Ana", "admin")
    make_user("Abe", "admin").password_hash = None
    raised()
    told()
    assert sorted(notice.to_email for notice in told()) == ["ada@campus.example", "ana@campus.example"]
    keeping.settle("run-failed:1", "It is over.")
    raised()
    assert len(told(NOW + timedelta(hours=1))) == 2
    assert len(told(LATER + timedelta(hours=1))) == 4


def test_no_mail_about_the_account_and_none_about_what_is_over(app, admin):
    accounts.close("resend", "Resend said 403", None, NOW)
    raised()
    keeping.settle("run-failed:1", "It is over.")
    db.session.commit()
    assert told() == []


def test_nobodys_data_is_in_the_mail(app, config, admin):
    raised(title="A run of “Open <day>” failed", said="maya@posteo.example cannot be read.")
    notice = told()[0]
    whole = " ".join((notice.subject, notice.html, notice.text))
    assert "maya" not in whole
    assert f"{config.base_url}/runs/1" in notice.text
    assert "“Open &lt;day&gt;”" in notice.html
    assert delivery_jobs.post_notices() == 1


def test_settled_ones_are_forgotten_in_time_and_standing_ones_never(app):
    raised()
    raised(cause="run-failed:2")
    keeping.settle("run-failed:2", "It is over.")
    keeping.forget_old(datetime.now(NOW.tzinfo) + keeping.KEPT + timedelta(days=1))
    db.session.commit()
    assert [alert.cause for alert in alerts()] == ["run-failed:1"]


def page(client, path: str = "/") -> str:
    return client.get(path).get_data(as_text=True)


def test_everybody_sees_it_on_the_overview_and_beside_its_name(app, client_of, viewer):
    raised()
    shown = page(client_of(viewer))
    assert "Needs a person" in shown
    assert 'href="/runs/1"' in shown
    assert "1 thing needs a person" in shown
    assert '1<span class="visually-hidden"> alert</span>' in shown
    assert "/dismissal" not in shown


def test_a_marketer_dismisses_it_once_and_that_is_written_down(app, client_of, marketer):
    raised()
    client = client_of(marketer)
    assert "/dismissal" in page(client)
    for said in ("It is dismissed.", "It is settled already."):
        answer = client.post(f"/alerts/{alerts()[0].id}/dismissal", data={"next": "/alerts"})
        assert (answer.status_code, answer.location) == (303, "/alerts")
        assert said in page(client, "/alerts")
    entry = db.session.scalars(select(Entry).where(Entry.subject_type == "alert")).one()
    assert (entry.actor_name, entry.verb, entry.subject_name) == ("Max", "dismissed", "It failed")
    assert standing() == []
    assert "Dismissed by Max." in page(client, "/alerts?filter=state:is:settled")


def test_what_somebody_dismissed_rests_for_a_day_though_its_cause_goes_on(app):
    raised()
    keeping.dismiss(alerts()[0].id, ADA)
    raised()
    assert standing() == []
    db.session.execute(update(Alert).values(settled_at=Alert.settled_at - keeping.QUIET))
    db.session.commit()
    raised()
    assert len(standing()) == 1


def test_an_editor_may_not_dismiss_it(app, client_of, editor):
    raised()
    assert client_of(editor).post("/alerts/1/dismissal").status_code == 403
    assert standing() == ["run-failed:1"]


def test_one_that_is_not_there_is_not_found(app, client_of, marketer):
    assert client_of(marketer).post(f"/alerts/{2**63}/dismissal").status_code == 404


def test_the_list_is_searched_and_filtered(app, client_of, viewer):
    client = client_of(viewer)
    assert "Nothing has gone wrong" in page(client, "/alerts")
    raised()
    raised(cause="run-failed:2", title="Another one")
    shown = page(client, "/alerts?q=another")
    assert "Another one" in shown
    assert "It failed" not in shown
    assert "No alert matches" in page(client, "/alerts?filter=state:is:settled")


def test_the_account_is_reopened_where_no_run_waits(app, client_of, marketer):
    accounts.close("outbox", "It said no.", None, NOW)
    db.session.commit()
    client = client_of(marketer)
    assert "It said no." in page(client, "/runs")
    assert client.post("/runs/opening").status_code == 303
    assert standing() == []
    assert "It said no." not in page(client, "/runs")
    assert client.post("/runs/opening").status_code == 404
