"""Looks at the shop: who left a cart, looked again and again, waits for a price or for stock; each beside a bare count.

Everybody of the database is a customer of the shop; what they did lies over ninety days, most of it long ago.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from sqlalchemy import text

from bench import databases
from bench.databases import Database, Unable
from bench.table import Table, p50

TITLE = "Looks at the shop: a million customers, ten million views, 200,000 carts, a million watches"
COLUMNS = ("what", "called", "median s", "worst s", "count(*) s", "ratio")
ROUNDS = 5
PEOPLE, VIEWS, CARTS, WATCHES, PRODUCTS = 1_000_000, 10_000_000, 200_000, 1_000_000, 100_000
DROPPED, BACK = 5_000, 2_000  # products, over the ninety days
NAME = "campus_bench_shop"
# A look may call everybody whom it finds: what it wrote is taken back before the next.
LOOKS = (
    ("abandoned cart", {"behaviour": "abandoned_cart"}, "carts"),
    ("browse", {"behaviour": "browse"}, "product_views"),
    ("browse, each minute", {"behaviour": "browse", "when": "at_once"}, "product_views"),
    ("price drop", {"behaviour": "price_drop"}, "watchlist"),
    ("back in stock", {"behaviour": "back_in_stock"}, "watchlist"),
)
FILL = (
    "DROP INDEX ix_customers_search_text",  # nobody searches here, and it is most of the time
    """
    INSERT INTO customers (first_name, last_name, email, created_date)
    SELECT 'P' || n, 'Row', 'p' || n || '@posteo.example', :now FROM generate_series(1, :people) n
    """,
    """
    INSERT INTO products (product_id, name, category, price, currency, stock, in_stock, url, created_date, updated_date)
    SELECT 'p-' || n, 'Product ' || n, 'c-' || n % 50, 1000 + n % 9000, 'EUR', n % 40, n % 40 > 0,
           'https://shop.example/' || n, :now - interval '100 days', :now
      FROM generate_series(1, :products) n
    """,
    """
    INSERT INTO carts (customer_id, items, occurred_at, created_date, updated_date)
    SELECT 1 + n * 5 % :people,
           jsonb_build_array(jsonb_build_object('product_id', 'p-' || 1 + n % :products, 'quantity', 1, 'price', 1900)),
           :now - interval '30 days' * random(), :now, :now
      FROM generate_series(1, :carts) n ON CONFLICT DO NOTHING
    """,
    """
    INSERT INTO orders (order_id, customer_id, total, currency, status, items, occurred_at, created_date, updated_date)
    SELECT 'O-' || n, 1 + n * 3 % :people, 4700, 'EUR', 'paid', jsonb_build_array(jsonb_build_object(
           'product_id', 'p-' || 1 + n * 7 % :products, 'quantity', 1)),
           :now - interval '90 days' * random(), :now, :now
      FROM generate_series(1, :orders) n
    """,
    """
    INSERT INTO watchlist (customer_id, product_id, target_price, seen_price, created_date, updated_date)
    SELECT 1 + n * 13 % :people, 'p-' || 1 + n * 31 % :products, CASE WHEN n % 3 = 0 THEN 900 + n % 9000 END,
           CASE WHEN n % 7 > 0 THEN 1500 + (n * 31) % 9000 END,
           :now - interval '95 days' * (0.3 + 0.7 * random()), :now - interval '95 days'
      FROM generate_series(1, :watches) n ON CONFLICT DO NOTHING
    """,
    """
    INSERT INTO product_changes (product_id, name, old, new, source, at)
    SELECT id, 'price', to_jsonb(price + 500), to_jsonb(price), 'shop', :now - interval '90 days' * random()
      FROM products WHERE id % (:products / :dropped) = 0
    """,
    """
    INSERT INTO product_changes (product_id, name, old, new, source, at)
    SELECT id, said.name, said.old, said.new, 'shop', :now - interval '90 days' * random()
      FROM products, (VALUES ('stock', '0'::jsonb, '7'::jsonb), ('in_stock', 'false'::jsonb, 'true'::jsonb))
           AS said(name, old, new)
     WHERE id % (:products / :back) = 3
    """,
)
# A person looks at a product five times within a week, or at five of them. Indexes come with the week as a whole.
WEEKS = 13
WEEK = """
    INSERT INTO {name} (viewed_at, id, customer_id, product_id, price)
    SELECT :until - interval '7 days' * (0.001 + 0.999 * random()), gen_random_uuid(),
           CASE WHEN look % 10 > 0 THEN 1 + look * 7 % :people END,
           'p-' || 1 + (look * 7919 + CASE WHEN look / 10 % 40 = 0 THEN 0 ELSE k END) % :products, 1000
      FROM generate_series(CAST(:week AS bigint), :views / 5, :weeks) look, generate_series(1, 5) k
