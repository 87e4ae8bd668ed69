"""Recommendations of a large shop: what one person waits for, what a batch of mails costs, how long counting takes."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt

from bench.databases import EMAIL, PASSWORD, Database, Unable, fingerprint, make_empty
from bench.serving import Browser, served
from bench.table import Table, ms, p50, p95

TITLE = "Recommendations: 1M customers, 100k products, 10M views and 1M orders"
COLUMNS = ("what", "count", "p50 ms", "p95 ms", "seconds")
CUSTOMERS, PRODUCTS, VIEWS, ORDERS = 1_000_000, 100_000, 10_000_000, 1_000_000
DATABASE = Database("campus_bench_recommend", CUSTOMERS, VIEWS)
ASKED, WARM_UP, BATCH = 400, 20, 100
# Everybody has a category of a hundred; in each of them few products are looked at by many.
PRODUCT = f"""
    'p' || CASE WHEN random() < 0.7 THEN who % 100 ELSE floor(random() * 100)::int END
               + 100 * floor({PRODUCTS // 100} * power(random(), 3))::int
"""
FILL = (
    "ALTER TABLE customers DISABLE TRIGGER USER",
    "ALTER TABLE orders DISABLE TRIGGER USER",
    f"""
    INSERT INTO customers (id, lms_lead_id, first_name, last_name, email, created_date)
    SELECT n, 'L-' || n, 'P' || n, 'Row', 'p' || n || '@posteo.example', now() - n % 700 * interval '1 day'
      FROM generate_series(1, {CUSTOMERS}) n
    """,
    f"""
    INSERT INTO products (product_id, name, category, price, currency, in_stock, url, image_url)
    SELECT 'p' || n, 'Product ' || n, 'category ' || n % 100, n % 9000 + 100, 'EUR', n % 20 > 0,
           'https://shop.example/' || n, 'https://shop.example/' || n || '.jpg'
      FROM generate_series(0, {PRODUCTS - 1}) n
    """,
    f"""
    INSERT INTO product_views (id, viewed_at, customer_id, session_id, product_id, device_type)
    SELECT gen_random_uuid(), now() - n * interval '30 days' / {VIEWS}, who, 's' || who, {PRODUCT}, 'mobile'
      FROM (SELECT n, 1 + floor({CUSTOMERS} * power(random(), 1.5))::int AS who
              FROM generate_series(1, {VIEWS}) n) views
    """,
    f"""
    INSERT INTO orders (order_id, customer_id, total, currency, status, items, occurred_at)
    SELECT 'o' || n, who, 4200, 'EUR', CASE n % 20 WHEN 0 THEN 'cancelled' ELSE 'paid' END,
           jsonb_build_array(jsonb_build_object('product_id', {PRODUCT}, 'quantity', 1),
                             jsonb_build_object('product_id', {PRODUCT}, 'quantity', 2)),
           now() - n * interval '180 days' / {ORDERS}
      FROM (SELECT n, 1 + floor({CUSTOMERS} * power(random(), 1.5))::int AS who
              FROM generate_series(1, {ORDERS}) n) bought
    """,
    f"""
    INSERT INTO carts (customer_id, items, occurred_at)
    SELECT n, jsonb_build_array(jsonb_build_object('product_id', 'p' || n % {PRODUCTS}, 'quantity', 1)), now()
      FROM generate_series(1, {CUSTOMERS}, 10) n
    """,
    "ALTER TABLE customers ENABLE TRIGGER USER",
    "ALTER TABLE orders ENABLE TRIGGER USER",
    "VACUUM ANALYZE customers, products, orders, carts, product_views",
)


def run() -> Table:
    _ensure()
    table = Table(COLUMNS)
    with _product():
        table.rows += _counted()
        table.rows.append(_batches())
    with served(DATABASE, app="bench.hello:app") as browser:
        for what, paths in {"hello": ["/bench/hello"] * ASKED, "one person, by the API of the shop": _paths()}.items():
            taken = [_time(browser, path) for path in paths][WARM_UP:]
            table.rows.append((what, f"{len(taken):,}", ms(p50(taken)), ms(p95(taken)), ""))
    return table


def _ensure() -> None:
    """Kept between runs; the rows are a month's, so they are made anew once they are a week old."""
    week = datetime.now(UTC).strftime("%G-%V")
    mark = f"{CUSTOMERS}/{PRODUCTS}/{VIEWS}/{fingerprint()}/{week}"
    try:
        with DATABASE.connect() as connection:
            row = connection.execute("SELECT shobj_description(oid, 'pg_database') FROM pg_database"
                                     " WHERE datname = current_database()").fetchone()  # fmt: skip
            if row and row[0] == mark:
                return
    except Exception as missing:
        print(f"{DATABASE.name} is not there ({type(missing).__name__}).", flush=True)
    print(f"Making {DATABASE.name}: {CUSTOMERS:,} customers, {VIEWS:,} views.", flush=True)
    make_empty(DATABASE.name)
    DATABASE.flask("db", "upgrade")
    DATABASE.flask("users", "create", EMAIL, "--role", "admin", "--password-stdin", said=PASSWORD + "\n")
    with DATABASE.connect() as connection:
        for statement in (*_weeks(), *FILL, f"COMMENT ON DATABASE {DATABASE.name} IS '{mark}'"):
            connection.execute(statement)  # type: ignore[arg-type]


def _weeks() -> list[str]:
    today = datetime.now(UTC).date()
    mondays = [today - timedelta(days=today.weekday() + 7 * n) for n in range(-1, 6)]
    return [
        f"CREATE TABLE IF NOT EXISTS views_of_{day:%Y%m%d} PARTITION OF product_views"
        f" FOR VALUES FROM ('{day}+00') TO ('{day + timedelta(days=7)}+00')"
        for day in mondays
    ]


@contextmanager
def _product() -> Iterator[None]:
    from app import create_app
    from app.config import from_environment

    with create_app(from_environment(DATABASE.environment), "bench").app_context():
        yield


def _counted() -> list[Sequence[str]]:
    """From nothing, and again an hour later."""
    from sqlalchemy import text

    from app.catalogue import counting
    from app.db import db

    db.session.execute(text("TRUNCATE best_sellers, product_pairs"))
    db.session.commit()
    rows: list[Sequence[str]] = []
    for said, now in (("from nothing", datetime.now(UTC)), ("again", datetime.now(UTC) + timedelta(hours=1))):
        for count in (counting.best_sellers, counting.viewed_together, counting.bought_together):
            began = time.perf_counter()
            changed = count(now)
            db.session.commit()
            name = count.__name__.replace("_", " ")
            rows.append((f"{name}, {said}", f"{changed:,}", "", "", f"{time.perf_counter() - began:.1f}"))
    db.session.execute(text("ANALYZE best_sellers, product_pairs"))
    db.session.commit()
    return rows


def _batches() -> Sequence[str]:
    from app.catalogue import recommending
    from app.db import db

    chance, taken = random.Random(7), []
    for _ in range(60):
        ids = chance.sample(range(1, CUSTOMERS + 1), BATCH)
        began = time.perf_counter()
        found = recommending.of_customers(ids, datetime.now(UTC))
        taken.append(time.perf_counter() - began)
        if not all(found.values()):
            raise Unable("Somebody was recommended nothing.")
    db.session.rollback()
    return f"{BATCH} people, for a batch of mails", "60", ms(p50(taken)), ms(p95(taken)), ""


def _paths() -> list[str]:
    chance = random.Random(8)
    leads = [f"L-{chance.randint(1, CUSTOMERS)}" for _ in range(ASKED)]
    secret = os.environ["TRACK_JWT_SECRET"]
    return [f"/track/recommendations/{lead}?token={jwt.encode({'sub': lead}, secret, 'HS256')}" for lead in leads]


def _time(browser: Browser, path: str) -> float:
    """As the answer itself says."""
    browser.connection.request("GET", path)
    answer: Any = browser.connection.getresponse()
    answer.read()
    if answer.status != 200:
        raise Unable(f"{path} was answered {answer.status}.")
    return float(answer.headers["Server-Timing"].partition("dur=")[2]) / 1000
