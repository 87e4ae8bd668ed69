"""Adds what changed to the sums of days; and counts all of them anew, in slices, when days begin elsewhere.

To count a run anew, its sums and changes are thrown away and its rows written down as changes, by one statement: what
it throws away and what it counts are the same moment's, whatever others write meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import text

from app.db import db
from app.metrics.rolled import RollUp
from app.metrics.straight import COUNTED, COUNTS
from app.settings import team

SLICE = 200_000  # mails counted anew in one transaction: two seconds
MOST_SLICES = 4  # in one round, so that others get their turn
MOMENTS = ("opened", "clicked", "any_opened", "any_clicked")
WORTH = ("amount", "conversions")
CLICKS = ("clicks", "people", "any_clicks", "any_people")


def _add(table: str, key: str, names: Sequence[str], of: str) -> str:
    sums = ", ".join(f"sum({name}) AS {name}" for name in names)
    added = ", ".join(f"{name} = kept.{name} + excluded.{name}" for name in names)
    return f"""
        INSERT INTO {table} AS kept ({key}, {", ".join(names)}) SELECT {key}, {sums} FROM {of} GROUP BY {key}
            ON CONFLICT ({key}) DO UPDATE SET {added}
    """


THERE = "quarter AT TIME ZONE :zone"
HAPPENED = "happened AT TIME ZONE :zone"
ADD = (
    f"""
    WITH gone AS (DELETE FROM mail_deltas RETURNING *),
         at AS (SELECT *, ({THERE})::date AS day, extract(hour FROM {THERE})::smallint AS hour FROM gone),
         days AS ({_add("mail_days", "day, run_id", COUNTS, "at")}),
         mailboxes AS ({_add("mailbox_days", "day, run_id, mailbox", COUNTS, "at")})
    {_add("mail_hours", "day, run_id, hour", COUNTS, "at")}
    """,
    f"""
    WITH gone AS (DELETE FROM moment_deltas RETURNING *),
         at AS (SELECT *, ({THERE})::date AS day, (extract(isodow FROM {HAPPENED}) - 1)::smallint AS weekday,
                       extract(hour FROM {HAPPENED})::smallint AS hour FROM gone),
         totals AS ({_add("moment_totals", "day, weekday, hour", MOMENTS, "at")})
    {_add("moment_days", "day, run_id, weekday, hour", MOMENTS, "at")}
    """,
    f"""
    WITH gone AS (DELETE FROM credit_deltas RETURNING *),
         at AS (SELECT *, ({THERE})::date AS day FROM gone)
    {_add("credit_days", "day, run_id, rule, currency", WORTH, "at")}
    """,
    f"""
    WITH gone AS (DELETE FROM click_deltas RETURNING *),
         at AS (SELECT *, ({THERE})::date AS day FROM gone)
    {_add("link_days", "day, run_id, variant, place", CLICKS, "at")}
    """,
)
QUARTER = "date_bin('15 minutes', {}, timestamptz '2000-01-01 00:00+00')"
THEIRS = "WHERE run_id = ANY (:runs)"
AGAIN = (
    f"""
    WITH gone AS (DELETE FROM mail_deltas {THEIRS}), days AS (DELETE FROM mail_days {THEIRS}),
         mailboxes AS (DELETE FROM mailbox_days {THEIRS}), hours AS (DELETE FROM mail_hours {THEIRS})
    INSERT INTO mail_deltas (run_id, quarter, mailbox, {", ".join(COUNTS)})
    SELECT run_id, quarter, mailbox, {", ".join(f"sum({name})" for name in COUNTS)}
      FROM (SELECT d.run_id, {QUARTER.format("coalesce(d.accepted_at, r.planned_for)")} AS quarter,
                   mailbox(d.email) AS mailbox, {COUNTED}
              FROM deliveries d JOIN runs r ON r.id = d.run_id
             WHERE d.run_id = ANY (:runs) AND (d.accepted_at IS NOT NULL OR d.state = 'failed')) mails
     GROUP BY run_id, quarter, mailbox
    """,
    f"""
    WITH gone AS (DELETE FROM moment_deltas {THEIRS}), days AS (DELETE FROM moment_days {THEIRS} RETURNING *),
         less AS (SELECT day, weekday, hour, {", ".join(f"-{name} AS {name}" for name in MOMENTS)} FROM days),
         totals AS ({_add("moment_totals", "day, weekday, hour", MOMENTS, "less")})
    INSERT INTO moment_deltas (run_id, quarter, happened, {", ".join(MOMENTS)})
    SELECT d.run_id, {QUARTER.format("d.accepted_at")}, {QUARTER.format("happened.at")},
           {", ".join(f"count(*) FILTER (WHERE what = '{name}')" for name in MOMENTS)}
      FROM deliveries d
     CROSS JOIN LATERAL (VALUES ('opened', d.opened_at), ('clicked', d.clicked_at),
                                ('any_opened', least(d.opened_at, d.machine_opened_at)),
                                ('any_clicked', least(d.clicked_at, d.machine_clicked_at))) happened(what, at)
     WHERE d.run_id = ANY (:runs) AND d.accepted_at IS NOT NULL AND happened.at IS NOT NULL
     GROUP BY 1, 2, 3
    """,
    f"""
    WITH gone AS (DELETE FROM credit_deltas {THEIRS}), days AS (DELETE FROM credit_days {THEIRS})
    INSERT INTO credit_deltas (run_id, quarter, rule, currency, amount, conversions)
    SELECT d.run_id, {QUARTER.format("d.accepted_at")}, a.rule, coalesce(c.currency, ''),
           sum(c.amount - c.refunded), count(*)
      FROM attributions a JOIN conversions c ON c.id = a.conversion_id JOIN deliveries d ON d.id = a.delivery_id
     WHERE d.run_id = ANY (:runs) AND d.accepted_at IS NOT NULL
     GROUP BY 1, 2, 3, 4
    """,
    f"""
    WITH gone AS (DELETE FROM click_deltas {THEIRS}), days AS (DELETE FROM link_days {THEIRS})
    INSERT INTO click_deltas (run_id, quarter, variant, place, {", ".join(CLICKS)})
    SELECT run_id, {QUARTER.format("accepted_at")}, coalesce(variant, -1), place,
           sum(human), count(*) FILTER (WHERE human > 0), sum(hits), count(*)
      FROM (SELECT d.run_id, d.accepted_at, d.variant, h.place,
                   count(*) FILTER (WHERE h.is_human) AS human, count(*) AS hits
              FROM delivery_events h JOIN deliveries d ON d.id = h.delivery_id
             WHERE h.run_id = ANY (:runs) AND h.kind = 'click' AND h.place IS NOT NULL AND d.accepted_at IS NOT NULL
             GROUP BY d.id, h.place) mails
     GROUP BY 1, 2, 3, 4
    UNION ALL
    SELECT run_id, quarter, variant, place, {", ".join(CLICKS)} FROM forgotten_clicks {THEIRS}
    """,
)
NEXT = text(
    """
    SELECT id FROM (SELECT id, sum(planned) OVER (ORDER BY id) - planned AS before
                      FROM (SELECT id, planned FROM runs WHERE id > :after ORDER BY id LIMIT 1000) following) summed
     WHERE before < :most ORDER BY id
    """
)


def roll_up(_now: datetime) -> Iterator[None]:
    """Where nothing was counted yet, or in another zone, all of it is counted; else what changed is added."""
    kept, zone = _kept(), team.zone().key
    if kept.zone != zone:
        kept.zone, kept.counted_until = zone, 0
    for _ in range(MOST_SLICES):
        if kept.counted_until is None:
            break
        kept.counted_until = _count_next(kept.counted_until)
        add(kept.zone)
        yield
        kept = _kept()
    add(kept.zone)


def add(zone: str) -> None:
    for statement in ADD:
        db.session.execute(text(statement), {"zone": zone})


def _kept() -> RollUp:
    """One at a time: whoever else comes waits here."""
    db.session.execute(text("SELECT pg_advisory_xact_lock(hashtext('metrics.roll_up'))"))
    kept = db.session.get(RollUp, 1, populate_existing=True)
    if kept is None:
        kept = RollUp(id=1, zone="", counted_until=0)
        db.session.add(kept)
    return kept


def _count_next(after: int) -> int | None:
    """Of the following runs; None: there are none."""
    runs = db.session.scalars(NEXT, {"after": after, "most": SLICE}).all()
    for statement in AGAIN if runs else ():
        db.session.execute(text(statement), {"runs": runs})
    return runs[-1] if runs else None
