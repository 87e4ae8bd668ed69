"""Is whoever waits still among those who are meant? Asked when a batch is sealed, by the statement that found them.

It is kept on the run with what it was told. Of that, what follows the clock goes on with it: who has “not been seen for
30 days” when a run is planned may have been seen when their mail is due. What does follow it shows where the same
question is put at two moments.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import text

from app.db import db
from app.deliveries.filling import Whom
from app.deliveries.run import Run
from app.settings import team

REASON = "left_segment"
LIMIT = "recheck_segment"
STEP = timedelta(days=1)  # between the two moments: days and moments both show whether they follow
WITHIN = "SELECT a.customer_id FROM (\n{audience}\n) a WHERE a.customer_id = ANY (CAST(:asked AS bigint[]))"


def keep(run: Run, whom: Whom, a_step_later: Whom, now: datetime) -> None:
    said = {name: _kept(value, a_step_later.said[name]) for name, value in whom.said.items()}
    run.audience = {"sql": whom.sql, "said": said, "at": now.isoformat(), "zone": team.zone().key}


def left(run: Run, customer_ids: Sequence[int], now: datetime) -> set[int]:
    """Those of them who are not meant any more."""
    if run.audience is None or not customer_ids:
        return set()
    asked = {**_said(run.audience, now), "asked": list(customer_ids)}
    there = db.session.scalars(text(WITHIN.format(audience=run.audience["sql"])), asked)
    return set(customer_ids) - set(there)


def _kept(value: Any, later: Any) -> dict[str, Any]:
    """As JSON, with its kind."""
    follows = value != later
    if isinstance(value, datetime):
        return {"moment": value.isoformat(), "follows": follows}
    if isinstance(value, timedelta):
        return {"seconds": value.total_seconds()}
    if follows:
        return {"day" if len(value) == len("2026-12-01") else "written": value, "follows": True}
    return {"is": value}


def _said(kept: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    then, zone = datetime.fromisoformat(kept["at"]), ZoneInfo(kept["zone"])
    days = now.astimezone(zone).date() - then.astimezone(zone).date()
    return {name: _at(one, now - then, days) for name, one in kept["said"].items()}


def _at(one: Mapping[str, Any], moved: timedelta, days: timedelta) -> Any:
    """What it says now."""
    if "moment" in one:
        return datetime.fromisoformat(one["moment"]) + (moved if one["follows"] else timedelta())
    if "seconds" in one:
        return timedelta(seconds=one["seconds"])
    if "day" in one:
        return (date.fromisoformat(one["day"]) + days).isoformat()
    if "written" in one:
        return (datetime.fromisoformat(one["written"]) + moved).isoformat()
    return one["is"]
