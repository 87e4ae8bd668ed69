"""Keys of two other systems. Nobody knows their secret: it is thrown away before it is shown."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from sqlalchemy import select

from app.accounts.api_key import ApiKey
from app.db import db
from app.demo import team
from app.demo.plan import Plan

# name, scopes, made so many days ago, used so many minutes ago, revoked so many days ago
KEYS = (
    ("LMS", ["ingest", "read"], 360, 4, None),
    ("Shop (old)", ["ingest"], 300, 60 * 24 * 41, 40),
)


def furnish(plan: Plan) -> None:
    maker = team.find("renate@campus.example")
    for name, scopes, made, used, revoked in KEYS:
        if not db.session.scalar(select(ApiKey.id).where(ApiKey.name == name)):
            db.session.add(
                ApiKey(
                    name=name,
                    prefix=f"demo_{secrets.token_hex(2)}",
                    key_hash=hashlib.sha256(secrets.token_bytes(32)).hexdigest(),
                    scopes=scopes,
                    created_by=maker.id if maker else None,
                    created_date=plan.now_at - timedelta(days=made),
                    last_used_at=plan.now_at - timedelta(minutes=used),
                    revoked_at=plan.now_at - timedelta(days=revoked) if revoked else None,
                )
            )
    db.session.flush()
