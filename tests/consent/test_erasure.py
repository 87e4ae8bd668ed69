"""A person is erased: nothing that could name them is left anywhere, and nobody writes to them again."""

from __future__ import annotations

import threading
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import zstandard
from sqlalchemy import select, text

from app.accounts import api_keys
from app.audit import COMMAND_LINE, Actor, Entry, record
from app.automations.trigger_wait import TriggerLast, TriggerWait
from app.catalogue import carts, orders, visit_stream, weeks
from app.catalogue.discount import DiscountCode, DiscountPool
from app.catalogue.item import Item
from app.catalogue.order import Order
from app.catalogue.session import Session
from app.catalogue.view import ProductView
from app.catalogue.visit_stream import Viewed
from app.catalogue.watch import Watch
from app.consent import permission, preferences, suppressions
from app.consent.preferences import Word
from app.consent.signup import Signup
from app.customers import ambiguity, directory, who
from app.customers.attributes import AttributeChange
from app.customers.customer import Customer
from app.customers.incoming import Incoming, Source
from app.customers.upsert import upsert_many
from app.customers.who import Who
from app.db import db
from app.deliveries import notices, sealing
from app.deliveries.batch import Batch
from app.deliveries.filling import Whom
from app.deliveries.providers import outbox
from app.events import effects, intake
from app.events.incoming import Incoming as Fact
from app.events.incoming import Origin
from app.events.jobs import drain_views
from app.ops import erasing, jobs, joining, merging
from app.ops.erasures import Erasure
from app.receipts import idempotency, keep
from app.segments import keeping, listed
from app.segments.definition import Definition
from app.settings import topics
from app.tally import Tally
from tests.automations.making import make_automation
from tests.deliveries.making import make_run, make_version, sent
from tests.factories import make_customer, make_event, make_move
from tests.imports.bringing import bring, written

ADA = Actor("user", 1, "Ada")
NOW = datetime(2026, 7, 1, 10, tzinfo=UTC)
MARK = "zqxv7"  # in whatever could name the person
MAIL = f"maya.{MARK}@posteo.example"
OLD_MAIL = f"old.{MARK}@posteo.example"
LEAD = f"L-{MARK}"
# Where the person of these tests is named.
TOLD = (
    *("customers", "attribute_changes", "customer_aliases", "ambiguous_items", "signups", "suppressions", "consents"),
    *("events", "funnel_events", "pending_events", "event_work", "carts", "orders", "receipts", "audit"),
    *("import_chunks", "import_rejects", "deliveries", "run_addresses", "batches", "outbox_messages"),
    *("delivery_receipts", "product_views", "sessions", "watchlist"),
)


def erase(customer: Customer | int) -> Erasure:
    asked(customer)
    return worked()


def asked(customer: Customer | int) -> Erasure:
    erasure = erasing.begin(customer if isinstance(customer, int) else customer.id, ADA)
    db.session.commit()
    assert erasure
    return erasure


def worked() -> Erasure:
    """The worker of the table, without waiting for whoever writes beside the tests."""
    db.session.execute(text("UPDATE erasures SET not_before = now()"))
    db.session.commit()
    jobs.erase()
    db.session.expire_all()
    return db.session.scalars(select(Erasure).order_by(Erasure.id.desc())).first()


def publish(now: datetime = NOW, **columns: object) -> int:
    attributes = columns.pop("attributes", {})
    upserted = upsert_many([Incoming(0, columns=columns, attributes=attributes)], Source("LMS (API)"), now)[1]
    joining.join(upserted.appeared, NOW)
    db.session.commit()
    return upserted.customer_ids[0]


def store(name: str, said_by: Who, kind: str = "event", receipt_id: int | None = None, **said: object) -> None:
    fact = Fact(0, kind, said_by, name, datetime.now(UTC) - timedelta(hours=1), **said)
    intake.store([fact], Origin(receipt_id=receipt_id), datetime.now(UTC))
    db.session.commit()


