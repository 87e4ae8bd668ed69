"""A cap over all automations: nobody gets more than it allows, whoever seals, in whatever order and at what instant."""

from __future__ import annotations

import contextlib
import threading
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text, update

from app.clock import clock
from app.db import db
from app.deliveries import capping, filling, jobs, runs, sealing
from app.deliveries.batch import Batch
from app.deliveries.delivery import Delivery
from app.deliveries.filling import Whom
from app.deliveries.run import Run
from app.settings import limits
from tests.deliveries import making
from tests.deliveries.making import EVERYBODY, adds_up, delivery_to, make_run, make_version, sent
from tests.factories import make_customer, make_customers

ONE = {"cap": {"n": 1, "per": "7d"}}


def team(**said) -> None:
    limits.save(limits.of(said), limits.read()[1], making.COMMAND_LINE)
    db.session.commit()


def outcomes(key: str) -> tuple[int, dict[str, int]]:
    found = runs.account(runs.called(key))
    return found.accepted, found.skipped


def test_without_a_cap_everybody_gets_every_mail(app):
    maya = make_customer(email="maya@posteo.example")
    for key in ("one", "two", "three"):
        make_run(key=key)
    sent()
    assert making.addresses() == [maya.email] * 3


def test_whoever_had_enough_of_another_run_is_left_out_with_the_reason(app):
    maya = make_customer(email="maya@posteo.example")
    first, second = make_run(key="one"), make_run(key="two", limits=ONE)
    sent()
    assert delivery_to(maya, first).state == "accepted"
    assert (delivery_to(maya, second).state, delivery_to(maya, second).reason) == ("skipped", "capped")
    assert second.state == "finished"
    assert adds_up(second)


def test_a_mail_before_the_window_does_not_count(app):
    maya = make_customer(email="maya@posteo.example")
    make_run(key="one")
    sent()
    db.session.execute(update(Delivery).values(accepted_at=clock() - timedelta(days=7, minutes=1)))
    second = make_run(key="two", limits=ONE)
    sent()
    assert delivery_to(maya, second).state == "accepted"


@pytest.mark.parametrize("purpose", ["transactional", "informational"])
def test_only_promotional_mail_counts_and_is_capped(app, purpose):
    maya = make_customer(email="maya@posteo.example")
    team(**ONE)
    make_run(key="one", purpose=purpose, topic=None)
    make_run(key="two", purpose=purpose, topic=None)
    third = make_run(key="three")
    sent()
    assert len(making.outbox()) == 3
    assert delivery_to(maya, third).state == "accepted"


@pytest.mark.parametrize(("own", "of_team", "got"), [(1, 2, 1), (2, 1, 1), (2, None, 2), (None, 2, 2)])
def test_the_stricter_of_both_counts(app, own, of_team, got):
    make_customer(email="maya@posteo.example")
    if of_team:
        team(cap={"n": of_team, "per": "1d"})
    for key in ("one", "two", "three"):
        make_run(key=key, limits={"cap": {"n": own, "per": "7d"}} if own else {})
        sent()
    assert len(making.outbox()) == got


def test_a_shorter_window_counts_beside_a_longer_one(app):
    maya = make_customer(email="maya@posteo.example")
    make_run(key="old")
    sent()
    db.session.execute(update(Delivery).values(accepted_at=clock() - timedelta(days=3)))
    team(cap={"n": 1, "per": "1d"})
    own = {"cap": {"n": 5, "per": "30d"}}
    now, again = (make_run(key=key, limits=own) for key in ("now", "again"))
    sent()
    assert {delivery_to(maya, now).state, delivery_to(maya, again).state} == {"accepted", "skipped"}


@pytest.mark.parametrize(("state", "is_in_the_way"), [("sealed", True), ("uncertain", True), ("failed", False)])
def test_what_is_sealed_or_uncertain_holds_a_place_and_what_failed_does_not(app, state, is_in_the_way):
    maya = make_customer(email="maya@posteo.example")
    first = make_run(key="one")
    db.session.execute(update(Delivery).values(state=state))
    db.session.execute(update(Batch).values(state="uncertain", waiting_since=None, posted_at=clock()))
    second = make_run(key="two", limits=ONE)
    sent()
    assert first.planned == 1
    assert delivery_to(maya, second).state == ("skipped" if is_in_the_way else "accepted")


