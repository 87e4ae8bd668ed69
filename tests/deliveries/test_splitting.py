"""A call that is refused as a whole: the good mails of it arrive once, the one at fault fails with its reason."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import select, text, update

from app.audit.actor import COMMAND_LINE
from app.clock import clock
from app.db import db
from app.deliveries import carriers, filling, jobs, pace, runs, sending, splitting
from app.deliveries.batch import Batch, RunAddress
from app.deliveries.delivery import Delivery
from app.deliveries.providers import Rejected
from app.deliveries.run import Run
from tests.deliveries import making
from tests.deliveries.making import adds_up, fate, make_run, sent
from tests.factories import make_customer, make_customers
from tests.provider.running import Provider, carries, inside

POISON = "poison@posteo.example"


@pytest.fixture
def provider(app, monkeypatch) -> Iterator[Provider]:
    monkeypatch.setattr(pace, "UNPACED", ("resend",))
    with inside(rate=0) as provider, carries(app, provider.url):
        yield provider


def poisoned(provider: Provider, *more: str, kind: str = "validation_error") -> None:
    for one in (POISON, *more):
        provider.fails(kind, only=one, times=None)


def with_poison(people: int = 99):
    return make_customers(people), make_customer(email=POISON)


def taken(provider: Provider) -> Counter:
    return Counter(mail["recipient"] for mail in provider.mails)


def test_one_poison_mail_of_a_hundred_fails_alone_for_about_fourteen_calls_more(provider):
    good, bad = with_poison()
    run = make_run()
    poisoned(provider)
    sent()
    assert taken(provider) == Counter(f"p{n}@posteo.example" for n in range(99))
    state, reason = fate(bad)
    assert state == "failed"
    assert "validation_error" in reason
    assert {fate(one)[0] for one in good} == {"accepted"}
    assert (run.state, runs.account(run).accepted) == ("finished", 99)
    assert adds_up(run)
    assert len(provider.calls) <= 16
    keys = [call["key"] for call in provider.calls]
    assert len(set(keys)) == len(keys), "each half has a key of its own"
    assert provider.counts["repeated"] == 0


def test_several_poison_mails_fail_alone(provider):
    good, bad = with_poison(20)
    run = make_run()
    poisoned(provider, "p3@posteo.example", "p4@posteo.example")
    sent()
    assert {fate(one)[0] for one in (bad, good[3], good[4])} == {"failed"}
    assert runs.account(run).accepted == 18
    assert run.state == "finished"
    assert adds_up(run)


def test_the_halves_are_sealed_anew_and_hold_their_addresses(provider):
    _, bad = with_poison(3)
    run = make_run()
    poisoned(provider)
    sent()
    held = set(db.session.scalars(select(RunAddress.email_folded).where(RunAddress.run_id == run.id)))
    assert held == {"p0@posteo.example", "p1@posteo.example", "p2@posteo.example", POISON}
    assert fate(bad)[0] == "failed"


def test_tried_again_what_failed_alone_arrives(provider):
    _, bad = with_poison(3)
    run = make_run()
    poisoned(provider)
    sent()
    provider.heals()
    runs.retry_failed(run, COMMAND_LINE)
    db.session.commit()
    sent()
    assert fate(bad)[0] == "accepted"
    assert set(taken(provider).values()) == {1}


def test_refused_after_an_answer_that_did_not_come_none_was_taken(provider):
    with_poison(9)
    run = make_run()
    provider.fails("internal_server_error")
    poisoned(provider)
    sent()
    assert making.batch().state == "posting"
    sent()
    assert (runs.account(run).accepted, run.state) == (9, "finished")
    assert set(taken(provider).values()) == {1}


def test_what_is_wrong_with_all_of_them_is_asked_once(provider):
    with_poison(9)
    run = make_run()
    provider.fails("invalid_from_address", times=None)
    sent()
    assert (len(provider.calls), sum(runs.account(run).failed.values())) == (1, 10)


def test_what_turns_out_to_be_wrong_with_all_is_not_asked_mail_by_mail(provider, monkeypatch):
    monkeypatch.setattr(splitting, "SAME", 5)
    monkeypatch.setattr(filling, "PEOPLE", 10)
    make_customers(100)
    run = make_run()
    provider.fails("validation_error", times=None)
    sent()
    assert sum(runs.account(run).failed.values()) == 100
    assert len(provider.calls) < 60
    assert run.state == "finished"


def test_a_key_that_came_with_other_bytes_leaves_uncertain_mails_and_is_not_tried_again(provider):
    good, _ = with_poison(1)
    run = make_run()
    provider.fails("invalid_idempotent_request", times=None)
    sent(2)
    state, reason = fate(good[0])
    assert state == "uncertain"
    assert "invalid_idempotent_request" in reason
    assert (len(provider.calls), run.state) == (1, "finished")
    with pytest.raises(runs.WrongState):
        runs.retry_failed(run, COMMAND_LINE)


def test_killed_between_the_split_and_its_commit_nothing_has_changed(provider, monkeypatch):
    with_poison(9)
    run = make_run()
    poisoned(provider)
    with monkeypatch.context() as patched:
        patched.setattr(sending.splitting, "reject", _killed(splitting.reject))
        with pytest.raises(KeyboardInterrupt):
            sent()
    db.session.rollback()
    held = db.session.scalars(select(Batch)).all()
    assert [(one.state, len(one.sealed_ids or [])) for one in held] == [("posting", 10)]
    assert {one.state for one in db.session.scalars(select(Delivery))} == {"sealed"}
    db.session.execute(update(Batch).values(lease_until=None))
    db.session.commit()
    sent()
    assert (runs.account(run).accepted, run.state) == (9, "finished")
    assert set(taken(provider).values()) == {1}


def _killed(split):
    def split_and_die(*said: object) -> None:
        split(*said)
        db.session.flush()
        raise KeyboardInterrupt

    return split_and_die


def test_who_lost_the_batch_meanwhile_splits_nothing(provider, monkeypatch):
    with_poison(9)
    run = make_run()
    poisoned(provider)

    def outrun(*said):
        splitting_first(*said)
        with db.engine.begin() as another:
            assert another.execute(text("SELECT count(*) FROM batches")).scalar() == 1, "not seen before the commit"
        db.session.execute(text("UPDATE batches SET fence = fence + 1, lease_until = NULL"))  # as the next one would

    splitting_first = splitting.reject
    with monkeypatch.context() as patched:
        patched.setattr(sending.splitting, "reject", outrun)
        jobs.send()
    db.session.expire_all()
    assert [one.state for one in db.session.scalars(select(Batch))] == ["posting"]
    db.session.execute(update(Batch).values(lease_until=None))
    sent()
    assert runs.account(run).accepted == 9


def test_two_workers_that_split_batches_of_one_run_at_once_take_different_parts(app, provider, monkeypatch):
    monkeypatch.setattr(filling, "PEOPLE", 10)
    monkeypatch.setattr(jobs, "BATCHES", replace(jobs.BATCHES, batch=1))
    make_customers(40)
    run = make_run()
    bad = [f"p{n}@posteo.example" for n in (1, 12, 23, 34)]
    for one in bad:
        provider.fails("validation_error", only=one, times=None)
    together, first_split = threading.Barrier(2, timeout=20), splitting.reject

    def reject(*said):
        if not together.broken:
            try:
                together.wait()
                together.abort()
            except threading.BrokenBarrierError:
                pass
        first_split(*said)

    monkeypatch.setattr(sending.splitting, "reject", reject)
    lost = []

    def work() -> None:
        with app.app_context():
            lost.append(jobs.send())

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    sent(2)
    assert runs.account(run).accepted == 36
    assert sum(runs.account(run).failed.values()) == 4
    assert run.state == "finished"
    assert set(taken(provider).values()) == {1}
    assert not set(bad) & set(taken(provider))
    assert {one.attempts for one in db.session.scalars(select(Batch))} == {1}, "none of them had to be done again"
    assert len(lost) == 2


@pytest.mark.parametrize("act", [runs.pause, None], ids=["paused", "finished"])
def test_while_its_halves_wait_the_run_is_not_over(provider, act):
    with_poison(9)
    run = make_run()
    held = posting_batch()
    if act:
        act(run, "Wait", COMMAND_LINE)
        db.session.commit()
    splitting.reject(held, run, Rejected("No"))
    held.waiting_since = None
    db.session.commit()
    runs.finish_done(clock())
    db.session.commit()
    assert run.state == ("paused" if act else "sending")
    assert runs.account(run).waiting == 10
    if act:
        runs.resume(run, COMMAND_LINE)
        db.session.commit()
    sent()
    assert (run.state, runs.account(run).accepted) == ("finished", 10)


def test_what_was_cancelled_on_its_way_and_refused_never_goes(provider):
    with_poison(1)
    run = make_run()
    held = posting_batch()
    runs.cancel(run, clock(), COMMAND_LINE)
    db.session.commit()
    splitting.reject(held, run, Rejected("No"))
    held.waiting_since = None
    db.session.commit()
    sent()
    assert runs.account(run).skipped == {"cancelled": 2}
    assert adds_up(run)


def test_what_a_receipt_has_settled_meanwhile_is_not_sent_again(provider):
    good, _ = with_poison(3)
    run = make_run()
    held = posting_batch()
    db.session.execute(update(Delivery).where(Delivery.customer_id == good[0].id).values(state="accepted"))
    splitting.reject(held, run, Rejected("No"))
    held.waiting_since = None
    db.session.commit()
    sent()
    assert sorted(taken(provider)) == ["p1@posteo.example", "p2@posteo.example", POISON]
    assert adds_up(run)


def posting_batch() -> Batch:
    """As its worker holds it when the answer comes."""
    batch = making.batch()
    run = db.session.get_one(Run, batch.run_id)
    sending.sealing.seal(batch, run, carriers.carrier(), clock())
    batch.state, batch.posted_at = "posting", clock()
    db.session.commit()
    return batch
