"""Beside the form: what a trigger that is being written would have done lately."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, available_timezones

from flask import Blueprint, Response

from app import htmx
from app.access import may
from app.automations import reactions, rehearsal, triggers
from app.automations.rehearsal import Rehearsal
from app.blueprints.automations import sent, sent_trigger
from app.db import db
from app.segments import keeping as segments
from app.segments.unavailable import Unavailable
from app.settings import team

door = Blueprint("automation_rehearsal", __name__, url_prefix="/automations/rehearsal")


@door.post("")
@may("edit")
def show() -> Response:
    """What is not clear yet, or takes too long, is an answer to show beside the fields, and no failure of the page."""
    form = sent.fields()
    trigger, faults = sent_trigger.trigger(form, None) if form["when"] in reactions.KINDS else ({}, [])
    segment_id = sent.id_of(form["segment_id"])
    zone = form["timezone"] if form["timezone"] in available_timezones() else team.zone().key
    found, why = None, ""
    if not faults and rehearsal.can_be_counted(trigger) and not triggers.problems(trigger, zone, datetime.now(UTC)):
        try:
            found = _of(trigger, segment_id, zone)
        except Unavailable as unavailable:
            why = unavailable.said
    db.session.rollback()  # nothing is kept of it
    segment = segments.find(segment_id) if segment_id else None
    return htmx.answer(
        "automations/rehearsal.html",
        "automations/_rehearsal.html",
        found=found,
        why=why,
        kind=reactions.kind_of(trigger),
        segment=segment,
        often=form["every_count"],
        days=rehearsal.DAYS,
    )


def _of(trigger: dict[str, object], segment_id: int | None, zone: str) -> Rehearsal:
    return rehearsal.of(trigger, segment_id, ZoneInfo(zone), datetime.now(UTC))