def keep_call(body: str) -> int:
    receipt_id = keep.begin()
    keep.keep(receipt_id, "api", "LMS", "/api/v1/customers", body.encode(), 200, Tally(1))
    db.session.commit()
    return receipt_id


def says(customer_id: int, slug: str, is_given: bool, source: str = "page", at: datetime | None = None) -> None:
    word = Word(source, "test", at or datetime.now(UTC), shown=f"Hello {MARK}")
    preferences.say(customer_id, {topics.id_of(slug): is_given}, word)
    db.session.commit()


def may(customer_id: int, purpose: str = "promotional", topic: str | None = "promotional") -> str | None:
    return permission.refusals([customer_id], purpose, topic, datetime.now(UTC))[customer_id]


def make_wait(customer_id: int) -> None:
    """They are going to be answered, and their turn is noted."""
    key, told = make_automation("Reminder").id, {"event": {"name": "did", "properties": {"said": MARK}}}
    db.session.add(
        TriggerWait(
            automation_id=key, customer_id=customer_id, occasion="event-1", happened_at=NOW, due_at=NOW, facts=told
        )
    )
    db.session.add(TriggerLast(automation_id=key, customer_id=customer_id, at=NOW))
    db.session.flush()


def make_visits(customer_id: int) -> None:
    """What they looked at and watch in the shop, by which session, and the code that they got."""
    weeks.ensure(NOW, NOW)
    seen = {"viewed_at": NOW, "product_id": "P1", "referrer": f"https://x.example/{MARK}"}
    db.session.add(ProductView(id=uuid4(), customer_id=customer_id, session_id=f"s-{MARK}", **seen))
    db.session.add(ProductView(id=uuid4(), lms_lead_id=LEAD, session_id=f"s-{MARK}", **seen))
    db.session.add(Session(session_id=f"s-{MARK}", customer_id=customer_id, from_at=NOW))
    db.session.add(Watch(customer_id=customer_id, product_id="P1", session_id=f"s-{MARK}"))
    db.session.add(Watch(lms_lead_id=LEAD, session_id=f"s-{MARK}", product_id="P2"))
    pool = DiscountPool(name="Autumn", kind="uploaded")
    db.session.add(pool)
    db.session.flush()
    db.session.add(DiscountCode(pool_id=pool.id, code="AUTUMN-1", customer_id=customer_id, taken_at=NOW))


