"""When the team writes. None of them is active: a demo sends nothing by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import or_, select

from app.automations import keeping
from app.automations.automation import Automation
from app.automations.definition import Definition
from app.content.template import MessageTemplate
from app.db import db
from app.demo.plan import Plan
from app.demo.segments import actor
from app.segments.segment import Segment

# Who made it, so many days ago, for which segment, with which mail: the product's own by its starter, others by name.
AUTOMATIONS = (
    ("ines@campus.example", 40, "Warm applicants", "newsletter", Definition(
        "Interview invitation", description="Reminds those who applied of the talk that is left.",
        topic="newsletter", trigger={"cron": "0 10 * * 2"},
        variants=({}, {"subject": "One talk is left, {{ customer.first_name | default('and it is short') }}"}),
    )),
    ("clara@campus.example", 15, "Press list", "newsletter", Definition(
        "New courses, to the press", purpose="informational", topic=None,
        trigger={"once": "2027-03-01T09:00:00+01:00"},
    )),
    ("ines@campus.example", 242, "", "abandoned-cart", Definition(
        "Checkout reminder", description="Who began to enrol, and did not.", topic="abandoned_cart",
        trigger={
            "event": "checkout_started", "where": [{"property": "total", "op": "at_least", "value": 4000}],
            "delay": "2h", "at_most_every": "1d", "unless": {"event": "order_completed"},
        },
    )),
    ("ines@campus.example", 238, "", "abandoned-cart", Definition(
        "Second reminder", topic="abandoned_cart",
        trigger={"after": {"automation": "Checkout reminder", "delay": "3d", "if": "not_clicked"}},
    )),
    ("ines@campus.example", 366, "Studying now", "The week at Campus", Definition(
        "The week at Campus", description="Every Thursday, to everybody who studies here.", topic="newsletter",
        trigger={"cron": "0 17 * * 4"},
    )),
    ("ines@campus.example", 366, "Everybody else", "News of the month", Definition(
        "News of the month", description="On the first Tuesday.", topic="newsletter",
        trigger={"cron": "0 10 1-7 * 2"},
    )),
    ("ines@campus.example", 366, "Asking", "Open day invitation", Definition(
        "Open day", description="Ten days before our doors open.", topic="promotional",
        trigger={"cron": "0 9 1-7 1,3,5,9,11 3"}, goal={"event": "open_day_booked", "within": "10d"},
        variants=({"subject": "Open day at {{ brand.name }}"},
                  {"subject": "{{ customer.first_name | default('You') }}, see a lesson before you decide"}),
    )),
    ("renate@campus.example", 332, "Quiet for three months", "We have not seen you for a while", Definition(
        "Is it still a plan?", description="A fifth gets nothing, to see whether it helps.", topic="promotional",
        trigger={"cron": "0 11 20 1-11/2 *"}, goal={"event": "login", "within": "14d"}, limits={"holdout_percent": 20},
    )),
    ("ines@campus.example", 366, "", "A word of welcome", Definition(
        "Welcome", description="An hour after somebody has enquired.", topic="newsletter",
        trigger={
            "event": "funnel", "delay": "1h",
            "where": [{"property": "to_stage", "op": "equals", "value": "enquired"}],
        },
    )),
    ("ines@campus.example", 12, "", "abandoned-cart", Definition(
        "Cart left alone", description="A day after somebody has put a course into the cart and gone.",
        topic="abandoned_cart", trigger={"behaviour": "abandoned_cart", "when": "0 10 * * *"},
    )),
    ("ines@campus.example", 11, "", "price-drop", Definition(
        "Cheaper now", description="To whoever watches the course.", topic="price_drop",
        trigger={"behaviour": "price_drop", "when": "at_once"},
    )),
    ("ines@campus.example", 11, "", "back-in-stock", Definition(
        "There again", description="To whoever waits for it, two for each place.", topic="back_in_stock",
        trigger={"behaviour": "back_in_stock", "when": "at_once"},
    )),
)  # fmt: skip


def bring(plan: Plan) -> None:
    """After the segments; only what is missing."""
    for email, days, segment, mail, wanted in AUTOMATIONS:
        if db.session.scalar(select(Automation.id).where(Automation.name == wanted.name)):
            continue
        whom = db.session.scalar(select(Segment.id).where(Segment.name == segment).limit(1))
        is_it = or_(MessageTemplate.starter == mail, MessageTemplate.name == mail)
        what = db.session.scalar(select(MessageTemplate.id).where(is_it).order_by(MessageTemplate.id).limit(1))
        full = replace(wanted, segment_id=whom, template_id=what, trigger=_trigger(wanted.trigger))
        keeping.create(full, plan.now_at - timedelta(days=days), actor(email))


def _trigger(said: Mapping[str, Any]) -> dict[str, Any]:
    """Which one it follows is named above, as its key is not known before it is there."""
    if "after" not in said:
        return dict(said)
    before = db.session.scalar(select(Automation.id).where(Automation.name == said["after"]["automation"]))
    return {"after": {**said["after"], "automation": before}}
