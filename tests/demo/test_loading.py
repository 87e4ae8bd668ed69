"""`flask demo`: what it leaves behind, what it refuses, and how it survives being killed."""

from __future__ import annotations

from datetime import UTC, datetime

import psycopg
import pytest
from sqlalchemy import func, select, text

from app.audit import Entry
from app.cli.demo import demo
from app.customers.customer import Customer
from app.db import db
from app.demo import aside, load, progress
from app.demo.plan import Plan
from app.segments import audience
from app.segments.segment import Segment
from app.settings import brand, team
from tests.factories import make_customer

CATALOGUE = {
    "indexes": "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY indexname",
    "constraints": """
        SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), convalidated FROM pg_constraint
         WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2""",
    "valid": "SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid",
}
PLAN = Plan(customers=4_100, events=9_000, seed=3, now=1_793_491_200)


@pytest.fixture
def run(app):
    def run(*arguments: str, **more):
        result = app.test_cli_runner().invoke(demo, [*arguments, "--now", "2026-11-01"], **more)
        db.session.rollback()
        return result

    return run


@pytest.fixture
def url(config):
    return load.plain(config.database_url)


@pytest.fixture
def months(app):
    from app.events import partitions

    partitions.ensure(PLAN.began_at, PLAN.now_at)
    db.session.commit()


def catalogue(url: str) -> dict[str, list]:
    with psycopg.connect(url) as connection:
        return {name: connection.execute(sql).fetchall() for name, sql in CATALOGUE.items()}


def rows(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        return [
            connection.execute(f"SELECT md5(string_agg(r::text, '' ORDER BY id)) FROM {table} r").fetchone()[0]
            for table in aside.TABLES
        ]


def test_the_small_demo_makes_every_page_alive(run):
    result = run("--small")
    assert result.exit_code == 0, result.output
    assert db.session.scalar(select(func.count()).select_from(Customer)) == 3_000
    assert (brand.current().name, team.zone().key) == ("Campus", "Europe/Berlin")
    assert db.session.scalar(select(func.count()).select_from(Entry)) > 100
    assert db.session.execute(text("SELECT count(*) FROM users WHERE password_hash IS NOT NULL")).scalar() == 0


def test_every_segment_of_the_demo_has_some_people_and_not_all(run):
    run("--customers", "10", "--events", "10")
    run("--small", "--replace", "--yes")  # a second time adds none
    everybody = db.session.scalar(select(func.count()).select_from(Customer))
    sizes = {
        one.name: audience.count(audience.of(one, datetime(2026, 11, 1, tzinfo=UTC)))
        for one in db.session.scalars(select(Segment))
    }
    assert sizes.pop("Press list") == 40
    assert len(sizes) == 9
    assert min(sizes.pop("Everybody else"), sizes.pop("Quiet for three months")) > everybody / 4
    assert not [name for name, size in sizes.items() if not 10 < size < everybody / 2], sizes


def test_the_small_demo_leaves_customers_alone(run):
    make_customer("Maya")
    result = run("--small")
    assert (result.exit_code, "already" in result.output) == (0, True)
    assert db.session.scalar(select(func.count()).select_from(Customer)) == 1


def test_a_filled_product_is_refused_in_a_sentence(run):
    make_customer("Maya")
    result = run("--customers", "10", "--events", "10")
    assert (result.exit_code, "--replace" in result.output) == (1, True)
    assert db.session.scalar(select(func.count()).select_from(Customer)) == 1


def test_replacing_asks_first(run):
    make_customer("Maya")
    assert run("--customers", "10", "--events", "10", "--replace", input="n\n").exit_code == 1
    assert db.session.scalar(select(func.count()).select_from(Customer)) == 1
    assert run("--customers", "10", "--events", "10", "--replace", "--yes").exit_code == 0
    assert db.session.scalar(select(func.count()).select_from(Customer)) == 10


def test_indexes_and_constraints_come_back_exactly_as_they_were(months, url):
    before = catalogue(url)
    load.whole(url, PLAN, say=lambda _: None, jobs=1)
    assert catalogue(url) == before


def test_several_processes_bring_the_same_rows_as_one(months, url):
    load.whole(url, PLAN, say=lambda _: None, jobs=1)
    alone = rows(url)
    load.whole(url, PLAN, say=lambda _: None, jobs=2)
    assert rows(url) == alone


class TestKilled:
    @pytest.fixture
    def half(self, months, url, monkeypatch):
        """Stopped after one chunk: some rows are there, no index is."""
        before = catalogue(url)

        def killed(_url, _plan, run, _jobs):
            yield load._chunk(url, PLAN, run, 0)
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(load, "_made", killed)
            with pytest.raises(KeyboardInterrupt):
                load.whole(url, PLAN, say=lambda _: None, jobs=1)
        assert catalogue(url) != before
        yield before
        with psycopg.connect(url, autocommit=True) as connection:
            load.repair(connection)  # for the tests that come next

    def test_the_next_run_says_so(self, half, run):
        result = run("--customers", "10", "--events", "10")
        assert (result.exit_code, "half-way" in result.output) == (1, True)

    def test_a_large_run_cleans_up(self, half, url):
        load.whole(url, PLAN, say=lambda _: None, jobs=1)
        assert catalogue(url) == half
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT count(*) FROM customers").fetchone() == (PLAN.customers,)

    def test_a_small_run_cleans_up(self, half, url, run):
        assert run("--customers", "10", "--events", "10", "--replace", "--yes").exit_code == 0
        assert catalogue(url) == half

    def test_a_chunk_of_the_killed_run_comes_too_late(self, half, url):
        with psycopg.connect(url, autocommit=True) as connection:
            old = progress.read(connection)
        load.whole(url, PLAN, say=lambda _: None, jobs=1)
        with pytest.raises(load.Refused):
            load._chunk(url, PLAN, old.run, 1)