def named_everywhere() -> int:
    """One person of whom every table knows something."""
    content = f"lms_lead_id,email,first_name,note\n{LEAD},{OLD_MAIL},M-{MARK},n-{MARK}\nL-other,o@x.example,Otto,hi\n"
    written(content)
    customer_id = who.find_many([Who(lms_lead_id=LEAD)])[0].id
    assert customer_id
    publish(lms_lead_id=LEAD, email=MAIL, last_name=MARK, mobile=f"+49 {MARK}", attributes={"likes": [MARK]})
    other = publish(lms_lead_id=f"M-{MARK}", email=MAIL, first_name=MARK)
    says(other, "newsletter", False)
    merging.merge(customer_id, other, [], None, ADA, NOW)
    written(f"lms_lead_id,funnel_type,to_stage\n{LEAD},sales,stage-{MARK}\n", "funnel_events")
    bring(f"email,first_name\n{MAIL},again-{MARK}\n")  # and waits for a person
    written(f"email,created_date\n{MAIL},no day {MARK}\n")  # and is refused
    call = keep_call(f'{{"customers": [{{"email": "maya.{MARK}\\u0040posteo.example", "first_name": "{MARK}"}}]}}')
    keep_call(f'{{"customer_id": {customer_id}, "name": "{MARK}"}}')
    store(f"did {MARK}", Who(customer_id), properties={"said": MARK}, source_id=MARK, receipt_id=call)
    store("waits", Who(lms_lead_id=f"new-{MARK}", email=MAIL), properties={"said": MARK})
    make_move(customer_get(customer_id), f"stage-{MARK}")
    item = Item("P1", 1, 500, name=f"For {MARK}", url=f"https://shop.example/{MARK}")
    said = {"total": 500, "currency": "EUR", "items": [item], "ref": MARK}
    orders.upsert_many([orders.Incoming(0, f"O-{MARK}", Who(customer_id), said)], "shop", NOW)
    orders.upsert_many([orders.Incoming(0, f"O2-{MARK}", Who(lms_lead_id=f"x-{MARK}", email=MAIL), said)], "shop", NOW)
    carts.upsert_many([cart(customer_id, item)], "shop", NOW)
    make_visits(customer_id)
    make_mails(customer_id)
    make_wait(customer_id)
    ambiguity.note(MAIL, "events")
    suppressions.put_many([suppressions.Incoming(0, MAIL, "hard_bounce", NOW, f"note {MARK}")], "test")
    preferences.pause(customer_id, NOW)
    press = keeping.create(Definition("Press", "manual", f"With {MAIL}"), NOW, ADA)
    listed.add(press, [customer_id], "Ada, by hand", ADA)
    notices.write("test", [MAIL], f"Hello {MARK}", f"<p>{MARK}</p>", MARK, ADA)
    notices.post(notices.write("test", [OLD_MAIL], "Hello", f"<p>{MARK}</p>", MARK, ADA)[0].id, NOW)
    db.session.add(Signup(email=MAIL, first_name=MARK, topic_ids=[1], shown=MARK, created_date=NOW))
    db.session.add(Signup(email=OLD_MAIL, topic_ids=[1], shown=MARK, customer_id=customer_id, confirmed_at=NOW))
    record(ADA, "lifted", "suppression", (1, OLD_MAIL), {"email": OLD_MAIL})
    record(ADA, "exported", "customers", (None, "Customers"), after={"filters": [f"email:is:{MAIL}"], "q": ""})
    record(ADA, "exported", "customers", (None, "Customers"), after={"filters": [], "q": f"M-{MARK} {MARK}"})
    says(customer_id, "marketing", False)
    db.session.commit()
    return customer_id


def make_mails(customer_id: int) -> None:
    """One that the provider refused and one that went out, and one that waits, sealed, beside another person's."""
    version = make_version("{{ customer.last_name }}")
    whom = Whom(f"SELECT id AS customer_id FROM customers WHERE id = {customer_id} OR lms_lead_id = 'L-other'")
    for key in ("refused", "gone out"):
        make_run(version, whom, key, purpose="transactional", topic=None)
        sent()
    waits = make_run(version, whom, "waits", purpose="transactional", topic=None)
    said = {"run": waits.id, "refused": waits.id - 2, "id": customer_id, "mail": MAIL}
    for statement in (
        f'UPDATE deliveries SET facts = \'{{"said": "{MARK}"}}\' WHERE customer_id = :id',
        "UPDATE deliveries SET state = 'failed', reason = :mail WHERE run_id = :refused",
        "INSERT INTO delivery_receipts (provider, provider_id, kind, at, delivery_id, detail)"
        f" SELECT 'resend', id, 'bounced', now(), id, jsonb_build_object('said', '{MARK}')"
        " FROM deliveries WHERE customer_id = :id",
        "INSERT INTO delivery_events (id, kind, at, delivery_id, run_id, customer_id, is_human, reason, agent)"
        f" SELECT gen_random_uuid(), 'open', now(), id, run_id, customer_id, true, 'human', '{MARK}'"
        " FROM deliveries WHERE customer_id = :id",
        "INSERT INTO conversions (key, kind, customer_id, at, order_id, amount, currency)"
        f" VALUES ('order:{MARK}', 'order', :id, now(), '{MARK}', 4900, 'EUR')",
        "INSERT INTO hooks (name, url, kinds, secret)"
        " VALUES ('Shop', 'http://shop.example', '{mail.clicked}', 'whsec_')",
        "INSERT INTO hook_attempts (hook_id, key, kind, customer_id, payload)"
        f" SELECT id, 'click', 'mail.clicked', :id, jsonb_build_object('said', '{MARK}') FROM hooks",
        "INSERT INTO run_addresses SELECT run_id, :mail, id FROM deliveries WHERE run_id = :run AND customer_id = :id",
    ):
        db.session.execute(text(statement), said)
    sealing.seal(db.session.scalars(select(Batch).where(Batch.run_id == waits.id)).one(), waits, outbox, NOW)
    db.session.commit()


