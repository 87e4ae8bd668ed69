"""Who of a million may be written to: the one predicate over everyone, beside a bare look at every customer."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from statistics import median

from sqlalchemy import text

from app.config import from_environment
from bench.databases import Database
from bench.table import Table

TITLE = "Permission: everyone judged for a promotional mail, and a hundred of them"
COLUMNS = ("what", "customers", "seconds", "customers/s", "refused", "ratio")
DATABASE = Database("campus_bench_permission", 1_000_000, 100_000)
RUNS = 5

BARE = "SELECT count(*) FROM customers WHERE erased_at IS NULL AND email_folded <> ''"
# A tenth said no to something, a hundredth to all of it; every fiftieth address is suppressed.
# What the demo's people said goes first: these figures are of known shares.
SEED = (
    "SELECT set_config('campus.passage', 'retention', false)",
    "TRUNCATE consents, customer_standings, address_standings, suppressions, pauses",
    """
    INSERT INTO consents (customer_id, topic_id, is_given, source, way, at, email_folded)
    SELECT c.id, t.id, false, CASE WHEN c.id % 20 = 0 THEN 'page' ELSE 'api' END, 'bench', now(), c.email_folded
      FROM customers c JOIN topics t
        ON (c.id % 10 = 0 AND t.slug = 'promotional') OR (c.id % 100 = 1 AND t.slug = 'marketing')
    """,
    """
    INSERT INTO customer_standings (customer_id, topic_id, own_at, own_given, any_at, any_given)
    SELECT customer_id, topic_id, CASE WHEN source = 'page' THEN at END, CASE WHEN source = 'page' THEN false END,
           at, false FROM consents
    """,
    """
    INSERT INTO address_standings (email_folded, topic_id, own_at, own_given, any_at, any_given)
    SELECT DISTINCT ON (email_folded, topic_id) email_folded, topic_id, at, false, at, false
      FROM consents WHERE source = 'page' AND email_folded <> ''
    """,
    """
    INSERT INTO suppressions (email_folded, bounced_at, source)
    SELECT DISTINCT email_folded, now(), 'bench' FROM customers WHERE id % 50 = 7 AND email_folded <> ''
    """,
    "INSERT INTO pauses (customer_id, until) SELECT id, now() + interval '9 days' FROM customers WHERE id % 200 = 3",
    "ANALYZE consents, customer_standings, address_standings, suppressions, pauses",
)


def run() -> Table:
    from app import create_app
    from app.consent import permission
    from app.db import db

    DATABASE.ensure()
    table = Table(COLUMNS)
    with create_app(from_environment(DATABASE.environment), "bench").app_context():
        _seed()
        now = datetime.now(UTC)
        people = db.session.scalar(text(BARE)) or 0

        def everyone() -> int:
            found = permission.counted("promotional", "promotional", now)
            return sum(count for refusal, count in found.items() if refusal)

        def hundred() -> int:
            return sum(bool(one) for one in permission.refusals(ids, "promotional", "promotional", now).values())

        ids = list(range(1000, 1100))
        reference, _ = _timed(lambda: db.session.scalar(text(BARE)) or 0)
        allowed, may = _timed(lambda: permission.permitted("promotional", "promotional", now))
        plain, refused = _timed(everyone)
        few, few_refused = _timed(hundred)
        db.session.rollback()
    table.rows += [
        _line("bare look at everyone", people, reference, 0, "1.00"),
        _line("how many may be written to", people, allowed, people - may, f"{reference / allowed:.2f} of bare"),
        _line("everyone, by reason", people, plain, refused, f"{reference / plain:.2f} of bare"),
        _line("a hundred people", len(ids), few, few_refused, f"{few / plain:.4f} of everyone"),
    ]
    return table


def _seed() -> None:
    with DATABASE.connect() as connection:
        found = connection.execute("SELECT EXISTS (SELECT FROM suppressions WHERE source = 'bench')").fetchone()
        if found and not found[0]:
            with connection.transaction():  # all of it or nothing: half of it would be taken for the whole
                for statement in SEED:
                    connection.execute(statement)


def _timed(what: object) -> tuple[float, int]:
    assert callable(what)
    took, said = [], 0
    for _ in range(RUNS):
        began = time.perf_counter()
        said = what()
        took.append(time.perf_counter() - began)
    return median(took), said


def _line(what: str, count: int, seconds: float, refused: int, ratio: str) -> tuple[str, ...]:
    return what, f"{count:,}", f"{seconds:.3f}", f"{count / seconds:,.0f}", f"{refused:,}", ratio