"""


def run() -> Table:
    database = Database(NAME, 0, 0)
    table = Table(COLUMNS)
    with _shop(database) as now:
        for what, trigger, counted in LOOKS:
            table.rows.append(_measured(what, trigger, counted, now))
    table.notes.append("A look claims whom it calls and lets their answers wait; it is taken back after each round.")
    return table


@contextmanager
def _shop(database: Database) -> Iterator[datetime]:
    from app import create_app
    from app.config import from_environment

    now = databases.day()
    mark = f"shop/{PEOPLE}/{VIEWS}/{databases.fingerprint()}/{zlib.crc32(repr((FILL, WEEK)).encode())}"
    is_there = databases._mark(NAME) == mark
    if not is_there:
        print(f"Making {NAME}: {VIEWS:,} views, {WATCHES:,} watches.", flush=True)
        databases.make_empty(NAME)
        database.flask("db", "upgrade")
    with create_app(from_environment(database.environment), "bench").app_context():
        if not is_there:
            _fill(now)
            _keep_mark(database, mark)
        yield now


def _fill(now: datetime) -> None:
    from app.db import db

    told = {"now": now, "people": PEOPLE, "carts": CARTS, "watches": WATCHES, "products": PRODUCTS}
    for statement in FILL:
        began = time.perf_counter()
        db.session.execute(text(statement), {**told, "orders": CARTS, "dropped": DROPPED, "back": BACK})
        db.session.commit()
        print(f"  {' '.join(statement.split()[1:3])}: {time.perf_counter() - began:.0f} s", flush=True)
    for week in range(WEEKS):
        _fill_week(week, now - timedelta(days=7 * week))
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))


def _fill_week(week: int, until: datetime) -> None:
    from app.db import db

    name, began = f"product_views_bench_{week}", time.perf_counter()
    told = {"week": week, "weeks": WEEKS, "views": VIEWS, "until": until, "people": PEOPLE, "products": PRODUCTS}
    db.session.execute(text(f"CREATE TABLE {name} (LIKE product_views INCLUDING DEFAULTS INCLUDING CONSTRAINTS)"))
    db.session.execute(text(WEEK.format(name=name)), told)
    start = until - timedelta(days=7)
    bounds = f"FROM ('{start.isoformat()}') TO ('{until.isoformat()}')"
    db.session.execute(text(f"ALTER TABLE product_views ATTACH PARTITION {name} FOR VALUES {bounds}"))
    db.session.commit()
    print(f"  a week of views: {time.perf_counter() - began:.0f} s", flush=True)


def _keep_mark(database: Database, mark: str) -> None:
    from psycopg import sql

    with database.connect() as connection:
        comment = sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(NAME), sql.Literal(mark))
        connection.execute(comment)


def _measured(what: str, trigger: dict[str, str], counted: str, now: datetime) -> tuple[str, ...]:
    seconds, called = zip(*(_look(trigger, now) for _ in range(ROUNDS)), strict=True)
    bare = p50([_count(counted) for _ in range(ROUNDS)])
    if len(set(called)) > 1:
        raise Unable(f"“{what}” called {called} people.")
    middle = p50(seconds)
    return what, f"{called[0]:,}", f"{middle:.2f}", f"{max(seconds):.2f}", f"{bare:.2f}", f"{middle / bare:.1f} counts"


def _look(trigger: dict[str, str], now: datetime) -> tuple[float, int]:
    from app.automations.automation import Automation
    from app.automations.behaviours import scanning
    from app.automations.scan import Scan
    from app.db import db

    automation = Automation(name="Bench", trigger=trigger, is_active=True, topic="browse")
    db.session.add(automation)
    db.session.flush()
    scan = Scan(automation_id=automation.id, planned_for=now)
    db.session.add(scan)
    db.session.flush()
    began = time.perf_counter()
    scanning.scan(scan.id, now)
    seconds, called = time.perf_counter() - began, scan.found or 0
    db.session.rollback()
    return seconds, called


def _count(table: str) -> float:
    from app.db import db

    began = time.perf_counter()
    db.session.execute(text(f"SELECT count(*) FROM {table}")).one()
    db.session.rollback()
    return time.perf_counter() - began
