"""While somebody types, only their latest question matters: the former ones of the same page are stopped in the
database. A question carries the page's token and a number; PostgreSQL shows both as the name of the connection.
"""

from __future__ import annotations

import re

from sqlalchemy import text

from app.db import db

TOKEN = re.compile(r"[0-9a-f]{16}", re.ASCII)
MOST = 10**9
TAG = text("SELECT set_config('application_name', :tag, true)")
# By number, so that a question that was held up on its way never stops a later one.
STOP = text(
    """
    SELECT count(pg_cancel_backend(pid))
      FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid()
       AND application_name ~ '^preview:[0-9a-f]{16}:[0-9]{1,9}$'
       AND split_part(application_name, ':', 2) = :token
       AND CAST(split_part(application_name, ':', 3) AS bigint) < :number
    """
)


def begin(token: str, number: int) -> int:
    """Until the transaction ends this connection works for this question. How many former ones were stopped."""
    if not TOKEN.fullmatch(token) or not 0 <= number < MOST:
        return 0
    stopped = db.session.scalar(STOP, {"token": token, "number": number}) or 0
    db.session.execute(TAG, {"tag": f"preview:{token}:{number}"})
    return stopped
