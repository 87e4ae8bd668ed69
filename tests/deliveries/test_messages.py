"""One transactional mail, asked for by another system."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import select, text, update

from app.audit.actor import COMMAND_LINE
from app.clock import clock
from app.consent import suppressions
from app.db import db
from app.deliveries import adding, runs
from app.deliveries.batch import Batch
from app.deliveries.delivery import Delivery
from app.deliveries.run import Run
from tests.deliveries import making
from tests.deliveries.making import make_version, sent
from tests.factories import make_customer, make_customers

CODE = "<p>{{ customer.first_name }}: {{ facts.discount_code }}</p>"


@pytest.fixture
def shop(make_system):
    return make_system("read", "send")


def ask(shop, version, key: str | None = None, **said):
    headers = {"Idempotency-Key": key} if key else {}
    body = {"message_template_id": version.template_id, "email": "maya@posteo.example", **said}
    return shop.post("messages", body, **headers)


def maya(**facts):
    return make_customer(email="maya@posteo.example", lms_lead_id="L-1", **facts)


def the_run() -> Run:
    return db.session.scalars(select(Run).order_by(Run.id.desc()).execution_options(populate_existing=True)).first()


def test_it_goes_out_with_its_facts_and_says_what_became_of_it(shop):
    maya()
    answer = ask(shop, make_version(CODE), facts={"discount_code": "SPRING"})
    assert answer.status_code == 202
    delivery_id = answer.get_json()["delivery_id"]
    assert shop.get(f"deliveries/{delivery_id}").get_json()["state"] == "planned"
    sent()
    said = shop.get(f"deliveries/{delivery_id}").get_json()
    assert (said["state"], said["email"]) == ("accepted", "maya@posteo.example")
    mail = making.outbox()[0]
    assert (mail.html, mail.headers) == ("<p>Maya: SPRING</p>", {})
    assert (the_run().state, the_run().purpose) == ("finished", "transactional")


def test_each_call_is_a_mail_and_a_day_is_a_run(shop):
    maya()
    version = make_version(CODE)
    for n in range(3):
        assert ask(shop, version, facts={"discount_code": f"C{n}"}).status_code == 202
        sent()
    assert [one.html for one in making.outbox()] == [f"<p>Maya: C{n}</p>" for n in range(3)]
    assert (db.session.query(Run).count(), the_run().planned, the_run().state) == (1, 3, "finished")
    assert making.adds_up(the_run())


def test_the_same_call_twice_is_one_mail(shop):
    maya()
    version = make_version(CODE)
    first, second = (ask(shop, version, key="order-7") for _ in range(2))
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.get_json() == second.get_json()
    assert db.session.query(Delivery).count() == 1
    other = ask(shop, version, key="order-7", facts={"discount_code": "X"})
    assert (other.status_code, other.get_json()["error"]["code"]) == (409, "idempotency_key_reused")


def test_an_unsubscribed_person_gets_it_and_a_suppressed_one_does_not(shop):
    maya()
    version = make_version(CODE)
    suppressions.put_many([suppressions.Incoming(0, "maya@posteo.example", "hard_bounce", clock(), "")], "test")
    db.session.commit()
    number = ask(shop, version).get_json()["delivery_id"]
    sent()
    said = shop.get(f"deliveries/{number}").get_json()
    assert (said["state"], said["reason"]) == ("skipped", "suppressed")


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"message_template_id": 99}, "unknown_template"),
        ({"email": "nobody@posteo.example"}, "unknown_customer"),
        ({"email": None}, "missing"),
        ({"email": "two@posteo.example"}, "ambiguous"),
        ({"facts": ["no"]}, "wrong_type"),
        ({"colour": "red"}, "unknown_key"),
    ],
)
def test_what_cannot_be_sent_is_refused_by_name(shop, said, code):
    maya()
    make_customer(email="two@posteo.example"), make_customer(email="two@posteo.example")
    answer = ask(shop, make_version(CODE), **said)
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (422, code)
    assert db.session.query(Run).count() == 0


def test_a_draft_is_not_sent(shop):
    maya()
    version = make_version(CODE)
    db.session.execute(text("UPDATE message_templates SET published = NULL"))
    db.session.commit()
    assert ask(shop, version).get_json()["error"]["code"] == "not_published"
    db.session.execute(text("UPDATE message_templates SET published = 1, type = 'whatsapp'"))
    db.session.commit()
    assert ask(shop, version).get_json()["error"]["code"] == "not_an_email"


def test_after_a_cancellation_the_next_message_begins_another_run(shop):
    maya()
    version = make_version(CODE)
    ask(shop, version)
    runs.cancel(the_run(), clock(), COMMAND_LINE)
    db.session.commit()
    ask(shop, version)
    sent()
    assert (db.session.query(Run).count(), len(making.outbox())) == (2, 1)


def test_what_failed_is_tried_again_beside_new_messages(shop):
    maya()
    version = make_version("{% for one in facts.many %}{{ facts.long }}{% endfor %}")
    ask(shop, version, facts={"many": ["x"] * 999, "long": "x" * 9_999})
    sent()
    assert runs.account(the_run()).failed == {"render": 1}
    runs.retry_failed(the_run(), COMMAND_LINE)
    db.session.commit()
    ask(shop, version)
    sent()
    assert sorted(db.session.scalars(select(Batch.part))) == [0, 1, 2]
    assert runs.account(the_run()).accepted == 1


def test_many_at_once_are_all_kept_and_all_sent(app, shop):
    make_customers(20)
    template_id = make_version(CODE).template_id
    answers = []

    def call(n: int) -> None:
        with app.app_context():
            body = {"message_template_id": template_id, "email": f"p{n}@posteo.example"}
            answers.append(shop.post("messages", body).status_code)

    threads = [threading.Thread(target=call, args=(n,)) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    db.session.expire_all()
    assert answers == [202] * 20
    sent()
    assert (len(making.outbox()), the_run().planned, the_run().state) == (20, 20, "finished")


def test_a_run_that_is_cancelled_at_that_moment_loses_no_message(shop, monkeypatch):
    maya()
    version = make_version(CODE)
    ask(shop, version)
    first, held = the_run(), adding._is_held

    def cancelled_before(run):
        monkeypatch.setattr(adding, "_is_held", held)
        db.session.execute(update(Run).where(Run.id == run.id).values(state="cancelled"))
        return held(run)

    monkeypatch.setattr(adding, "_is_held", cancelled_before)
    assert ask(shop, version).status_code == 202
    assert (the_run().id > first.id, the_run().state, the_run().planned) == (True, "sending", 1)
