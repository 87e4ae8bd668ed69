"""The back door of this room: the long parts of a journey, one import after the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from app.claims import Claim
from app.clock import clock
from app.db import db
from app.imports import applying, matching, staging, undoing
from app.imports.upload import Import
from app.pump import Work, pump, reason
from app.queue import job, ring

HOURS = 3600


@dataclass(frozen=True)
class Journeys(Work):
    def fail(self, claim: Claim, error: Exception, now: datetime) -> None:
        """What was set aside tells its owner so; what it wrote before stays and can be undone."""
        super().fail(claim, error, now)
        upload = db.session.get_one(Import, claim.key, populate_existing=True)
        if upload.failed_at:
            upload.problem = reason(error)
            upload.state = "stopped" if upload.state in {"applying", "undoing"} else "failed"


IMPORTS = Journeys("Imports", Import, "imports", "imports.carry_on", batch=1)


@job("imports", timeout=6 * HOURS)
def carry_on() -> int:
    done = pump(IMPORTS, go_on)
    if done:
        ring("automations.look_at_shop")  # prices and stock may have come in
    return done


def go_on(import_id: int, now: datetime) -> Iterator[None]:
    """From wherever it stands to where a person is asked, or to the end."""
    upload = db.session.get_one(Import, import_id, populate_existing=True)
    if upload.state == "staging":
        yield from staging.stage(upload)
        enter(upload, "matching")
        yield
    if upload.state == "matching":
        yield from matching.match(upload, now)
        enter(upload, "applying" if upload.goes_on else "preview")
        yield
    if upload.state == "applying":
        yield from applying.apply(upload, now)
        staging.forget(upload.id)
    if upload.state == "undoing":
        yield from undoing.undo(upload, now)


def enter(upload: Import, state: str) -> None:
    upload.state, upload.phase_began_at = state, clock()
