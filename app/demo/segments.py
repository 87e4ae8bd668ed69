"""To whom the team writes: rules, a list, SQL and a function. They are counted by the clock, as everywhere."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select, text

from app.audit import Actor
from app.db import db
from app.demo import team
from app.demo.plan import Plan
from app.segments import keeping, listed
from app.segments.definition import Definition
from app.segments.segment import ListedCustomer, Segment

PRESS = 40  # people of the press list
# Who kept it, so many days ago, and what it is.
SEGMENTS: tuple[tuple[str, int, Definition], ...] = (
    ("ines@campus.example", 88, Definition(
        "Warm applicants", "rules", "Applied, and came back since.",
        rules={"all": [
            {"funnel": "sales", "in_stage": "applied"},
            {"any": [
                {"event": "login", "times": {"at_least": 2}, "within": {"last": "30d"}},
                {"event": "open_day_booked", "within": {"last": "60d"}},
            ]},
            {"none": [{"event": "loan_requested", "within": {"last": "30d"}}]},
        ]},
    )),
    ("clara@campus.example", 61, Definition(
        "Three days straight", "rules", "Logged in on three days in a row: they are at it.",
        rules={"streak": "login", "days": 3, "starting": "any"},
    )),
    ("jonas@campus.example", 47, Definition(
        "Second purchase in a week", "rules", "Bought again within a week of the first time.",
        rules={"nth": {"event": "order_completed", "n": 2}, "within": "7d", "of_n": 1},
    )),
    ("clara@campus.example", 33, Definition("Press list", "manual", "Whom we tell of new courses first.")),
    ("jonas@campus.example", 20, Definition(
        "Left at the checkout", "sql", "Began to pay in the last thirty days, and never bought.",
        selection_sql="SELECT DISTINCT customer_id\nFROM events\nWHERE name = 'checkout_started'\n"
        "  AND occurred_at > now() - interval '30 days'\n  AND customer_id NOT IN (\n"
        "    SELECT customer_id FROM events WHERE name = 'order_completed'\n  )",
    )),
    ("ines@campus.example", 12, Definition(
        "A tenth to try things on", "function", "The same people each time.",
        handler_function="random_percent", arguments={"percent": 10, "salt": "trials"},
    )),
    ("ines@campus.example", 367, Definition(
        "Everybody else", "rules", "Whoever does not study: those get a letter of their own each week.",
        rules={"none": [
            {"funnel": "service-delivery", "in_stage": "onboarding"},
            {"funnel": "service-delivery", "in_stage": "studying"},
        ]},
    )),
    ("ines@campus.example", 367, Definition(
        "Studying now", "rules", "Came on board, and has not left.",
        rules={"any": [
            {"funnel": "service-delivery", "in_stage": "onboarding"},
            {"funnel": "service-delivery", "in_stage": "studying"},
        ]},
    )),
    ("ines@campus.example", 367, Definition(
        "Asking", "rules", "Enquired or applied, and nothing is decided.",
        rules={"any": [{"funnel": "sales", "in_stage": "enquired"}, {"funnel": "sales", "in_stage": "applied"}]},
    )),
    ("renate@campus.example", 333, Definition(
        "Quiet for three months", "sql", "Were there before, and did nothing since.",
        selection_sql="SELECT id AS customer_id\nFROM customers c\nWHERE created_date < now() - interval '90 days'\n"
        "  AND NOT EXISTS (\n    SELECT FROM events e\n    WHERE e.customer_id = c.id"
        " AND e.occurred_at > now() - interval '90 days'\n  )",
    )),
)  # fmt: skip
# As far apart as they can be, so that they are of all times.
DRAWN = text("SELECT id FROM customers WHERE id % :apart = 1 AND erased_at IS NULL ORDER BY id LIMIT :most")


def bring(plan: Plan) -> None:
    """After the people; only what is missing."""
    for email, days, wanted in SEGMENTS:
        if not db.session.scalar(select(Segment.id).where(Segment.name == wanted.name)):
            keeping.create(wanted, plan.now_at - timedelta(days=days), actor(email))
    _fill_list(plan)


def _fill_list(plan: Plan) -> None:
    press = db.session.scalars(select(Segment).where(Segment.type == "manual", Segment.name == "Press list")).first()
    if press and not db.session.scalar(select(ListedCustomer.id).where(ListedCustomer.customer_segment_id == press.id)):
        apart = max(plan.customers // PRESS, 2)
        ids = db.session.scalars(DRAWN, {"apart": apart, "most": PRESS}).all()
        listed.add(press, ids, "press-2026.csv", actor("clara@campus.example"))


def actor(email: str) -> Actor:
    user = team.find(email)
    return Actor("user", user.id, user.name) if user else Actor("system", None, "Demo")
