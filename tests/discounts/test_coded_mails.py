"""Each mail of a run with a pool gets its own code when it is sealed, and none goes out without."""

from __future__ import annotations

import re
import threading
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, text, update

from app.alerts.alert import Alert
from app.audit.actor import COMMAND_LINE
from app.catalogue import codes
from app.catalogue.discount import DiscountCode
from app.clock import clock
from app.db import db
from app.deliveries import discounting, filling, jobs, progress, runs, sealing, viewing
from app.deliveries import limits as limiting
from app.deliveries.batch import Batch
from app.deliveries.delivery import Delivery
from app.deliveries.providers import Busy, Rejected, outbox
from app.deliveries.run import Run
from app.ops import merging
from tests.deliveries import dying, making
from tests.deliveries.making import adds_up, delivery_to, sent
from tests.discounts.pools import add, free, make_coded_run, make_pool, numbered, said_by_mails, taken
from tests.factories import NOW, make_customer, make_customers

NEEDS = 'Code={{ facts.discount_code }}; {{ customer.attributes.course }}<a href="{{ urls.unsubscribe }}">No</a>'


def raises(error: Exception) -> None:
    raise error


def alerts() -> list[str]:
    return list(db.session.scalars(select(Alert.title).where(Alert.settled_at.is_(None)).order_by(Alert.id)))


def test_everybody_gets_the_one_code_of_a_fixed_pool(app):
    make_customers(3)
    pool = make_pool("Cart", "fixed", code="CART10")
    make_coded_run(pool)
    sent()
    assert set(said_by_mails().values()) == {"CART10"}
    assert "worth 10 %" in making.outbox()[0].html
    assert taken(pool) == {}


def test_each_gets_a_new_one_of_a_pool_that_makes_them(app):
    make_customers(7)
    pool = make_pool(kind="generated", prefix="AUTUMN-")
    make_coded_run(pool)
    sent()
    said = said_by_mails()
    assert len(set(said.values())) == 7
    assert sorted(said.values()) == sorted(taken(pool).values())
    assert all(re.fullmatch(r"AUTUMN-[A-HJ-NP-Z2-9]{8}", one) for one in said.values())


def test_each_gets_one_of_the_list_in_its_order(app):
    make_customers(5)
    pool = make_pool(codes=numbered(8))
    make_coded_run(pool)
    sent()
    assert sorted(said_by_mails().values()) == numbered(5)
    assert free(pool) == 3


def test_the_code_is_written_down_with_the_mail_and_shown_again(app):
    maya = make_customer(email="maya@posteo.example")
    pool = make_pool(codes=["AUTUMN-1"])
    make_coded_run(pool)
    sent()
    delivery = delivery_to(maya)
    assert delivery.facts == {"discount_code": "AUTUMN-1", "discount_amount": "10 %"}
    assert "Code=AUTUMN-1;" in viewing.page(delivery.id)
    row = db.session.scalars(select(DiscountCode)).one()
    assert (row.customer_id, row.delivery_id, row.taken_at is not None) == (maya.id, delivery.id, True)


def test_what_the_mail_is_about_stays_beside_its_code(app):
    maya = make_customer(email="maya@posteo.example")
    make_coded_run(make_pool(codes=["A"]))
    db.session.execute(update(Delivery).values(facts={"product": {"name": "Lamp"}}))
    sent()
    assert delivery_to(maya).facts["product"] == {"name": "Lamp"}
    assert delivery_to(maya).facts["discount_code"] == "A"


def test_a_run_without_a_pool_takes_no_code(app):
    make_customers(2)
    pool = make_pool(codes=["A", "B"])
    making.make_run()
    sent()
    assert len(making.outbox()) == 2
    assert free(pool) == 2


def test_a_mail_that_is_sealed_again_has_the_code_that_it_had(app):
    make_customers(3)
    pool = make_pool(codes=numbered(9))
    run = make_coded_run(pool)
    dying.killed_after(1)  # sealed, and never posted
    before = taken(pool)
    sealing.unseal(making.batch())
    db.session.commit()
    sent()
    assert len(before) == 3
    assert taken(pool) == before
    assert sorted(said_by_mails().values()) == sorted(before.values())
    assert runs.account(run).accepted == 3


