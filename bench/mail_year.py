"""A year of mails for the databases of the demo, made by sets: sixty automations, forty of them answering every day,
twenty campaigns every week, and one run to a million; what came back of them, bought and given back."""

from __future__ import annotations

import psycopg

from bench.databases import Database

MAILS, HITS = "four million mails", "ten million opens and clicks"
# Triggers would count ten million rows one statement at a time; afterwards all of it is counted at once.
QUIET = "ALTER TABLE {} DISABLE TRIGGER USER"
LOUD = "ALTER TABLE {} ENABLE TRIGGER USER"
COUNTED = ("deliveries", "delivery_events", "attributions", "conversions")
RUNS = """
    INSERT INTO runs (key, automation_id, name, planned_for, state, version_id, purpose, timezone, sender, planned,
                      by_name, started_at, waiting_since)
    SELECT 'bench-' || a.id || '-' || n, a.id, a.name, at, 'finished', (SELECT min(id) FROM template_versions),
           'promotional', 'Europe/Berlin', 'Campus <mail@campus.example>', planned, 'Bench', at, NULL
      FROM automations a
     CROSS JOIN LATERAL (
       SELECT n, timestamptz '2025-11-01 09:00+00' + n * interval '1 day', 60 + (a.id * 7 + n) % 80
         FROM generate_series(0, 364) n WHERE a.id % 3 > 0
       UNION ALL
       SELECT n, timestamptz '2025-11-03 10:00+00' + n * interval '7 days', 1000 + (a.id * 131 + n * 17) % 1000
         FROM generate_series(0, 51) n WHERE a.id % 3 = 0
       UNION ALL
       SELECT 1000, timestamptz '2026-05-05 08:00+00', 1000000 WHERE a.id = (SELECT max(id) FROM automations)
     ) made(n, at, planned)
     WHERE a.name LIKE 'Bench %'
"""
AUTOMATIONS = """
    INSERT INTO automations (name, trigger) SELECT 'Bench ' || n, '{"cron": "0 10 * * *"}' FROM generate_series(1, 60) n
"""
DELIVERIES = """
    INSERT INTO deliveries (run_id, customer_id, occasion, state, email, accepted_at, delivered_at, bounced_at,
                            complained_at, unsubscribed_at, opened_at, clicked_at, machine_opened_at,
                            machine_clicked_at, converted_at)
    SELECT run_id, customer_id, '',
           CASE WHEN lot < 0.005 THEN 'failed' WHEN lot < 0.015 THEN 'bounced' ELSE 'delivered' END,
           'p' || customer_id || '@'
             || (ARRAY['gmail.com', 'outlook.de', 'yahoo.com', 'icloud.com', 'posteo.de'])[customer_id % 5 + 1],
           CASE WHEN lot >= 0.005 THEN at END,
           CASE WHEN lot >= 0.015 THEN at + interval '3 seconds' END,
           CASE WHEN lot BETWEEN 0.005 AND 0.015 THEN at + interval '9 seconds' END,
           CASE WHEN lot > 0.9995 THEN at + interval '2 hours' END,
           CASE WHEN lot > 0.997 THEN at + interval '1 hour' END,
           CASE WHEN lot > 0.65 THEN at + later END,
           CASE WHEN lot > 0.92 THEN at + later END,
           CASE WHEN lot BETWEEN 0.4 AND 0.7 THEN at + interval '4 seconds' END,
           CASE WHEN lot BETWEEN 0.4 AND 0.42 THEN at + interval '5 seconds' END,
           CASE WHEN lot > 0.99 THEN at + later + interval '1 hour' END
      FROM (SELECT r.id AS run_id, n AS customer_id, random() AS lot, random() ^ 3 * interval '7 days' AS later,
                   r.planned_for + CASE WHEN r.planned < 200 THEN random() * interval '12 hours'
                                        ELSE n * interval '5 milliseconds' END AS at
              FROM runs r CROSS JOIN LATERAL generate_series(1, r.planned) n WHERE r.key LIKE 'bench-%'
             ORDER BY r.planned_for OFFSET 0) mails
"""
HITS_MADE = """
    INSERT INTO delivery_events (id, kind, at, delivery_id, run_id, customer_id, place, is_human, reason)
    SELECT uuidv7(), kind, at + n * interval '3 hours', id, run_id, customer_id,
           CASE WHEN kind = 'click' THEN (id + n) % 5 END, is_human, ''
      FROM (SELECT id, run_id, customer_id, 'open' AS kind, opened_at AS at, 3 + id % 4 AS times, true AS is_human
              FROM deliveries WHERE opened_at IS NOT NULL
            UNION ALL
            SELECT id, run_id, customer_id, 'open', machine_opened_at, 1 + id % 3, false
              FROM deliveries WHERE machine_opened_at IS NOT NULL
            UNION ALL
            SELECT id, run_id, customer_id, 'click', clicked_at, 1 + id % 3, true
              FROM deliveries WHERE clicked_at IS NOT NULL
            UNION ALL
            SELECT id, run_id, customer_id, 'click', machine_clicked_at, 5, false
              FROM deliveries WHERE machine_clicked_at IS NOT NULL) happened
     CROSS JOIN LATERAL generate_series(0, times - 1) n
"""
CONVERSIONS = (
    """
    INSERT INTO conversions (key, kind, customer_id, at, amount, refunded, currency, ref_delivery_id)
    SELECT 'bench-' || id, 'order', customer_id, converted_at, 4200 + id % 9000,
           CASE WHEN id % 10 = 0 THEN 4200 ELSE 0 END,
           CASE WHEN id % 20 = 0 THEN 'CHF' ELSE 'EUR' END, id
      FROM deliveries WHERE converted_at IS NOT NULL
    """,
    """
    INSERT INTO attributions (conversion_id, rule, delivery_id, run_id, touch, touched_at)
    SELECT c.id, rule, d.id, d.run_id, 'click', d.clicked_at
      FROM conversions c JOIN deliveries d ON d.id = c.ref_delivery_id
     CROSS JOIN unnest(ARRAY['last_click', 'last_send', 'first_click']) rule
    """,
)
LINKS = """
    INSERT INTO links (version_id, place, href, label)
    SELECT (SELECT min(id) FROM template_versions), n, 'https://campus.example/' || n, 'Link ' || n
      FROM generate_series(0, 4) n ON CONFLICT DO NOTHING
"""
INDEXES = "SELECT indexdef, indexname FROM pg_indexes WHERE tablename = %s AND indexname NOT LIKE 'pk_%%'"


def ensure(database: Database) -> None:
    with database.connect() as connection:
        found = connection.execute("SELECT EXISTS (SELECT FROM automations WHERE name = 'Bench 60')").fetchone()
        if found and found[0]:
            return
        print(f"A year in {database.name}: {MAILS}, {HITS}; some minutes.", flush=True)
        with connection.transaction():  # all of it or nothing
            connection.execute("SET LOCAL work_mem = '256MB'")
            connection.execute("SET LOCAL maintenance_work_mem = '512MB'")
            _make(connection)
        connection.execute("VACUUM ANALYZE deliveries, delivery_events, attributions, conversions, runs")


def _make(connection: psycopg.Connection) -> None:
    for table in COUNTED:
        connection.execute(QUIET.format(table))
    kept = [row for table in ("deliveries", "delivery_events") for row in connection.execute(INDEXES, [table])]
    for _, name in kept:
        connection.execute(f"DROP INDEX {name}")
    connection.execute("SELECT setseed(0.7)")
    for statement in (AUTOMATIONS, RUNS, LINKS, DELIVERIES, HITS_MADE, *CONVERSIONS):
        connection.execute(statement)
    for made, _ in kept:
        connection.execute(made)
    for table in COUNTED:
        connection.execute(LOUD.format(table))
