"""The people who work here. Without a password, so that nobody can sign in as them."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select

from app.accounts.user import User
from app.db import db
from app.demo.chance import dice
from app.demo.plan import Plan

PEOPLE = (
    ("Renate Aumann", "renate@campus.example", "admin", 400),
    ("Ines Okafor", "ines@campus.example", "marketer", 380),
    ("Jonas Brandt", "jonas@campus.example", "marketer", 210),
    ("Clara Dubois", "clara@campus.example", "editor", 150),
    ("Tomasz Nowak", "tomasz@campus.example", "editor", 64),
    ("Aisha Rahman", "aisha@campus.example", "viewer", 33),
)


def furnish(plan: Plan) -> None:
    luck = dice(plan.seed, "team")
    for name, email, role, days in PEOPLE:
        if not find(email):
            came = plan.now_at - timedelta(days=days, minutes=luck.randrange(600))
            seen = plan.now_at - timedelta(minutes=luck.randrange(15, 4000))
            db.session.add(User(name=name, email=email, role=role, created_date=came, last_seen_at=seen))
    db.session.flush()


def find(email: str) -> User | None:
    return db.session.scalar(select(User).where(func.lower(User.email) == email))