def test_a_seal_that_is_rolled_back_took_nothing(app):
    make_customers(4)
    pool = make_pool(codes=numbered(4))
    run = make_coded_run(pool)
    batch, (run, limits) = making.batch(), limiting.found(run.id)
    for _ in range(3):
        sealing.seal(batch, run, jobs.sending.carriers.expected(), clock(), limits)
        assert len(taken(pool)) == 4
        db.session.rollback()
        assert taken(pool) == {}
    sent()
    assert len(taken(pool)) == len(making.outbox()) == 4


@pytest.mark.parametrize("kind", ["uploaded", "generated"])
def test_whoever_is_left_out_while_it_is_drawn_gives_the_code_back(app, kind):
    stays = make_customer(email="maya@posteo.example", attributes={"course": "Sound"})
    lacks = make_customer("Nils", email="nils@posteo.example")
    pool = make_pool(kind=kind, codes=["A", "B"] if kind == "uploaded" else ())
    version = making.make_version(NEEDS, policies={"customer.attributes.course": {"skip": True}})
    run = making.make_run(version, discount_pool_id=pool.id)
    sent()
    assert (delivery_to(lacks).state, delivery_to(lacks).reason) == ("skipped", "missing_field")
    assert list(taken(pool)) == [delivery_to(stays).id]
    assert delivery_to(lacks).facts is None
    assert free(pool) == 1
    assert adds_up(run)


def test_whoever_may_not_get_it_takes_none(app):
    make_customer(email="maya@posteo.example")
    bad = make_customer("Nils", email="not an address")
    pool = make_pool(codes=["A", "B", "C"])
    make_coded_run(pool)
    sent()
    assert delivery_to(bad).reason == "bad_address"
    assert len(taken(pool)) == 1


def test_whoever_is_left_out_at_the_second_look_gives_it_back(app):
    maya = make_customer(email="maya@posteo.example")
    nils = make_customer("Nils", email="nils@posteo.example")
    pool = make_pool(codes=["A", "B"])
    make_coded_run(pool)
    dying.killed_after(1)
    assert len(taken(pool)) == 2
    nils.email = None
    db.session.commit()
    sent()
    assert delivery_to(nils).state == "skipped"
    assert delivery_to(nils).facts is None
    assert list(taken(pool)) == [delivery_to(maya).id]


def test_without_codes_the_run_waits_and_says_so(app):
    make_customers(3)
    pool = make_pool("Autumn")
    run = make_coded_run(pool)
    sent()
    assert making.outbox() == []
    assert (run.state, runs.account(run).waiting) == ("sending", 3)
    assert making.batch().error == "The codes of “Autumn” are used up."
    assert [(one.why, one.people) for one in progress.of(run).held] == [("codes", 3)]
    assert alerts() == ["The codes of “Autumn” are used up: 3 mails wait"]
    sent()
    assert making.outbox() == []
    assert alerts() == ["The codes of “Autumn” are used up: 3 mails wait"]


def test_what_waits_goes_on_once_codes_are_added(app):
    make_customers(3)
    pool = make_pool("Autumn")
    run = make_coded_run(pool)
    sent()
    add(pool, numbered(3))
    assert alerts() == []
    jobs.send()  # woken: nothing had to be put forward
    assert len(making.outbox()) == 3
    db.session.refresh(run)
    assert run.state == "finished"


def test_those_for_whom_there_are_codes_do_not_wait_with_the_others(app):
    make_customers(10)
    pool = make_pool("Autumn", codes=numbered(4))
    run = make_coded_run(pool)
    sent(2)
    assert sorted(said_by_mails().values()) == numbered(4)
    assert runs.account(run).waiting == 6
    assert alerts() == ["The codes of “Autumn” are used up: 6 mails wait"]
    add(pool, ["LATE-1"])
    jobs.send()
    assert len(making.outbox()) == 5
    assert alerts() == ["The codes of “Autumn” are used up: 5 mails wait"]
    add(pool, numbered(20))
    jobs.send()
    assert len(set(said_by_mails().values())) == 10
    assert alerts() == []
    assert adds_up(run)


def test_all_batches_of_a_pool_wait_once_one_has_found_it_empty(app, monkeypatch):
    monkeypatch.setattr(filling, "PEOPLE", 2)
    make_customers(10)
    pool = make_pool("Autumn")
    make_coded_run(pool)
    claim = dying.claimed()
    next(dying.steps(claim))
    db.session.commit()
    held = db.session.scalar(select(func.count()).select_from(Batch).where(Batch.held_for == "codes"))
    assert held == 5
    assert alerts() == ["The codes of “Autumn” are used up: 10 mails wait"]


