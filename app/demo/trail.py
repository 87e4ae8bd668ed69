"""What the team did in the last weeks, as the audit trail would have kept it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from typing import Any

from app.accounts.user import User
from app.audit import Entry
from app.db import db
from app.demo import team
from app.demo.chance import dice, wheel
from app.demo.plan import Plan
from app.demo.words import words

ENTRIES = 120
DAYS = 45

Deed = tuple[str, str, str | None, str, dict[str, Any] | None, dict[str, Any] | None]
"""verb, type, id and name of the subject, before, after"""


def furnish(plan: Plan) -> None:
    luck = dice(plan.seed, "trail")
    staff = [user for _, email, _, _ in team.PEOPLE[:5] if (user := team.find(email))]
    deeds = wheel(DEEDS)
    for at in sorted(_moment(plan.now_at, luck) for _ in range(ENTRIES)):
        deed = luck.choice(deeds)
        _tell(at, staff[0] if deed in ADMINISTERS else luck.choice(staff), deed(luck, at))


def _tell(at: datetime, user: User, deed: Deed) -> None:
    verb, kind, subject_id, subject, before, after = deed
    db.session.add(
        Entry(
            at=at,
            actor_kind="user",
            actor_id=user.id,
            actor_name=user.name,
            verb=verb,
            subject_type=kind,
            subject_id=subject_id,
            subject_name=subject,
            before=before,
            after=after,
        )
    )


def _moment(now: datetime, luck: Random) -> datetime:
    """In office hours of the last weeks, none on a Sunday."""
    day = now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=luck.randrange(1, DAYS))
    day -= timedelta(days=1) if day.weekday() == 6 else timedelta()
    return day + timedelta(hours=7 + luck.randrange(10), seconds=luck.randrange(3600))


def _export(luck: Random, _at: datetime) -> Deed:
    asked = luck.choice(
        [["attributes.interest:contains:data"], ["timezone:is:Europe/Lisbon"], ["created_date:within_last:30"]]
    )
    return "exported", "customers", None, "Customers", None, {"q": luck.choice(["", "", "anna"]), "filters": asked}


def _brand(luck: Random, _at: datetime) -> Deed:
    was, is_now = luck.sample(["#0c6478", "#0b5d70", "#125f6e", "#0a6a80"], 2)
    return "changed", "settings", "brand", "Brand", {"accent": was}, {"accent": is_now}


def _zone(_luck: Random, _at: datetime) -> Deed:
    return "changed", "settings", "team", "Team", {"timezone": "UTC"}, {"timezone": "Europe/Berlin"}


def _topic(luck: Random, _at: datetime) -> Deed:
    name, was, is_now = luck.choice(
        [
            ("Newsletter", "News from us.", "News from us, a few times a month."),
            ("Offers", "Discounts.", "New courses, discounts and events."),
            ("Price drops", "Cheaper now.", "When something on the watch list gets cheaper."),
        ]
    )
    return "changed", "topic", None, name, {"description": was}, {"description": is_now}


def _sender(luck: Random, _at: datetime) -> Deed:
    was, is_now = luck.choice([(None, "orders@campus.example"), ("team@campus.example", None)])
    return "changed", "sender", None, "shop@campus.example", {"reply_to": was}, {"reply_to": is_now}


def _invite(luck: Random, _at: datetime) -> Deed:
    first, last = luck.choice(words().origins[0].first), luck.choice(words().origins[0].last)
    return (
        "invited",
        "user",
        None,
        f"{first.plain}.{last.plain}@campus.example",
        None,
        {"role": luck.choice(["editor", "viewer"])},
    )


def _role(luck: Random, _at: datetime) -> Deed:
    was, is_now = luck.choice([("viewer", "editor"), ("editor", "marketer"), ("marketer", "editor")])
    return "changed the role of", "user", None, luck.choice(team.PEOPLE[2:])[1], {"role": was}, {"role": is_now}


def _key(luck: Random, _at: datetime) -> Deed:
    return "made", "api key", None, luck.choice(["LMS", "Shop", "Warehouse test"]), None, {"scopes": ["ingest"]}


def _revoke(luck: Random, at: datetime) -> Deed:
    return (
        "revoked",
        "api key",
        None,
        luck.choice(["Shop (old)", "Warehouse test"]),
        None,
        {"revoked_at": at.isoformat()},
    )


ADMINISTERS = {_brand, _zone, _topic, _sender, _invite, _role, _key, _revoke}
DEEDS: tuple[tuple[Callable[[Random, datetime], Deed], float], ...] = (
    (_export, 42),
    (_topic, 12),
    (_brand, 10),
    (_sender, 9),
    (_invite, 9),
    (_role, 7),
    (_key, 5),
    (_revoke, 4),
    (_zone, 2),
)
