"""What goes wrong by itself is an alert while it stands: once for each cause, and over when it is over."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text

from app.alerts.alert import Alert
from app.db import db
from app.deliveries import pace
from app.metrics.figures import Figures
from app.ops import watching
from app.pump import TOO_LONG


def now(minutes_ago: float = 0) -> datetime:
    return datetime.now(UTC) - timedelta(minutes=minutes_ago)


def standing() -> list[str]:
    """After a look."""
    watching.watch(now())
    db.session.commit()
    return list(db.session.scalars(select(Alert.cause).where(Alert.settled_at.is_(None)).order_by(Alert.cause)))


def make_work(**facts: object) -> None:
    """Somebody whose conversions are to be looked at again."""
    names = ", ".join(facts)
    said = ", ".join(f":{name}" for name in facts)
    asked = f"INSERT INTO credit_work (customer_id, since, {names}) VALUES (1, now(), {said})"
    db.session.execute(text(asked), facts)
    db.session.commit()


def test_where_all_is_well_nothing_is_said(app):
    assert standing() == []


def test_work_that_waits_too_long_is_an_alert_until_it_is_done(app):
    make_work(waiting_since=now(9))
    assert standing() == []
    make_work(waiting_since=now(11))
    assert standing() == standing() == ["queue-late:events"]
    db.session.execute(text("DELETE FROM credit_work"))
    assert standing() == []
    assert [one.settled_how for one in db.session.scalars(select(Alert))] == [watching.OVER]


def test_a_job_that_ran_into_its_limit_is_an_alert_until_its_row_is_done(app):
    make_work(error=TOO_LONG)
    assert standing() == ["job-timeout:credit_work"]
    db.session.execute(text("UPDATE credit_work SET error = NULL"))
    assert standing() == []


@pytest.mark.parametrize(
    ("figures", "found"),
    [
        (Figures(sent=95, failed=5), []),
        (Figures(sent=94, failed=6), ["failed"]),
        (Figures(sent=1000, bounced=51, complained=1), ["bounced", "complained"]),
        (Figures(sent=1000, bounced=50, complained=0), []),
        (Figures(sent=50, bounced=20), []),  # of so few it says nothing
    ],
)
def test_shares_of_all_mail_are_judged_as_those_of_a_run(figures, found):
    assert [one.what for one in watching.bad_shares(figures)] == found


def test_a_quota_is_an_alert_before_it_is_used_up(app, config):
    pace.note_quota(config.mail_provider, 799, 1000)
    assert standing() == []
    pace.note_quota(config.mail_provider, 800, 1000)
    assert standing() == [f"quota-nearly:{config.mail_provider}"]


def test_who_waits_for_a_lock_and_who_answers_slowly_is_seen(app, monkeypatch):
    db.session.execute(text("LOCK TABLE pauses IN ACCESS EXCLUSIVE MODE"))

    def ask() -> None:
        with app.app_context():
            db.session.execute(text("SELECT count(*) FROM pauses"))
            db.session.rollback()

    waiting = threading.Thread(target=ask)
    waiting.start()
    monkeypatch.setattr(watching, "LONG_WAIT", timedelta())
    monkeypatch.setattr(watching, "LONG_STATEMENT", timedelta())
    while not db.session.scalar(text("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")):
        pass
    try:
        assert {one.what for one in watching.slow(now())} == {"locks", "statements"}
    finally:
        db.session.rollback()
        waiting.join()
    monkeypatch.setattr(watching, "SLOW_ANSWER", 0.0)
    assert [one.what for one in watching.slow(now())][:1] == ["answers"]
