"""The back doors of this room."""

from __future__ import annotations

from app.pump import SetWork, pump
from app.queue import job
from app.tracking import credit, recounting
from app.tracking.credit_work import CreditWork, Recount

CREDIT = SetWork("Conversions to credit", CreditWork, "events", "tracking.credit", batch=250)
RECOUNTS = SetWork("Conversions to count again", Recount, "upkeep", "tracking.recount", batch=1)


@job("events", name="tracking.credit")
def give_credit() -> int:
    return pump(CREDIT, credit.settle)


@job("upkeep", name="tracking.recount")
def recount() -> int:
    return pump(RECOUNTS, recounting.settle)
