"""Each layer of the wall by itself: a way in that it alone has to close, with all the others open."""

from __future__ import annotations

import contextlib

import psycopg
import pytest
from sqlalchemy import text

from app.db import db
from app.segments import wall
from app.segments.unavailable import Unavailable
from app.segments.wall import asking, login, standing
from tests.factories import make_customer, make_event
from tests.sql_wall import named

REFUSED = psycopg.errors.InsufficientPrivilege


# Grants


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE customers SET email = 'x'",
        "DELETE FROM customers",
        "INSERT INTO customers (email) VALUES ('x')",
        "WITH x AS (DELETE FROM customers RETURNING id) SELECT id FROM x",
        "SELECT id FROM customers FOR UPDATE",
        "TRUNCATE public.customers",
        "SELECT * FROM public.users",
        "CREATE TABLE reporting.stolen AS SELECT 1 AS id",
        "CREATE TABLE public.stolen (id int)",
        "CREATE TEMP TABLE stolen (id int)",
        "SELECT 1 AS id INTO TEMP stolen",
        "CREATE SCHEMA mine",
        "DO $$ BEGIN END $$",
        "COPY (SELECT 1) TO '/tmp/stolen'",
        "COPY (SELECT 1) TO PROGRAM 'id'",
        "SET ROLE campus",
        "SET SESSION AUTHORIZATION postgres",
        "SET temp_file_limit = -1",
        "SET session_replication_role = replica",
        "ALTER ROLE CURRENT_USER CREATEDB",
        "CREATE ROLE mine",
        "CREATE EXTENSION dblink",
        "SELECT lo_create(0)",
        "SELECT set_config('work_mem', '1GB', false)",
        "SELECT pg_sleep(0)",
        "SELECT pg_advisory_lock(1)",
        "SELECT pg_read_file('PG_VERSION')",
        "SELECT query_to_xml('SELECT 1', true, true, '')",
        "SELECT pg_notify('x', 'y')",
        "SELECT nextval('public.customers_id_seq')",
        "SELECT public.fold('x')",
        "SELECT * FROM pg_stat_activity",
        "SELECT * FROM pg_authid",
        "SELECT * FROM pg_settings",
        "SELECT * FROM pg_class",
        "SELECT * FROM information_schema.tables",
    ],
)
def test_the_rights_alone_refuse(bare, statement):
    with pytest.raises(REFUSED):
        bare.execute(statement)


def test_every_function_that_is_left_has_no_effect(bare, app):
    left = db.session.scalars(
        text(
            "SELECT proname FROM pg_proc WHERE provolatile = 'v' AND pronamespace = 'pg_catalog'::regnamespace"
            " AND has_function_privilege('campus_wall', oid, 'EXECUTE')"
        )
    )
    assert set(left) <= set(standing.HARMLESS)


def test_no_other_database_lets_it_in(wall_url):
    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        psycopg.connect(named(wall_url, "template1"))


# READ ONLY


def test_a_read_only_transaction_alone_refuses_to_write(able, app, monkeypatch):
    maya = make_customer(email="maya@example.com")
    monkeypatch.setattr(
        login,
        "connect",
        lambda zone="UTC": psycopg.connect(able.info.dsn + f" password={able.info.password}", autocommit=True),
    )
    with login.reading("UTC") as connection, pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        connection.execute("UPDATE customers SET email = 'x'")
    with login.reading("UTC") as connection, pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        asking._run(connection, "SELECT nextval('customers_id_seq')")
    db.session.refresh(maya)
    assert maya.email == "maya@example.com"


def test_a_session_reads_only_before_anybody_says_so(wall_url):
    with psycopg.connect(wall_url, autocommit=True) as connection:
        assert connection.execute("SHOW transaction_read_only").fetchone() == ("on",)


# One statement


def test_the_protocol_alone_refuses_a_second_statement(able):
    assert able.execute("SELECT 1; SELECT 2") is not None  # the simple protocol takes both
    with pytest.raises(psycopg.errors.SyntaxError, match="multiple commands"):
        asking._run(able, "SELECT 1; SELECT 2")
    with pytest.raises(Unavailable, match="several statements"):
        asking._looked_at(able, "SELECT 1; DROP TABLE customers")


def test_a_look_runs_nothing_and_refuses_what_closes_our_brackets(able, app):
    make_customer()
    with pytest.raises(Unavailable):
        asking._looked_at(able, "SELECT id FROM customers) q (id)) q --")
    asking._looked_at(able, "DELETE FROM customers RETURNING id")
    assert able.execute("SELECT count(*) FROM customers").fetchone() == (1,)