def cart(customer_id: int, item: Item) -> carts.Incoming:
    return carts.Incoming(0, Who(customer_id), [item], NOW, session_id=f"s-{MARK}")


def customer_get(customer_id: int) -> Customer:
    return db.session.get_one(Customer, customer_id)


def everything() -> Iterator[tuple[str, str]]:
    """Each value of each column of each table, as text; what is packed, unpacked."""
    found = db.session.execute(
        text(
            "SELECT table_schema, table_name, column_name, data_type FROM information_schema.columns"
            " WHERE table_schema IN ('public', 'staging')"
        )
    ).all()
    for schema, table, column, kind in found:
        for (value,) in db.session.execute(text(f'SELECT "{column}" FROM {schema}."{table}"')):
            if value is not None:
                yield f"{schema}.{table}.{column}", _unpacked(bytes(value)) if kind == "bytea" else str(value)


def _unpacked(held: bytes) -> str:
    if held.startswith(zstandard.FRAME_HEADER):
        return zstandard.ZstdDecompressor().decompress(held).decode(errors="replace")
    try:
        return zlib.decompress(held).decode(errors="replace")
    except zlib.error:
        return held.decode(errors="replace")


def left(*marks: str) -> set[str]:
    return {where for where, value in everything() if any(mark.lower() in value.lower() for mark in marks or (MARK,))}


def test_nothing_that_names_them_is_left_in_any_column(app):
    customer_id = named_everywhere()
    before = {where.rpartition(".")[0] for where in left()}
    assert {f"public.{table}" for table in TOLD} <= before
    erasure = erase(customer_id)
    assert erasure.finished_at, erasure.error
    assert left() == set()
    assert set(erasure.steps) == {*erasing.ROOMS}
    assert erasure.steps["events"]["events"] == 1
    assert erasure.steps["imports"]["files"] == 4


def test_the_row_stays_without_the_person(app):
    customer = make_customer("Zoe", MARK, email=MAIL, lms_lead_id=LEAD, attributes={"a": 1}, source="LMS (API)")
    db.session.refresh(customer)
    asked(customer)
    db.session.expire_all()
    row = customer_get(customer.id)
    assert (row.first_name, row.email, row.lms_lead_id, row.attributes) == (None, None, None, {})
    assert row.erased_at
    assert row.source == "LMS (API)"
    assert directory.find(row.id) is None
    assert who.find_many([Who(row.id), Who(lms_lead_id=LEAD), Who(email=MAIL)]) == [who.NOBODY] * 3


def test_from_the_first_moment_on_nobody_may_write_to_the_address(app):
    customer = make_customer(email=MAIL)
    asked(customer)
    again = publish(email=MAIL)
    assert may(again) == "unsubscribed"
    worked()
    assert may(again) == "unsubscribed"


def test_asked_twice_it_is_one_erasure(app):
    customer = make_customer(email=MAIL)
    first = asked(customer)
    assert asked(customer.id).id == first.id
    assert erase(first.customer_id).finished_at
    assert asked(first.customer_id).id == first.id
    assert db.session.query(Erasure).count() == 1
    assert erasing.begin(999, ADA) is None


def test_two_at_once_are_one_erasure(app):
    customer_id = make_customer(email=MAIL).id
    found: list[int] = []

    def ask() -> None:
        with app.app_context():
            found.append(asked(customer_id).id)

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(found) == 2
    assert len(set(found)) == 1


