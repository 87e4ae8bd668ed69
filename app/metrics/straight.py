"""What is counted, straight from the rows: exact, whatever the size, and slow where there are millions.

Each statement is one source of a report; the roll-up answers in the same columns, and must equal them always.
A failed mail was never accepted: it counts on the day for which its run was planned.
"""

from __future__ import annotations

from app.metrics.scope import Scope

COUNTS = (
    "sent",
    "delivered",
    "bounced",
    "complained",
    "failed",
    "opened",
    "clicked",
    "converted",
    "unsubscribed",
    "any_opened",
    "any_clicked",
)
OF_ACCEPTED = {
    "delivered": "d.delivered_at IS NOT NULL",
    "bounced": "d.bounced_at IS NOT NULL",
    "complained": "d.complained_at IS NOT NULL",
    "opened": "d.opened_at IS NOT NULL",
    "clicked": "d.clicked_at IS NOT NULL",
    "converted": "d.converted_at IS NOT NULL",
    "unsubscribed": "d.unsubscribed_at IS NOT NULL",
    "any_opened": "(d.opened_at IS NOT NULL OR d.machine_opened_at IS NOT NULL)",
    "any_clicked": "(d.clicked_at IS NOT NULL OR d.machine_clicked_at IS NOT NULL)",
}
IS_TRUE = {
    "sent": "d.accepted_at IS NOT NULL",
    "failed": "d.accepted_at IS NULL",
    **{name: f"(d.accepted_at IS NOT NULL AND {said})" for name, said in OF_ACCEPTED.items()},
}
COUNTED = ", ".join(f"({IS_TRUE[name]})::int AS {name}" for name in COUNTS)
MAILS = f"""
    SELECT d.run_id, d.accepted_at AS at, mailbox(d.email) AS mailbox, {COUNTED} FROM deliveries d
     WHERE d.accepted_at >= :starts AND d.accepted_at < :ends AND {{runs}}
    UNION ALL
    SELECT d.run_id, r.planned_for, mailbox(d.email), {COUNTED} FROM deliveries d JOIN runs r ON r.id = d.run_id
     WHERE d.state = 'failed' AND d.accepted_at IS NULL
       AND r.planned_for >= :starts AND r.planned_for < :ends AND {{runs}}
"""
DAYS = f"""
    SELECT run_id, (at AT TIME ZONE :zone)::date AS day, mailbox, {", ".join(COUNTS)} FROM ({{mails}}) mails
"""
HOURS = f"""
    SELECT run_id, extract(hour FROM at AT TIME ZONE :zone)::int AS hour, {", ".join(COUNTS)} FROM ({{mails}}) mails
"""
# The first time of each mail, so that the hours of a week add up to the mails that were opened.
MOMENTS = """
    SELECT d.run_id, extract(isodow FROM happened.at)::int - 1 AS weekday, extract(hour FROM happened.at)::int AS hour,
           opened, clicked, any_opened, any_clicked
      FROM deliveries d
     CROSS JOIN LATERAL (
       SELECT moment AT TIME ZONE :zone, (what = 1)::int, (what = 2)::int, (what = 3)::int, (what = 4)::int
         FROM (VALUES (1, d.opened_at), (2, d.clicked_at), (3, least(d.opened_at, d.machine_opened_at)),
                      (4, least(d.clicked_at, d.machine_clicked_at))) first(what, moment)
        WHERE moment IS NOT NULL
     ) happened(at, opened, clicked, any_opened, any_clicked)
     WHERE d.accepted_at >= :starts AND d.accepted_at < :ends AND {runs}
       AND num_nonnulls(d.opened_at, d.clicked_at, d.machine_opened_at, d.machine_clicked_at) > 0
"""
CREDITS = """
    SELECT d.run_id, (d.accepted_at AT TIME ZONE :zone)::date AS day, a.rule, c.currency,
           c.amount - c.refunded AS amount, 1 AS conversions
      FROM attributions a
      JOIN conversions c ON c.id = a.conversion_id
      JOIN deliveries d ON d.id = a.delivery_id
     WHERE d.accepted_at >= :starts AND d.accepted_at < :ends AND {runs}
"""

# By mail; of those whose hits were deleted there is only what they were counted as.
LINKS = """
    SELECT d.run_id, coalesce(d.variant, -1) AS variant, h.place,
           count(*) FILTER (WHERE h.is_human) AS clicks, (count(*) FILTER (WHERE h.is_human) > 0)::int AS people,
           count(*) AS any_clicks, 1 AS any_people
      FROM delivery_events h JOIN deliveries d ON d.id = h.delivery_id
     WHERE h.kind = 'click' AND h.place IS NOT NULL
       AND d.accepted_at >= :starts AND d.accepted_at < :ends AND {runs_of_hits}
     GROUP BY d.id, h.place
    UNION ALL
    SELECT run_id, variant, place, clicks, people, any_clicks, any_people FROM forgotten_clicks
     WHERE quarter >= :starts AND quarter < :ends AND {runs}
"""


def days(scope: Scope) -> str:
    return DAYS.format(mails=mails(scope))


def hours(scope: Scope) -> str:
    return HOURS.format(mails=mails(scope))


def moments(scope: Scope) -> str:
    return MOMENTS.format(runs=scope.runs("d.run_id"))


def credited(scope: Scope) -> str:
    return CREDITS.format(runs=scope.runs("d.run_id"))


def links(scope: Scope) -> str:
    return LINKS.format(runs_of_hits=scope.runs("h.run_id"), runs=scope.runs("run_id"))


def mails(scope: Scope) -> str:
    return MAILS.format(runs=scope.runs("d.run_id"))
