from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from app.audit import SYSTEM
from app.claims import NotYet
from app.clock import clock
from app.customers import attribute_indexes, attribute_types, directory, jobs
from app.customers.attribute_indexes import MOST, AttributeIndex, index_name, want
from app.customers.attributes import AttributeType
from app.customers.customer import Customer
from app.db import db

NASTY = 'it\'s 100% "last" \\ login'


@pytest.fixture(autouse=True)
def _many(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A few customers that are many enough; the indexes go again, as no other test expects them."""
    monkeypatch.setattr(attribute_indexes, "WORTH_IT", 1)
    types = {"score": "numeric", "born": "date", "city": "string", NASTY: "timestamp"}
    db.session.add_all(AttributeType(name=name, field_type=kind) for name, kind in types.items())
    values = {"score": 7, "born": "2001-02-03", "city": "Oslo", NASTY: "2026-01-01T00:00:00Z"}
    db.session.add_all(Customer(attributes=values) for _ in range(5))
    db.session.commit()
    db.session.execute(text("ANALYZE customers"))
    db.session.commit()
    yield
    db.session.rollback()
    for name in made():
        db.session.execute(text(f"DROP INDEX {name}"))
    db.session.commit()


def made() -> list[str]:
    names = text("SELECT indexname FROM pg_indexes WHERE indexname LIKE 'ix_customers_attribute\\_%'")
    return list(db.session.scalars(names))


def is_valid(name: str) -> bool:
    asked = text("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(:name)")
    return bool(db.session.scalar(asked, {"name": index_name(name)}))


def plan(name: str, op: str, value: str) -> str:
    where = directory.listing(ZoneInfo("UTC")).read("", [f"attributes.{name}:{op}:{value}"], None, None)
    asked = select(Customer.id).where(directory.listing(ZoneInfo("UTC")).where(where))
    db.session.execute(text("SET LOCAL enable_seqscan = off"))
    db.session.execute(text("SET LOCAL enable_indexscan = on"))
    compiled = asked.compile(db.engine, compile_kwargs={"literal_binds": True})
    return "\n".join(db.session.connection().exec_driver_sql(f"EXPLAIN {compiled}").scalars())


def test_numbers_and_days_are_wanted_once_and_nothing_else() -> None:
    assert sorted(want(["score", "born", "city", "unheard of"])) == ["born", "score"]
    db.session.commit()
    assert want(["score", "born"]) == []


def test_in_a_small_house_nothing_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attribute_indexes, "WORTH_IT", 50_000)
    assert want(["score"]) == []


def test_there_are_never_more_than_twelve() -> None:
    db.session.add_all(AttributeIndex(name=f"a{number}") for number in range(MOST - 1))
    db.session.commit()
    assert len(want(["score", "born"])) == 1


@pytest.mark.parametrize(
    ("name", "op", "value"),
    [("score", "at_least", "5"), ("born", "after", "2000-01-01"), (NASTY, "before", "2026-02-01")],
)
def test_a_built_index_serves_the_filter(name: str, op: str, value: str) -> None:
    want([name])
    db.session.commit()
    assert index_name(name) not in plan(name, op, value)
    assert jobs.build_indexes() == 1
    assert index_name(name) in plan(name, op, value)
    row = db.session.get_one(AttributeIndex, name)
    assert row.ready_at
    assert row.waiting_since is None


def test_building_again_changes_nothing() -> None:
    attribute_indexes.build("score", clock())
    attribute_indexes.build("score", clock())
    assert made() == [index_name("score")]


def test_what_was_left_half_built_is_built_anew() -> None:
    left_over = f"CREATE UNIQUE INDEX CONCURRENTLY {index_name('score')} ON customers (sort_name)"
    autocommit = db.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    with autocommit as connection, pytest.raises(IntegrityError):
        connection.execute(text(left_over))
    assert made()
    assert not is_valid("score")
    attribute_indexes.build("score", clock())
    assert is_valid("score")


def test_while_another_is_being_built_it_waits() -> None:
    with db.engine.connect() as somebody_else:
        somebody_else.execute(text("SELECT pg_advisory_lock(hashtext('attribute indexes'))"))
        with pytest.raises(NotYet):
            attribute_indexes.build("score", clock())
        somebody_else.invalidate()


def test_an_attribute_that_is_no_longer_compared_loses_its_index_and_may_want_one_again() -> None:
    want(["score"])
    db.session.commit()
    jobs.build_indexes()
    declare("score", "string")
    assert jobs.build_indexes() == 1
    assert made() == []
    declare("score", "numeric")
    assert want(["score"]) == ["score"]
    db.session.commit()
    assert jobs.build_indexes() == 1
    assert index_name("score") in plan("score", "at_least", "5")


def test_an_index_of_another_type_is_built_anew() -> None:
    want(["born"])
    db.session.commit()
    jobs.build_indexes()
    declare("born", "numeric")
    assert jobs.build_indexes() == 1
    assert index_name("born") in plan("born", "at_least", "5")


def test_an_import_that_declares_another_type_renews_the_index_too() -> None:
    want(["score"])
    db.session.commit()
    jobs.build_indexes()
    attribute_types.declare({"score": "date"})
    db.session.commit()
    assert jobs.build_indexes() == 1
    assert index_name("score") in plan("score", "after", "2026-01-01")


def test_a_type_that_is_declared_as_it_was_leaves_the_index_alone() -> None:
    want(["score"])
    db.session.commit()
    jobs.build_indexes()
    declare("score", "numeric")
    assert jobs.build_indexes() == 0


def declare(name: str, kind: str) -> None:
    attribute_types.change(name, kind, SYSTEM)
    db.session.commit()
