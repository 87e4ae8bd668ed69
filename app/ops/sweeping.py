"""Links that expired: kept for a while, so that they say what they were, then forgotten."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete

from app.accounts.invitation import Invitation
from app.db import db

KEPT = timedelta(days=30)


def forget_expired_invitations(now: datetime) -> None:
    db.session.execute(delete(Invitation).where(Invitation.expires_at < now - KEPT))