@pytest.mark.parametrize("room", erasing.ROOMS)
def test_it_goes_on_where_it_broke_off(app, monkeypatch, room):
    customer_id = named_everywhere()
    asked(customer_id)

    def broken(*_said: object) -> Iterator[dict[str, int]]:
        yield {"half": 1}
        raise RuntimeError("the power went out")

    with monkeypatch.context() as patched:
        patched.setitem(erasing.ROOMS, room, broken)
        jobs.erase()
    db.session.expire_all()
    halfway = erasing.find(customer_id)
    assert halfway
    assert halfway.steps["left"][0] == room
    assert not halfway.finished_at
    erasure = worked()
    assert erasure.finished_at, erasure.error
    assert left() == set()


def test_many_events_go_in_slices(app, monkeypatch):
    monkeypatch.setattr("app.events.erasing.SLICE", 3)
    customer = make_customer(email=MAIL)
    for n in range(8):
        make_event(customer, at=NOW + timedelta(days=20 * n))
    other = make_event(make_customer("Otto"))
    erasure = erase(customer)
    assert erasure.steps["events"]["events"] == 8
    assert db.session.scalars(text("SELECT id FROM events")).all() == [other.id]


def test_a_fact_that_came_in_meanwhile_goes_with_its_work(app):
    customer = make_customer(email=MAIL)
    store("login", Who(customer.id))
    erase(customer)
    make_event(customer)
    db.session.execute(
        text(
            "INSERT INTO event_work (kind, event_id, occurred_at, customer_id, name)"
            " SELECT 'event', id, occurred_at, customer_id, name FROM events"
        )
    )
    effects.take(db.session.scalars(text("SELECT id FROM event_work")).all(), NOW)
    assert db.session.scalar(text("SELECT count(*) FROM events")) == 0


def test_an_order_stays_as_a_sum_that_nobody_owns(app):
    customer = make_customer(email=MAIL)
    said = {"total": 900, "currency": "EUR", "items": [Item("P1", 2, 450, name="For Maya")], "ref": "r"}
    orders.upsert_many([orders.Incoming(0, "O-1", Who(customer.id), said)], "shop", NOW)
    erase(customer)
    order = db.session.scalars(select(Order)).one()
    assert (order.total, order.currency, order.status, order.ref) == (900, "EUR", "paid", None)
    assert order.items == [{"product_id": "P1", "quantity": 2, "price": 450}]
    assert "O-1" not in order.order_id


def test_the_trail_keeps_who_did_what_and_when(app):
    customer_id = named_everywhere()
    erase(customer_id)
    entries = db.session.scalars(select(Entry).where(Entry.subject_type == "customer").order_by(Entry.id)).all()
    assert [(one.verb, one.actor_name, one.subject_name) for one in entries] == [
        ("merged", "Ada", f"Customer {customer_id}"),
        ("erased", "Ada", f"Customer {customer_id}"),
    ]
    assert {(one.before, one.after) for one in entries} == {(None, None)}


def test_others_of_the_same_address_stay_as_they_are(app):
    maya, otto = make_customer(email=MAIL, lms_lead_id="L1"), make_customer("Otto", email=MAIL, lms_lead_id="L2")
    says(otto.id, "promotional", False)
    make_event(otto)
    keep_call(f'{{"email": "{MAIL}", "lms_lead_id": "L2"}}')
    erase(maya)
    publish(lms_lead_id="L2", first_name="Ottokar")
    assert may(otto.id) == "unsubscribed"
    assert may(otto.id, topic="newsletter") is None
    assert db.session.scalar(text("SELECT count(*) FROM events")) == 1
    assert db.session.scalar(text("SELECT count(*) FROM forgotten_addresses")) == 0
    assert "public.receipts.body" in left()


def test_files_and_calls_of_others_stay(app):
    upload = written("lms_lead_id,email\nL12,otto@x.example\n")
    call = keep_call('{"lms_lead_id": "L12", "first_name": "Otto"}')
    erase(publish(lms_lead_id="L1", email="maya@x.example"))
    assert db.session.scalar(text("SELECT count(*) FROM import_chunks WHERE import_id = :id"), {"id": upload.id}) == 1
    held = db.session.scalar(text("SELECT body FROM receipts WHERE id = :id"), {"id": call})
    assert b"Otto" in zlib.decompress(bytes(held))


