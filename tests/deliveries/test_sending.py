"""A run goes out: everybody once, everybody accounted for, whatever happens on the way."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text, update

from app import claims
from app.audit.actor import COMMAND_LINE
from app.claims import Claim, Lost, NotYet
from app.clock import clock
from app.consent import preferences, suppressions
from app.consent.preferences import Word
from app.customers.customer import Customer
from app.db import db
from app.deliveries import accounts, carriers, filling, jobs, outcomes, runs, sealing, stopping
from app.deliveries.batch import Batch
from app.deliveries.delivery import Delivery
from app.deliveries.filling import Whom
from app.deliveries.outbox_message import OutboxMessage
from app.deliveries.providers import Busy, Closed, Mail, Outcome, Rejected, Unknown, outbox
from app.deliveries.run import Run
from app.deliveries.runs import WrongState
from app.ops import recurring
from app.settings import topics
from tests.deliveries import making
from tests.deliveries.dying import claimed, killed_after, steps
from tests.deliveries.making import EVERYBODY, addresses, adds_up, fate, make_run, make_version, sent
from tests.factories import NOW, make_customer, make_customers

ADA = COMMAND_LINE


class Post:
    """A provider whose answers a test decides; it keeps what it was handed."""

    name = "post"
    batch_size = 100

    def __init__(self, *says: Any, is_idempotent: bool = True) -> None:
        self.says, self.is_idempotent = list(says), is_idempotent
        self.calls: list[tuple[bytes, str]] = []

    def pack(self, mails: Sequence[Mail]) -> bytes:
        return outbox.pack(mails)

    def post(self, packed: bytes, key: str, /) -> list[Outcome]:
        self.calls.append((packed, key))
        said = self.says.pop(0) if self.says else None
        if isinstance(said, Exception):
            raise said
        if said is not None:
            return [Outcome(**one) for one in said]
        return [Outcome(id=f"post-{len(self.calls)}-{n}") for n in range(packed.count(b'"key"'))]


@pytest.fixture
def posts(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Post]:
    monkeypatch.setattr("app.deliveries.pace.UNPACED", ("outbox", "post"))

    def by(*says: Any, **more: Any) -> Post:
        post = Post(*says, **more)
        monkeypatch.setattr(carriers, "carrier", lambda: post)
        return post

    return by


def says_no(customer: Customer) -> None:
    word = Word("page", "test", datetime.now(UTC), shown="No more")
    preferences.say(customer.id, {topics.id_of("newsletter"): False}, word)
    db.session.commit()


def maya(**facts: Any) -> Customer:
    return make_customer(**{"email": "maya@posteo.example", **facts})


def test_everybody_gets_one_mail_and_the_run_finishes(app):
    make_customers(250)
    run = make_run()
    assert [one.part for one in db.session.scalars(select(Batch).order_by(Batch.part))] == [0, 1, 2]
    sent()
    assert addresses() == sorted(f"p{n}@posteo.example" for n in range(250))
    account = runs.account(run)
    assert (run.state, account.planned, account.accepted, account.waiting) == ("finished", 250, 250, 0)
    assert run.finished_at
    assert adds_up(run)
    sent()
    assert len(making.outbox()) == 250


def test_each_mail_says_how_to_leave_and_to_whom_it_belongs(app):
    customer = maya()
    run = make_run(reply_to="team@campus.example")
    sent()
    mail = making.outbox()[0]
    delivery = making.delivery_to(customer)
    assert mail.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail.headers["List-Unsubscribe"].startswith("<http")
    assert "newsletter." in mail.headers["List-Id"]
    assert mail.headers["Reply-To"] == "team@campus.example"
    assert mail.tags == {"delivery_id": str(delivery.id), "run_id": str(run.id)}
    assert (mail.subject, mail.text) == ("Dear Maya", "Hello Maya")
    assert mail.headers["List-Unsubscribe"].strip("<>").replace("&", "&amp;") in mail.html
    assert (delivery.state, delivery.provider_id) == ("accepted", f"outbox-{mail.id}")


def test_transactional_mail_has_nothing_to_leave_and_goes_first(app):
    maya()
    make_run(purpose="transactional", topic=None)
    assert making.batch().lane == 0
    sent()
    assert making.outbox()[0].headers == {}


def test_an_audience_of_nobody_is_finished_at_once(app):
    run = make_run(whom=Whom("SELECT id AS customer_id FROM customers WHERE false"))
    assert (run.state, run.planned) == ("finished", 0)


def test_who_says_no_after_planning_gets_nothing(app):
    first, second = make_customers(2)
    run = make_run()
    says_no(first)
    sent()
    assert fate(first) == ("skipped", "unsubscribed")
    assert fate(second)[0] == "accepted"
    assert runs.account(run).skipped == {"unsubscribed": 1}


def test_who_says_no_while_the_sealed_batch_waits_gets_nothing_either(app):
    first, second = make_customers(2)
    make_run()
    killed_after(1)
    assert making.batch().state == "sealed"
    says_no(first)
    sent()
    assert (fate(first), fate(second)[0]) == (("skipped", "unsubscribed"), "accepted")
    assert addresses() == ["p1@posteo.example"]


def test_who_moves_while_the_sealed_batch_waits_gets_it_at_the_new_address(app):
    first, _second = make_customers(2)
    make_run()
    killed_after(1)
    suppressions.add("p0@posteo.example", "It bounced.", NOW, ADA)
    first.email = "moved@posteo.example"
    db.session.commit()
    sent()
    assert addresses() == ["moved@posteo.example", "p1@posteo.example"]


def test_what_waits_sealed_or_out_goes_to_nobody_else_on_a_staging_machine(app, monkeypatch):
    for steps_done, state in ((1, "skipped"), (2, "uncertain")):
        maya = make_customer(email=f"maya{steps_done}@posteo.example")
        make_run(key=f"run {steps_done}", whom=Whom(f"SELECT id AS customer_id FROM customers WHERE id = {maya.id}"))
        with monkeypatch.context() as patched:
            killed_after(steps_done)
            config = replace(app.extensions["config"], mail_allow=("campus.example",))
            patched.setitem(app.extensions, "config", config)
            sent()
        assert fate(maya)[0] == state
    assert addresses() == []


def test_who_says_no_while_the_account_is_closed_gets_nothing_either(posts):
    first, second = make_customers(2)
    make_run()
    post = posts(Closed("Quota"), None)
    sent()
    says_no(first)
    accounts.reopen("post", ADA)
    db.session.commit()
    sent()
    assert (fate(first), fate(second)[0]) == (("skipped", "unsubscribed"), "accepted")
    assert b"p0@posteo" not in post.calls[1][0]
    assert post.calls[0][1] != post.calls[1][1]


def test_planning_leaves_out_with_a_reason(app):
    fine, none, twin = maya(), make_customer("Nobody"), make_customer("Twin", email="Maya@posteo.example")
    no = make_customer("No", email="no@posteo.example")
    says_no(no)
    run = make_run()
    assert [fate(one) for one in (fine, none, twin, no)] == [
        ("planned", None),
        ("skipped", "no_address"),
        ("skipped", "duplicate_address"),
        ("skipped", "unsubscribed"),
    ]
    assert adds_up(run)


def test_what_is_counted_beforehand_is_what_the_run_does(app):
    maya(), make_customer("Nobody"), make_customer("Twin", email="Maya@posteo.example")
    counted = filling.counted(EVERYBODY, "promotional", "newsletter", datetime.now(UTC))
    make_run()
    rows = db.session.execute(select(Delivery.reason, text("count(*)")).group_by(Delivery.reason))
    assert counted == {row[0]: row[1] for row in rows}


def test_an_address_that_became_anothers_gets_one_mail(app):
    first, second = make_customers(2)
    make_run()
    db.session.execute(update(Customer).where(Customer.id == second.id).values(email=first.email))
    db.session.commit()
    sent()
    assert addresses() == ["p0@posteo.example"]
    assert fate(second) == ("skipped", "duplicate_address")


def test_a_missing_field_skips_where_the_template_says_so(app):
    version = make_version(
        html="{{ customer.attributes.course }}", policies={"customer.attributes.course": {"skip": True}}
    )
    knows, lacks = (
        make_customer(email="a@posteo.example", attributes={"course": "film"}),
        make_customer(email="b@posteo.example"),
    )
    make_run(version)
    sent()
    assert (fate(knows)[0], fate(lacks)) == ("accepted", ("skipped", "missing_field"))


def test_who_cannot_be_drawn_fails_alone(app):
    version = make_version(html="{% for one in customer.attributes.many %}{{ customer.attributes.long }}{% endfor %}")
    large = make_customer(email="a@posteo.example", attributes={"many": ["x"] * 999, "long": "x" * 9_999})
    small = make_customer(email="b@posteo.example")
    run = make_run(version)
    sent()
    assert (fate(large), fate(small)[0]) == (("failed", "render"), "accepted")
    assert (run.state, runs.account(run).failed) == ("finished", {"render": 1})


def test_only_whom_a_staging_machine_may_write_to_gets_it(app, monkeypatch):
    config = replace(app.extensions["config"], mail_allow=frozenset({"campus.example", "maya@posteo.example"}))
    monkeypatch.setitem(app.extensions, "config", config)
    people = [make_customer(email=one) for one in ("Maya@posteo.example", "x@posteo.example", "team@campus.example")]
    run = make_run()
    assert runs.account(run).skipped == {"not_allowed": 1}
    db.session.execute(update(Customer).where(Customer.id == people[0].id).values(email="new@posteo.example"))
    db.session.commit()
    sent()
    assert [fate(one) for one in people[:2]] == [("skipped", "not_allowed")] * 2
    assert addresses() == ["team@campus.example"]


@pytest.mark.parametrize(
    "email", ["maya@posteo.example\r\nBcc: x@evil.example", "a@b.example,c@d.example", "a@b@c.example", "<a@b.example>"]
)
def test_an_address_that_would_be_more_than_one_gets_nothing(app, email):
    customer = make_customer(email=email)
    make_run()
    sent()
    assert fate(customer) == ("skipped", "bad_address")
    assert making.outbox() == []


def test_a_domain_with_letters_of_its_own_gets_its_mail(app):
    maya(email="maya@müller.example")
    make_run()
    sent()
    assert addresses() == ["maya@müller.example"]


def test_a_line_break_in_a_name_begins_no_header(app):
    maya(first_name="Maya\r\nBcc: x@evil.example")
    make_run()
    sent()
    assert making.outbox()[0].subject == "Dear Maya Bcc: x@evil.example"


@pytest.mark.parametrize("step", [0, 1, 2])
def test_killed_at_any_step_it_goes_on_there_and_nobody_gets_it_twice(app, step):
    make_customers(3)
    run = make_run()
    killed_after(step)
    assert making.batch().state == ("open", "sealed", "posting")[step]
    sent()
    assert len(addresses()) == 3
    assert runs.account(run).accepted == 3


def test_killed_between_post_and_record_the_same_bytes_go_out_under_the_same_key(posts):
    make_customers(3)
    run = make_run()
    post = posts()
    claim = claimed()
    going = steps(claim)
    next(going), next(going)
    held = making.batch()
    post.post(sealing.packed(held), held.key or "")  # it is out; nobody records it
    going.close()
    db.session.rollback()
    db.session.execute(update(Batch).values(lease_until=None))
    says_no(db.session.get_one(Customer, 1))
    sent()
    assert len(post.calls) == 2
    assert post.calls[0] == post.calls[1]
    assert runs.account(run).accepted == 3


def test_the_outbox_keeps_one_of_what_comes_twice(app):
    maya()
    make_run()
    killed_after(2)
    held = making.batch()
    outbox.post(sealing.packed(held), "any")
    db.session.commit()
    sent()
    assert len(making.outbox()) == 1


@pytest.mark.parametrize("step", [0, 1])
def test_a_batch_that_was_cancelled_under_its_worker_is_lost_by_its_fence(app, step):
    make_customers(2)
    run = make_run()
    claim = claimed()
    going = steps(claim)
    for _ in range(step):
        next(going)
    runs.cancel(run, clock(), ADA)
    db.session.commit()
    with pytest.raises((Lost, NotYet)):
        list(going)
    db.session.rollback()
    sent()
    assert making.outbox() == []
    assert (run.state, runs.account(run).skipped) == ("cancelled", {"cancelled": 2})


def test_a_paused_run_sends_nothing_more_until_it_is_resumed(app):
    make_customers(150)
    run = make_run()
    killed_after(1)
    runs.pause(run, "Paused by Ada.", ADA)
    db.session.commit()
    sent()
    assert making.outbox() == []
    assert (run.state, run.state_reason, runs.account(run).waiting) == ("paused", "Paused by Ada.", 150)
    runs.resume(run, ADA)
    db.session.commit()
    sent()
    assert (run.state, run.state_reason, len(making.outbox())) == ("finished", "", 150)


def test_paused_between_sealing_and_posting_it_is_not_posted(app):
    make_customers(2)
    run = make_run()
    going = steps(claimed())
    next(going)
    runs.pause(run, "Wait", ADA)
    db.session.commit()
    with pytest.raises(NotYet):
        next(going)
    assert making.outbox() == []


def test_what_is_planned_when_it_is_paused_or_cancelled_loses_its_planner(app):
    maya()
    for act in (lambda run: runs.pause(run, "Wait", ADA), lambda run: runs.cancel(run, clock(), ADA)):
        run = planned_by_somebody()
        held = Claim(run.id, run.fence, 1)
        act(run)
        db.session.commit()
        filling.fill(run, EVERYBODY, clock())
        runs.begin(run, clock())
        with pytest.raises(Lost):
            claims.finish(Run, [held])
        db.session.rollback()
        assert run.state in ("paused", "cancelled")
        assert runs.account(run).planned == 0


def planned_by_somebody() -> Run:
    return making.planned(key=f"a run {datetime.now(UTC)}")


def test_paused_before_planning_it_is_planned_when_it_is_resumed(app):
    run = planned_by_somebody()
    runs.pause(run, "Wait", ADA)
    db.session.commit()
    runs.resume(run, ADA)
    assert run.state == "planning"


def test_cancelled_while_it_is_on_its_way_what_nobody_knows_is_uncertain(posts):
    make_customers(2)
    run = make_run()
    post = posts(Unknown("Time-out"))
    sent()
    assert making.batch().state == "posting"
    runs.cancel(run, clock(), ADA)
    db.session.commit()
    assert runs.account(run).waiting == 2
    sent()
    assert len(post.calls) == 1
    assert (run.state, runs.account(run).uncertain) == ("cancelled", 2)
    assert adds_up(run)


@pytest.mark.parametrize("answer", [Busy("Later", timedelta(seconds=1)), Closed("The key is wrong.")])
def test_cancelled_while_the_provider_says_no_they_are_skipped(posts, answer):
    make_customers(2)
    run = make_run()
    post = posts(answer)
    claim = claimed()
    going = steps(claim)
    next(going)
    next(going)  # marked as out; the answer comes after the run was cancelled
    runs.cancel(run, clock(), ADA)
    db.session.commit()
    assert list(going) == []
    db.session.commit()
    assert len(post.calls) == 1
    assert (runs.account(run).waiting, runs.account(run).skipped) == (0, {"cancelled": 2})
    assert adds_up(run)


@pytest.mark.parametrize("state", ["finished", "cancelled", "failed"])
def test_what_is_over_is_not_paused_or_cancelled(app, state):
    run = make_run(whom=Whom("SELECT id AS customer_id FROM customers"))
    db.session.execute(update(Run).values(state=state))
    db.session.commit()
    for act in (lambda: runs.pause(run, "x", ADA), lambda: runs.resume(run, ADA), lambda: runs.cancel(run, None, ADA)):
        with pytest.raises(WrongState):
            act()


def test_what_failed_is_tried_again_alone(posts):
    people = make_customers(3)
    run = make_run()
    post = posts([{"id": "1"}, {"refused": "Mailbox full"}, {"id": "3"}])
    sent()
    assert fate(people[1]) == ("failed", "Mailbox full")
    assert run.state == "finished"
    runs.retry_failed(run, ADA)
    db.session.commit()
    assert run.state == "sending"
    sent()
    assert (run.state, runs.account(run).accepted, fate(people[1])[0]) == ("finished", 3, "accepted")
    assert b"p1@posteo" in post.calls[1][0]
    assert b"p0@posteo" not in post.calls[1][0]
    assert post.calls[0][1] != post.calls[1][1]
    with pytest.raises(WrongState):
        runs.retry_failed(run, ADA)


def test_nothing_goes_out_while_all_mail_is_stopped(app):
    maya()
    run = make_run()
    stopping.throw(True, 0, ADA)
    db.session.commit()
    sent()
    assert (making.outbox(), making.batch().fence) == ([], 0)
    assert stopping.versioned()[0].by_name == ADA.name
    stopping.throw(False, 1, ADA)
    db.session.commit()
    sent()
    assert (len(making.outbox()), run.state) == (1, "finished")


def test_a_busy_provider_is_asked_again_and_nothing_is_counted_against_the_batch(posts):
    make_customers(2)
    run = make_run()
    post = posts(Busy("Too many calls", timedelta(seconds=3)))
    sent()
    held = making.batch()
    assert (held.state, held.posted_at, held.attempts, held.error) == ("sealed", None, 0, "Too many calls")
    assert held.not_before > datetime.now(UTC) + timedelta(seconds=1)
    sent()
    assert len(post.calls) == 2
    assert runs.account(run).accepted == 2


def test_a_closed_account_holds_everything_until_somebody_has_seen_to_it(posts):
    make_customers(2)
    run = make_run()
    post = posts(Closed("The key is not valid"))
    sent(3)
    closed = accounts.closed("post")
    assert (len(post.calls), closed and closed.closed_for) == (1, "The key is not valid")
    accounts.reopen("post", ADA)
    db.session.commit()
    sent()
    assert (len(post.calls), run.state) == (2, "finished")


def test_a_quota_opens_the_account_by_itself(posts):
    make_customers(2)
    run = make_run()
    posts(Closed("Quota", datetime.now(UTC) - timedelta(seconds=1)))
    sent(2)
    assert (run.state, accounts.closed("post")) == ("finished", None)


def test_a_call_that_is_rejected_fails_with_the_words_of_the_provider(posts):
    people = make_customers(2)
    run = make_run()
    posts(Rejected("The sender is not verified", is_of_all=True))
    sent()
    assert [fate(one) for one in people] == [("failed", "The sender is not verified")] * 2
    assert run.state == "finished"


def test_an_unknown_outcome_is_asked_for_with_the_same_bytes(posts):
    make_customers(2)
    run = make_run()
    post = posts(Unknown("Time-out"), Unknown("500"))
    sent(2)
    assert making.batch().state == "posting"
    sent()
    assert post.calls == [post.calls[0]] * 3
    assert (run.state, runs.account(run).accepted) == ("finished", 2)


def test_after_an_unknown_outcome_a_busy_answer_frees_nothing(posts):
    make_customers(1)
    make_run()
    post = posts(Unknown("Time-out"), Busy("Later", timedelta(seconds=1)))
    sent(2)
    assert making.batch().state == "posting"
    sent()
    assert post.calls == [post.calls[0]] * 3


def test_after_a_day_an_unknown_outcome_is_uncertain_for_good(posts):
    make_customers(2)
    run = make_run()
    post = posts(Unknown("Time-out"))
    sent()
    db.session.execute(update(Batch).values(posted_at=datetime.now(UTC) - timedelta(hours=24)))
    sent()
    assert (len(post.calls), run.state, runs.account(run).uncertain) == (1, "finished", 2)
    assert making.batch().payload is None


def test_where_the_provider_cannot_tell_an_unknown_outcome_is_uncertain_at_once(posts):
    people = make_customers(2)
    run = make_run()
    post = posts(Unknown("Time-out"), is_idempotent=False)
    sent()
    assert [fate(one)[0] for one in people] == ["uncertain"] * 2
    sent()
    assert (len(post.calls), run.state) == (1, "finished")


def test_where_it_cannot_tell_a_worker_that_died_on_the_way_leaves_uncertain_mails(posts):
    make_customers(2)
    run = make_run()
    post = posts(is_idempotent=False)
    killed_after(2)
    sent()
    assert (len(post.calls), runs.account(run).uncertain) == (0, 2)


def test_a_provider_that_is_not_built_in_loses_nothing(app, monkeypatch):
    make_customers(2)
    run = make_run()

    def closed() -> None:
        raise Closed("It is not built in yet.")

    with monkeypatch.context() as patched:
        patched.setattr(carriers, "carrier", closed)
        sent()
    assert (making.batch().error, making.batch().attempts) == ("It is not built in yet.", 0)
    sent()
    assert run.state == "finished"


def test_a_batch_that_is_set_aside_accounts_for_its_mails(app, monkeypatch):
    people = make_customers(2)
    run = make_run()

    def broken(*_said: object) -> None:
        raise RuntimeError("nobody foresaw this")

    monkeypatch.setattr(sealing, "seal", broken)
    monkeypatch.setattr(jobs, "BATCHES", replace(jobs.BATCHES, most=1))
    sent()
    assert [fate(one)[0] for one in people] == ["failed"] * 2
    assert run.state == "finished"
    assert adds_up(run)


def test_a_mail_that_somebody_waits_for_does_not_wait_behind_a_campaign(app, monkeypatch):
    monkeypatch.setattr(filling, "PEOPLE", 1)
    people = make_customers(51)
    waits = people[-1]
    make_run(whom=Whom("SELECT id AS customer_id FROM customers WHERE id < 51"))
    db.session.execute(text("UPDATE batches SET not_before = now() - interval '1 hour'"))
    make_run(whom=Whom("SELECT id AS customer_id FROM customers WHERE id = 51"), key="now", purpose="transactional")
    jobs.send()
    assert making.outbox()[0].to_email == waits.email


def test_two_workers_send_each_mail_once(app, monkeypatch):
    monkeypatch.setattr(filling, "PEOPLE", 5)
    make_customers(40)
    run = make_run()

    def work() -> None:
        with app.app_context():
            jobs.send()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    db.session.expire_all()
    assert len(making.outbox()) == 40
    assert run.state == "finished"


def test_a_batch_added_while_the_run_is_finished_is_not_forgotten(app):
    maya()
    run = make_run()
    sent()
    db.session.execute(update(Delivery).values(state="failed", reason="x"))
    runs.retry_failed(run, ADA)  # not committed yet: it holds the run
    with app.app_context():
        runs.finish_done(clock())
        db.session.commit()
    db.session.commit()
    db.session.expire_all()
    assert run.state == "sending"


def test_the_same_occasion_makes_one_run(app):
    version = make_version()
    make_run(version)
    again = runs.make(
        Run(
            key="a run",
            name="x",
            planned_for=datetime.now(UTC),
            version_id=version.id,
            purpose="promotional",
            timezone="UTC",
            sender="x",
            by_name="x",
        )
    )
    assert again is None


def test_what_comes_late_changes_nothing_that_is_settled(app):
    customer = maya()
    make_run()
    sent()
    delivery = making.delivery_to(customer)
    outcomes.leave({delivery.id: ("failed", "late")})
    outcomes.mark([delivery.id], "planned")
    db.session.commit()
    assert fate(customer)[0] == "accepted"
    assert db.session.query(OutboxMessage).count() == 1


def test_a_closed_account_of_ours_is_not_turned_over_and_over(app):
    make_customers(2)
    run = make_run()
    accounts.close("outbox", "Quota", datetime.now(UTC) + timedelta(hours=1), datetime.now(UTC))
    db.session.commit()
    sent()
    assert (making.outbox(), making.batch().fence) == ([], 0)
    accounts.close("outbox", "Quota", datetime.now(UTC) - timedelta(seconds=1), datetime.now(UTC))
    db.session.commit()
    sent()
    assert (run.state, accounts.closed("outbox")) == ("finished", None)


def test_stopped_between_sealing_and_posting_it_is_not_posted(app):
    make_customers(2)
    make_run()
    going = steps(claimed())
    next(going)
    stopping.throw(True, 0, ADA)
    db.session.commit()
    with pytest.raises(NotYet, match="stopped"):
        next(going)


def test_a_run_whose_last_worker_died_before_it_said_so_is_finished_all_the_same(app):
    make_customers(2)
    run = make_run()
    db.session.execute(update(Batch).values(waiting_since=None, state="done"))
    recurring.do("Finish the runs whose mails are all out", clock())
    db.session.commit()
    db.session.expire_all()
    assert run.state == "finished"