def test_runs_of_other_pools_go_on(app):
    make_customers(2)
    make_coded_run(make_pool("Empty"), key="waits")
    make_coded_run(make_pool("Full", codes=numbered(2)), key="goes")
    sent()
    assert sorted(said_by_mails().values()) == numbered(2)


def test_what_waits_for_codes_is_never_too_late(app):
    make_customer(email="maya@posteo.example")
    pool = make_pool()
    run = make_coded_run(pool, limits={"late_hours": 1})
    sent()
    db.session.execute(text("UPDATE runs SET planned_for = now() - interval '3 days'"))
    db.session.commit()
    add(pool, ["A"])
    sent()
    assert list(said_by_mails().values()) == ["A"]
    assert runs.account(run).skipped == {}


def test_a_cancelled_run_gives_back_what_never_went_out(app):
    make_customers(3)
    pool = make_pool(codes=numbered(3))
    run = make_coded_run(pool)
    dying.killed_after(1)
    assert len(taken(pool)) == 3
    runs.cancel(run, NOW, COMMAND_LINE)
    db.session.commit()
    assert taken(pool) == {}
    assert free(pool) == 3


@pytest.mark.parametrize("answer", [Busy("Later", timedelta(seconds=1)), Rejected("No")])
def test_refused_after_its_run_was_cancelled_it_gives_its_code_back(app, monkeypatch, answer):
    make_customers(2)
    pool = make_pool(codes=numbered(2))
    run = make_coded_run(pool)
    monkeypatch.setattr(outbox, "post", lambda *_: raises(answer))
    going = dying.steps(dying.claimed())
    next(going)
    next(going)
    runs.cancel(run, clock(), COMMAND_LINE)
    db.session.commit()
    assert list(going) == []
    db.session.commit()
    assert runs.account(run).skipped == {"cancelled": 2}
    assert (taken(pool), free(pool)) == ({}, 2)


def test_who_would_get_it_twice_after_a_merge_leaves_one_code_free(app):
    maya, other = make_customers(2)
    pool = make_pool(codes=numbered(2))
    make_coded_run(pool)
    dying.killed_after(1)
    merging.merge(maya.id, other.id, [], None, COMMAND_LINE, NOW)
    db.session.commit()
    assert (len(taken(pool)), free(pool)) == (1, 1)
    sent()
    assert len(said_by_mails()) == 1


def test_what_failed_is_not_tried_again_without_its_codes(app):
    make_customer(email="maya@posteo.example")
    pool = make_pool(codes=numbered(1))
    run = make_coded_run(pool)
    dying.killed_after(1)
    db.session.execute(update(Delivery).values(state="failed", reason="x"))
    db.session.execute(update(Batch).values(state="done", waiting_since=None, payload=None))
    db.session.execute(update(Run).values(state="finished"))
    discounting.delete(pool, COMMAND_LINE)
    db.session.commit()
    db.session.expire_all()
    with pytest.raises(runs.WrongState, match="discount codes were deleted"):
        runs.retry_failed(run, COMMAND_LINE)


def test_the_alert_ends_with_the_run_that_waited(app):
    make_customers(3)
    run = make_coded_run(make_pool())
    sent()
    assert len(alerts()) == 1
    runs.cancel(run, NOW, COMMAND_LINE)
    db.session.commit()
    assert alerts() == []


def test_an_alert_says_when_codes_run_low_and_ends_by_itself(app):
    make_customers(3)
    pool = make_pool("Autumn", codes=numbered(7), warn_below=5)
    assert alerts() == []
    make_coded_run(pool)
    sent()
    assert alerts() == ["“Autumn” has fewer than 5 codes left"]
    add(pool, ["ONE-MORE"])
    assert alerts() == []


def test_a_mail_that_failed_and_is_tried_again_keeps_its_code(app):
    maya = make_customer(email="maya@posteo.example")
    pool = make_pool(codes=numbered(5))
    run = make_coded_run(pool)
    dying.killed_after(1)
    before = taken(pool)
    db.session.execute(update(Delivery).values(state="failed", reason="x"))
    db.session.execute(update(Batch).values(state="done", waiting_since=None, payload=None))
    db.session.commit()
    runs.retry_failed(run, COMMAND_LINE)
    db.session.commit()
    sent()
    assert delivery_to(maya).state == "accepted"
    assert taken(pool) == before
    assert list(said_by_mails().values()) == list(before.values())