def test_the_wrapping_alone_refuses_whatever_is_no_query(able, app):
    make_customer()
    for statement in (
        "DELETE FROM customers RETURNING id",
        "EXPLAIN SELECT 1",
        "SHOW work_mem",
        "COPY customers TO STDOUT",
    ):
        with pytest.raises(psycopg.errors.SyntaxError):
            asking._run(able, f"{asking.IDS}{statement}\n) AS q (id) LIMIT 1) AS q")
    inner = "WITH x AS (DELETE FROM customers RETURNING id) SELECT id FROM x"
    with pytest.raises(psycopg.errors.FeatureNotSupported):
        asking._run(able, f"{asking.IDS}{inner}\n) AS q (id) LIMIT 1) AS q")
    assert able.execute("SELECT count(*) FROM customers").fetchone() == (1,)


# Limits


def test_the_time_out_alone_stops_a_count_without_end(wall_url):
    with psycopg.connect(wall_url, autocommit=True) as connection:
        assert connection.execute("SHOW statement_timeout").fetchone() == ("5s",)
        connection.execute("SET statement_timeout = '300ms'")  # the same layer, sooner
        with pytest.raises(psycopg.errors.QueryCanceled):
            connection.execute("WITH RECURSIVE r (n) AS (SELECT 1 UNION SELECT n + 1 FROM r) SELECT count(*) FROM r")


def test_the_limit_of_files_alone_stops_what_spills(bare):
    with pytest.raises(psycopg.errors.ConfigurationLimitExceeded):
        bare.execute("SELECT count(*) FROM generate_series(1, 100000000)")


def test_the_limit_of_memory_alone_stops_an_array_of_everything(bare, config):
    if "host=/tmp/campus-" not in config.database_url:
        pytest.skip("The memory of somebody else's server is set by them.")
    with pytest.raises((psycopg.errors.OutOfMemory, psycopg.errors.ProgramLimitExceeded)):
        bare.execute(
            "SELECT count(a) FROM (SELECT array_agg(x || y) AS a FROM"
            " (SELECT string_agg('x', '') FROM generate_series(1, 100000)) t (x),"
            " generate_series(1, 100000) y) q"
        )
    assert bare.execute("SELECT 1").fetchone() == (1,)


def test_the_limit_of_rows_alone_stops_an_answer(app, monkeypatch):
    monkeypatch.setattr(asking, "MOST", 5)
    assert len(wall.ids("SELECT generate_series(1, 5)")) == 5
    with pytest.raises(Unavailable, match="more than 5 rows"):
        wall.ids("SELECT generate_series(1, 6)")


def test_the_limit_of_connections_alone_keeps_the_rest_out(own_login):
    with contextlib.ExitStack() as held:
        for _ in range(6):
            held.enter_context(psycopg.connect(own_login))
        with pytest.raises(psycopg.OperationalError, match="too many connections"):
            psycopg.connect(own_login)


# Views


def test_the_views_alone_hide_who_was_erased(bare, app):
    gone, maya = make_customer("Gone", email="gone@example.com"), make_customer()
    for person in (gone, maya):
        make_event(person)
        order = (
            "INSERT INTO orders (order_id, customer_id, total, currency, status, occurred_at)"
            " VALUES (:n, :id, 1, 'EUR', 'paid', now())"
        )
        db.session.execute(text(order), {"n": str(person.id), "id": person.id})
        move = "INSERT INTO funnel_events (customer_id, funnel_type, to_stage) VALUES (:id, 'sales', 'lead')"
        db.session.execute(text(move), {"id": person.id})
    db.session.execute(
        text("UPDATE customers SET erased_at = now(), attributes = '{\"a\": 1}' WHERE id = :id"), {"id": gone.id}
    )
    db.session.commit()
    assert bare.execute("SELECT id FROM customers").fetchall() == [(maya.id,)]
    for view in ("events", "orders", "funnel_events"):
        assert bare.execute(f"SELECT customer_id FROM {view}").fetchall() == [(maya.id,)]
    assert bare.execute("SELECT count(*) FROM customer_attributes").fetchone() == (0,)


def test_the_barrier_alone_keeps_a_condition_from_hidden_rows(bare, app, able):
    """A cast that fails tells of the value it failed at: it must not be tried on a hidden row."""
    db.session.execute(text("INSERT INTO customers (mobile, erased_at) VALUES ('a secret', now()), ('7', NULL)"))
    db.session.commit()
    question = "SELECT count(*) FROM {} WHERE mobile::int > 0"
    assert bare.execute(question.format("customers")).fetchone() == (1,)
    plan = "\n".join(row[0] for row in able.execute("EXPLAIN " + question.format("reporting.customers")).fetchall())
    assert "Subquery Scan" in plan


def test_a_name_means_a_view_whatever_stands_elsewhere(bare, app):
    assert bare.execute("SHOW search_path").fetchone() == ("reporting",)
    make_customer()
    assert len(bare.execute("TABLE customers").description or ()) == 10
    assert bare.execute("SHOW jit").fetchone() == ("off",)