def test_a_kept_answer_that_names_them_goes(app):
    row, _key = api_keys.create("LMS", ("ingest",), COMMAND_LINE)
    db.session.flush()
    call = idempotency.Call(row.id, "/customers", f"for {MAIL}", b"")
    idempotency.remember(call, idempotency.Answer(200, b"{}"), NOW)
    erase(make_customer(email=MAIL))
    assert db.session.scalar(text("SELECT count(*) FROM idempotency_keys")) == 0


@pytest.mark.parametrize("bears", ["hard_bounce", "complaint", "manual", None])
def test_whoever_comes_back_gets_no_mail(app, bears):
    customer = make_customer(email=MAIL, lms_lead_id=LEAD)
    if bears:
        suppressions.put_many([suppressions.Incoming(0, MAIL, bears, NOW)], "test")
    erase(customer)
    written(f"lms_lead_id,email\n{LEAD},{MAIL.upper()}\n")
    again = who.find_many([Who(lms_lead_id=LEAD)])[0].id
    assert again
    assert again != customer.id
    assert may(again) == ("suppressed" if bears else "unsubscribed")
    assert may(again, "transactional", None) == ("suppressed" if bears else None)


def test_an_earlier_address_is_remembered_too(app):
    customer_id = publish(email=OLD_MAIL, lms_lead_id=LEAD)
    publish(email=MAIL, lms_lead_id=LEAD)
    erase(customer_id)
    assert may(publish(email=OLD_MAIL)) == "unsubscribed"


def test_a_later_word_of_their_own_lifts_it(app):
    erase(make_customer(email=MAIL))
    again = publish(email=MAIL)
    says(again, "marketing", True, "import")
    assert may(again) == "unsubscribed"
    says(again, "marketing", True)
    publish(email=MAIL, first_name="Maya")  # the next change of the record leaves it
    assert may(again) is None


def test_what_is_lifted_stays_lifted(app):
    suppressions.put_many([suppressions.Incoming(0, MAIL, "hard_bounce", NOW)], "test")
    erase(make_customer(email=MAIL))
    again = publish(email=MAIL)
    found = suppressions.of_address(MAIL)
    assert found
    suppressions.lift(found, "The mailbox works again.", ADA)
    publish(email=MAIL, first_name="Maya")
    assert may(again, "transactional", None) is None


def test_nothing_of_the_person_is_taken_from_who_comes_next(app):
    asked(make_customer(email=MAIL, lms_lead_id=LEAD))
    again = publish(email=MAIL, lms_lead_id=LEAD, attributes={"a": 1})
    store("login", Who(again))
    worked()
    row = customer_get(again)
    assert (row.email, row.lms_lead_id, row.attributes) == (MAIL, LEAD, {"a": 1})
    assert db.session.scalar(text("SELECT count(*) FROM events")) == 1
    assert db.session.query(AttributeChange).count() == 0


def test_while_a_file_that_names_them_is_worked_on_it_waits(app):
    upload = bring(f"email\n{MAIL}\n")
    customer = make_customer(email=MAIL)
    db.session.execute(text("UPDATE imports SET state = 'applying' WHERE id = :id"), {"id": upload.id})
    erasure = erase(customer)
    assert not erasure.finished_at
    assert not erasure.failed_at
    db.session.execute(text("UPDATE imports SET state = 'done' WHERE id = :id"), {"id": upload.id})
    assert worked().finished_at
    assert left() == set()


def test_a_visit_that_waits_in_the_stream_is_gone_with_its_person(app):
    maya = make_customer(lms_lead_id=LEAD)
    looked_at = Viewed(uuid4(), datetime.now(UTC).timestamp(), LEAD, f"s-{MARK}", "mug")
    visit_stream.note(looked_at)
    visit_stream.flush()
    assert erase(maya).finished_at is None
    drain_views()
    assert worked().finished_at
    for table in ("product_views", "pending_events"):
        assert db.session.execute(text(f"SELECT * FROM {table}")).all() == []
