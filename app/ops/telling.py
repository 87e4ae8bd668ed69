"""What an alert says is mailed to the admins: its title and a link, never the reason, which may quote somebody."""

from __future__ import annotations

from datetime import datetime

from markupsafe import escape

from app import running
from app.accounts import users
from app.alerts import keeping as alerts
from app.alerts.alert import Alert
from app.audit import SYSTEM
from app.deliveries import notices

WHY = "The page says what happened and what can be done about it."


def tell(now: datetime) -> int:
    """One mail to each admin who can sign in, written in the transaction that notes it."""
    to = [admin.email for admin in users.active_admins()]
    waiting = alerts.unmailed(now) if to else []
    for alert in waiting:
        _write(alert, to)
        alert.mailed_at = now
    return len(waiting)


def _write(alert: Alert, to: list[str]) -> None:
    title, there = " ".join(alert.title.split()), f"{running.config().base_url}{alert.path}"
    html = f'<p>{escape(title)}.</p><p>{WHY}</p><p><a href="{escape(there)}">{escape(there)}</a></p>'
    notices.write("alert", to, f"[Alert] {title}", html, f"{title}.\n\n{WHY}\n\n{there}\n", SYSTEM)