def test_an_uncertain_mail_of_long_ago_holds_no_place(app):
    maya = make_customer(email="maya@posteo.example")
    make_run(key="one")
    db.session.execute(update(Delivery).values(state="uncertain"))
    long_ago = clock() - timedelta(days=8)
    db.session.execute(update(Batch).values(state="uncertain", waiting_since=None, posted_at=long_ago))
    second = make_run(key="two", limits=ONE)
    sent()
    assert delivery_to(maya, second).state == "accepted"


def test_several_mails_of_one_run_to_one_person_count_among_themselves(app):
    maya = make_customer(email="maya@posteo.example")
    run = make_run(purpose="promotional", limits={"cap": {"n": 2, "per": "1d"}})
    rows = [Delivery(run_id=run.id, customer_id=maya.id, occasion=f"o{n}", state="planned", part=0) for n in range(3)]
    db.session.add_all(rows)
    db.session.commit()
    db.session.execute(text("DELETE FROM run_addresses"))
    batch = making.batch()
    over = capping.over(limits_of(run), sealing._waiting(batch), clock())
    assert len(over) == 2


def limits_of(run: Run):
    return (limits.Cap(**run.limits["cap"]),)


def test_whoever_is_capped_leaves_the_address_to_the_other(app):
    """Two people, one address: the first has had enough."""
    first = make_customer(email="shared@posteo.example")
    make_run(key="one")
    sent()
    second = make_customer("Nils", email="shared@posteo.example")
    run = make_run(key="two", limits=ONE)
    db.session.execute(update(Delivery).where(Delivery.run_id == run.id).values(state="planned", reason=None, part=0))
    db.session.commit()
    sent()
    assert delivery_to(first, run).reason == "capped"
    assert delivery_to(second, run).state == "accepted"


def test_the_preflight_says_who_would_be_capped(app):
    had = make_customer(email="maya@posteo.example")
    make_run(key="one", whom=Whom(f"SELECT id AS customer_id FROM customers WHERE id = {had.id}"))
    sent()
    make_customer("Nils", email="nils@posteo.example")
    caps = (limits.Cap(n=1, per="7d"),)
    assert filling.counted(EVERYBODY, "promotional", "newsletter", clock(), caps) == {None: 1, "capped": 1}
    assert filling.counted(EVERYBODY, "promotional", "newsletter", clock()) == {None: 2}


def test_a_cap_of_one_shared_by_three_runs_of_the_same_second_on_three_workers(app, monkeypatch):
    """Each person gets one of the three, and the other two say why not."""
    monkeypatch.setattr(filling, "PEOPLE", 5)
    people = make_customers(40)
    version = make_version()
    for key in ("one", "two", "three"):
        make_run(version, key=key, limits=ONE)
    work_together(app, monkeypatch, 3)
    assert sorted(making.addresses()) == sorted(one.email for one in people)
    found = [outcomes(key) for key in ("one", "two", "three")]
    assert sum(accepted for accepted, _ in found) == 40
    assert sum(skipped.get("capped", 0) for _, skipped in found) == 80
    for key in ("one", "two", "three"):
        assert runs.called(key).state == "finished"


def work_together(app, monkeypatch, workers: int) -> None:
    """They count at the same instant, so that whoever does not wait for the others would count too few."""
    begins, count = threading.Barrier(workers, timeout=1), capping.said

    def slowly(caps, now: datetime):
        with contextlib.suppress(threading.BrokenBarrierError):
            begins.wait()
        return count(caps, now)

    monkeypatch.setattr(capping, "said", slowly)

    def work() -> None:
        with app.app_context():
            jobs.send()

    threads = [threading.Thread(target=work) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    db.session.rollback()
    db.session.expire_all()


def test_fate_of_a_mail_that_was_refused_frees_the_place(app):
    maya = make_customer(email="maya@posteo.example")
    first = make_run(key="one", limits=ONE)
    db.session.execute(update(Delivery).values(state="failed", reason="x"))
    db.session.execute(update(Batch).values(state="done", waiting_since=None))
    db.session.commit()
    second = make_run(key="two", limits=ONE)
    sent()
    assert fate_of(maya, first) == "failed"
    assert fate_of(maya, second) == "accepted"


def fate_of(customer, run: Run) -> str:
    return delivery_to(customer, run).state