def test_somebody_who_is_quicker_leaves_the_batch_waiting_and_whole(app, monkeypatch):
    """It looked as if there were enough, and then there were not: nothing of it is sealed."""
    make_customers(3)
    pool = make_pool(codes=numbered(2))
    monkeypatch.setattr(codes, "free", lambda _pool, most: most)
    run = make_coded_run(pool)
    sent()
    assert making.outbox() == []
    assert taken(pool) == {}
    assert runs.account(run).waiting == 3
    monkeypatch.undo()
    sent(2)
    assert len(making.outbox()) == 2


def together(app, workers: int, work) -> None:
    begins = threading.Barrier(workers)

    def begin() -> None:
        with app.app_context():
            begins.wait()
            work()
            db.session.remove()

    threads = [threading.Thread(target=begin) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    db.session.rollback()
    db.session.expire_all()


@pytest.mark.parametrize("kind", ["uploaded", "generated"])
def test_workers_that_seal_at_once_give_no_code_twice(app, monkeypatch, kind):
    monkeypatch.setattr(filling, "PEOPLE", 5)
    make_customers(60)
    pool = make_pool(kind=kind, codes=numbered(100) if kind == "uploaded" else ())
    for key in ("one", "two"):
        make_coded_run(pool, key=key)
    together(app, 4, jobs.send)
    sent(3)
    said = [one.html for one in making.outbox()]
    if kind == "uploaded":
        assert len(said) == 100  # the other twenty wait
        add(pool, [f"MORE-{n}" for n in range(20)])
        sent(2)
    given_out = [re.search("Code=([^;]+);", one.html)[1] for one in making.outbox()]
    assert len(given_out) == len(set(given_out)) == 120
    assert sorted(given_out) == sorted(taken(pool).values())


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    takers=st.lists(st.tuples(st.integers(1, 12), st.booleans()), min_size=2, max_size=5),
    codes_there=st.integers(0, 30),
    kind=st.sampled_from(["uploaded", "generated"]),
)
def test_no_code_is_ever_two_mails_whoever_takes_and_whoever_dies(app, takers, codes_there, kind):
    """Each on a connection of its own, all open at once; some roll back, as one that is killed does."""
    pool = make_pool(f"Pool {clock().timestamp()}", kind)
    if kind == "uploaded" and codes_there:
        add(pool, numbered(codes_there))
    pool_id, found, guard = pool.id, {}, threading.Lock()
    offsets = [sum(count for count, _ in takers[:n]) for n in range(len(takers))]
    open_, base = threading.Barrier(len(takers)), int(clock().timestamp() * 1_000_000)

    def take(number: int) -> None:
        count, dies = takers[number]
        wanting = {base + offsets[number] + n: n + 1 for n in range(count)}
        with app.app_context():
            mine = codes.take(db.session.get(type(pool), pool_id), wanting, NOW)
            open_.wait(10)
            db.session.rollback() if dies else db.session.commit()
            with guard:
                found.update({} if dies else mine)
            db.session.remove()

    threads = [threading.Thread(target=take, args=(number,)) for number in range(len(takers))]
    for one in threads:
        one.start()
    for one in threads:
        one.join(30)
    db.session.rollback()
    assert len(set(found.values())) == len(found)
    assert taken(db.session.get(type(pool), pool_id)) == found
    if kind == "uploaded":
        assert len(found) + free(pool) == codes_there
    else:
        assert len(found) == sum(count for count, dies in takers if not dies)


def test_messages_take_no_codes(app):
    maya = make_customer(email="maya@posteo.example")
    pool = make_pool(codes=["A"])
    run = making.make_run(key="message-1", purpose="transactional", topic=None)
    sent()
    assert delivery_to(maya, run).state == "accepted"
    assert free(pool) == 1


def test_the_bell_of_codes_wakes_only_what_waits_for_them(app):
    make_customers(2)
    pool = make_pool()
    make_coded_run(pool)
    sent()
    db.session.execute(text("UPDATE batches SET held_for = 'quiet_hours', not_before = now() + interval '1 hour'"))
    db.session.commit()
    add(pool, numbered(2))
    jobs.send()
    assert making.outbox() == []
    assert discounting.waiting(pool) == 0
