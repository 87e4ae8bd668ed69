"""SQL segments: what they answer, how a mistake is told, and an attack of every class."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime

import psycopg
import pytest
from sqlalchemy import text

from app.audit.actor import SYSTEM
from app.customers.customer import Customer
from app.db import db
from app.segments import wall
from app.segments.unavailable import Unavailable
from app.segments.wall import login
from app.settings import team
from tests.factories import make_customer, make_event
from tests.segments.attacks import REFUSED, STOPPED

STATE = text(
    """
    SELECT (SELECT sum(hashtext(c::text)) FROM public.customers c),
           (SELECT array_agg(relname ORDER BY oid) FROM pg_class WHERE relkind IN ('r', 'v', 'S')),
           (SELECT count(*) FROM pg_largeobject_metadata),
           (SELECT r::text FROM pg_roles r WHERE rolname = 'campus_wall'),
           (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database =
             (SELECT oid FROM pg_database WHERE datname = current_database())),
           (SELECT last_value FROM customers_id_seq)
    """
)


@pytest.fixture
def people(app):
    made = [make_customer("Maya", email="maya@example.com"), make_customer("Ben", email="ben@example.com")]
    db.session.commit()
    return [person.id for person in made]


@pytest.fixture
def impatient(monkeypatch):
    """The same time-out, sooner: nobody waits five seconds for each attack."""
    connect = login.connect

    def sooner(zone: str = "UTC") -> psycopg.Connection:
        connection = connect(zone)
        connection.execute("SET statement_timeout = '700ms'")
        return connection

    monkeypatch.setattr(login, "connect", sooner)


def refused(sql: str) -> Unavailable:
    with pytest.raises(Unavailable) as told:
        wall.ids(sql)
    return told.value


def test_a_segment_is_the_first_column_whatever_stands_beside_it(people):
    assert sorted(wall.ids("SELECT * FROM customers")) == people
    assert wall.ids("SELECT id, email FROM customers WHERE first_name = 'Ben' -- him alone") == people[1:]
    assert wall.ids("WITH b AS (SELECT id::int FROM customers) TABLE b ORDER BY 1") == people
    assert wall.ids("VALUES (1), (NULL), (1)") == [1, None, 1]
    assert wall.ids("SELECT id FROM customers WHERE email LIKE '%nobody%'") == []


def test_every_view_can_be_read_with_the_columns_that_the_editor_names(people):
    for view in wall.schema():
        names = [column.name for column in view.columns]
        assert wall.first_rows(f"SELECT * FROM {view.name}").columns == names
        types = ", ".join(f"NULL::{column.type}" for column in view.columns)
        assert wall.first_rows(f"SELECT * FROM {view.name} UNION ALL SELECT {types}").columns == names


@pytest.mark.parametrize("example", wall.EXAMPLES, ids=lambda example: example.said)
def test_every_example_runs(people, example):
    assert wall.ids(example.sql) == []
    assert wall.ids(wall.formatted(example.sql)) == []


def test_the_first_rows_are_texts_of_a_readable_length(people):
    rows = wall.first_rows(
        "SELECT id, email, created_date, NULL AS nothing, first_name || repeat_ AS long"
        " FROM customers, (SELECT string_agg('x', '') FROM generate_series(1, 900)) r (repeat_) ORDER BY id"
    )
    assert rows.columns == ["id", "email", "created_date", "nothing", "long"]
    assert [row[1] for row in rows.rows] == ["maya@example.com", "ben@example.com"]
    assert rows.rows[0][3] is None
    assert len(rows.rows[0][4] or "") == 200
    assert len(wall.first_rows("SELECT generate_series(1, 100)").rows) == 20
    assert wall.first_rows("SELECT 1 AS a, 2 AS a").columns == ["a", "a"]


def test_days_begin_in_the_zone_of_the_team(people):
    team.save(team.Team(timezone="Asia/Tokyo"), 0, SYSTEM)
    make_event(db.session.get_one(Customer, people[0]), at=datetime(2026, 3, 1, 20, tzinfo=UTC))
    assert wall.ids("SELECT customer_id FROM events WHERE occurred_at::date = '2026-03-02'") == people[:1]


@pytest.mark.parametrize("attack", REFUSED)
def test_an_attack_is_refused_with_a_sentence(people, impatient, attack):
    before = db.session.execute(STATE).one()
    for ask in (wall.ids, wall.first_rows):
        if ask is wall.first_rows and attack in {"letters for ids"}:
            continue
        with pytest.raises(Unavailable) as told:
            ask(REFUSED[attack])
        assert told.value.said.endswith((".", "?"))
        assert not told.value.said.startswith(("PostgreSQL", "It took")), told.value.said
    db.session.rollback()
    assert db.session.execute(STATE).one() == before


@pytest.mark.parametrize("attack", STOPPED)
def test_an_attack_without_end_is_stopped_with_a_sentence(people, impatient, attack):
    before = db.session.execute(STATE).one()
    said = refused(STOPPED[attack]).said
    assert said.startswith(("It took longer", "It needs more room", "It finds more than")), said
    assert db.session.execute(STATE).one() == before


@pytest.mark.parametrize(
    ("sql", "said", "place"),
    [
        (
            "SELECT id\n  FROM customers\n WHERE emial = 'x'",
            "There is no column “emial”. Did you mean “email”?",
            (3, 8),
        ),
        ("SELECT c.idd FROM customers c", "There is no column “idd”. Did you mean “id”?", (1, 8)),
        ("SELECT id FROM custmers", "There is no “custmers”. Did you mean “customers”?", (1, 16)),
        ("SELECT x.id FROM customers", "“x” is not among what stands after FROM.", (1, 8)),
        ("SELECT id FORM customers WHERE", "This cannot be read near “customers”.", (1, 16)),
        ("SELECT id FROM customers\nWHERE", "Something is missing at the end.", (2, 6)),
        ("-- é ü 👩‍🚀\nSELECT id FROM customers WHERE nix = 1", "There is no column “nix”.", (2, 32)),
        ("SELECT id FROM customers WHERE email > 1", "There is no operator text > integer.", (1, 38)),
        ("SELECT 1;\n  DROP TABLE customers", "There are several statements.", (2, 3)),
        ("\n DELETE FROM customers", "SQL segments only read", (2, 2)),
        (
            "SELECT usesysid::int FROM pg_shadow",
            "“pg_shadow” is not part of what SQL segments may read: customers,",
            (None, None),
        ),
        ("SELECT email FROM customers", "The first column is “email”, of the type text.", (None, None)),
        ("SELECT id FROM customers WHERE email::int = 1", "A value does not fit", (None, None)),
        ("SELECT id / 0 FROM customers", "Something is divided by zero.", (None, None)),
    ],
)
def test_a_mistake_is_told_where_it_is(people, sql, said, place):
    told = refused(sql)
    assert told.said.startswith(said)
    assert (told.line, told.column) == place


def test_a_mistake_seen_late_points_into_their_text_too(people):
    told = refused("SELECT id\nFROM customers FOR UPDATE")
    assert told.line in (None, 2)


def test_a_semicolon_at_the_end_is_forgiven(people):
    assert sorted(wall.ids("SELECT id FROM customers;\n -- that is all")) == people


def test_a_text_is_put_into_shape_with_its_comments():
    said = wall.formatted("select id from customers where email='x' /* why */ and first_name is not null")
    assert said.splitlines()[:4] == ["SELECT", "  id", "FROM customers", "WHERE"]
    assert "/* why */" in said
    assert wall.formatted("SELECT FROM WHERE (") == "SELECT FROM WHERE ("
    assert wall.formatted("SELECT " + "(" * 5000) == "SELECT " + "(" * 5000
    assert wall.formatted("") == ""


def test_others_are_answered_while_one_runs(people):
    with login.reading("UTC") as connection:
        slow = threading.Thread(target=_swallowed, args=(connection,))
        slow.start()
        time.sleep(0.1)
        assert sorted(wall.ids("SELECT id FROM customers")) == people
        assert slow.is_alive()
        connection.cancel_safe(timeout=5)
        slow.join()


def _swallowed(connection) -> None:
    with pytest.raises(psycopg.errors.QueryCanceled):
        connection.execute("SELECT count(*) FROM generate_series(1, 100000) a, generate_series(1, 100000) b")


def test_a_third_at_once_waits_and_is_told(people, monkeypatch):
    monkeypatch.setattr(login, "PATIENCE", 0.05)
    with login.reading("UTC"), login.reading("UTC"):
        assert refused("SELECT id FROM customers").said == login.BUSY
    assert sorted(wall.ids("SELECT id FROM customers")) == people


def test_a_question_leaves_nothing_open(people):
    wall.ids("SELECT id FROM customers")
    refused("SELECT nothing FROM customers")
    left = (
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'sql segment' AND datname = current_database()"
    )
    deadline = time.monotonic() + 5
    while db.session.scalar(text(left)) and time.monotonic() < deadline:
        time.sleep(0.02)
        db.session.rollback()  # else the server shows what it showed before
    assert db.session.scalar(text(left)) == 0
