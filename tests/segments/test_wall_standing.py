"""The self-test of the wall: it sees whatever was loosened, and then SQL segments refuse."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import text

from app.segments import wall
from app.segments.unavailable import Unavailable
from app.segments.wall import login, standing


@pytest.mark.parametrize(
    ("loosen", "undo", "said"),
    [
        ("GRANT SELECT ON public.users TO campus_wall", "REVOKE ALL ON public.users FROM campus_wall", "users"),
        ("GRANT SELECT (email) ON public.users TO campus_wall", "REVOKE ALL ON public.users FROM campus_wall", "users"),
        (
            "GRANT UPDATE ON reporting.customers TO campus_wall",
            "REVOKE UPDATE ON reporting.customers FROM campus_wall",
            "change",
        ),
        (
            "GRANT SELECT ON pg_stat_activity TO PUBLIC",
            "REVOKE ALL ON pg_stat_activity FROM PUBLIC",
            "pg_stat_activity",
        ),
        (
            "GRANT EXECUTE ON FUNCTION pg_sleep(float8) TO PUBLIC",
            "REVOKE ALL ON FUNCTION pg_sleep(float8) FROM PUBLIC",
            "pg_sleep",
        ),
        (
            "GRANT EXECUTE ON FUNCTION pg_read_file(text) TO campus_wall",
            "REVOKE ALL ON FUNCTION pg_read_file(text) FROM campus_wall",
            "pg_read_file",
        ),
        ("GRANT USAGE ON SCHEMA public TO PUBLIC", "REVOKE ALL ON SCHEMA public FROM PUBLIC", "schema public"),
        (
            "GRANT CREATE ON SCHEMA reporting TO campus_wall",
            "REVOKE CREATE ON SCHEMA reporting FROM campus_wall",
            "reporting",
        ),
        ("GRANT USAGE ON LANGUAGE plpgsql TO PUBLIC", "REVOKE ALL ON LANGUAGE plpgsql FROM PUBLIC", "plpgsql"),
        (
            "ALTER VIEW reporting.events RESET (security_barrier)",
            "ALTER VIEW reporting.events SET (security_barrier)",
            "barrier",
        ),
        (
            "REVOKE SELECT ON reporting.orders FROM campus_wall",
            "GRANT SELECT ON reporting.orders TO campus_wall",
            "orders",
        ),
    ],
)
def test_the_self_test_sees_what_was_loosened(app, loosened, loosen, undo, said):
    loosened(loosen, undo)
    assert said in " ".join(wall.test())
    with pytest.raises(Unavailable, match="switched off"):
        wall.ids("SELECT id FROM customers")


def test_a_temporary_table_is_seen_as_a_way_in(app, loosened, maker):
    database = sql.Identifier(maker.info.dbname).as_string(None)
    loosened(f"GRANT TEMP ON DATABASE {database} TO PUBLIC", f"REVOKE TEMP ON DATABASE {database} FROM PUBLIC")
    assert wall.test() == ["It may make things in the database."]


def test_the_self_test_sees_a_login_with_more(app, maker, own_login, monkeypatch):
    monkeypatch.setattr(standing, "wall_url", lambda: own_login)
    monkeypatch.setattr(login, "wall_url", lambda: own_login)
    role = sql.Identifier(str(psycopg.conninfo.conninfo_to_dict(own_login)["user"]))
    for change in ("INHERIT", "RESET ALL"):
        maker.execute(sql.SQL("ALTER ROLE {} " + change).format(role))
    said = " ".join(wall.test())
    for wrong in ("inherits", "statement_timeout is 0", "temp_file_limit is -1", "search_path", "not read-only"):
        assert wrong in said
    assert "cannot read all of customer_attributes" in said


def test_without_a_login_nothing_runs_and_the_sentence_says_what_to_do(app, monkeypatch):
    monkeypatch.setattr(standing, "wall_url", lambda: None)
    with pytest.raises(Unavailable, match=r"switched off: SQL_WALL_DATABASE_URL is not set\..*flask sql-wall"):
        wall.ids("SELECT id FROM customers")


def test_a_login_that_does_not_work_is_told(app, wall_url, monkeypatch):
    monkeypatch.setattr(login, "wall_url", lambda: wall_url.replace(":", ":x", 2))
    assert "does not work" in wall.test()[0]


def test_a_login_to_another_database_is_told(app, config, monkeypatch):
    monkeypatch.setattr(standing, "SAME", text("SELECT 0 WHERE :pid > 0 AND :role > ''"))
    assert wall.test() == ["SQL_WALL_DATABASE_URL leads to another database than DATABASE_URL."]
