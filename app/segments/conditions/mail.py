"""{"mail": "clicked", "automation": id?, "template": id?, "times"?, "within"?}: what became of our mails.

Each mail counts once, at its first time: sent when a provider accepted it, whatever followed; opened and clicked by a
person, machines left out; converted when it has the credit.
"""

from __future__ import annotations

from app.segments import words
from app.segments.conditions.event import as_often, is_never, often
from app.segments.fields import MAIL_STATES
from app.segments.frame import Frame
from app.segments.meaning import Meaning, Said, bounds, one
from app.segments.sets import Part
from app.segments.words import Words

MOMENTS = {"sent": "accepted_at", "opened": "opened_at", "clicked": "clicked_at", "converted": "converted_at"}
# Runs are looked at only where somebody asks which: of a million mails the joins cost as much as the mails.
OF_RUN = " JOIN runs r ON r.id = d.run_id"
OF_VERSION = """ LEFT JOIN run_variants n ON n.run_id = d.run_id AND n.place = d.variant
  JOIN template_versions v ON v.id = coalesce(n.version_id, r.version_id)"""


def part(said: Said, frame: Frame) -> Part:
    return as_often(_source(said, frame), said.get("times"), frame)


def _source(said: Said, frame: Frame) -> str:
    at = f"d.{MOMENTS[said['mail']]}"
    by = f" AND r.automation_id = {frame.bind(said['automation'])}" if "automation" in said else ""
    of = f" AND v.template_id = {frame.bind(said['template'])}" if "template" in said else ""
    joins = (OF_RUN if by or of else "") + (OF_VERSION if of else "")
    return f"FROM deliveries d{joins} WHERE {at} IS NOT NULL{by}{of}{bounds(at, said.get('within'), frame)}"


def sentence(said: Said) -> Words:
    by = words.phrase(" of automation {}", said["automation"]) if "automation" in said else []
    of = words.phrase(" from template {}", said["template"]) if "template" in said else []
    what = [words.Bit(" a mail"), *by, *of]
    times, state = said.get("times"), dict(MAIL_STATES)[said["mail"]]
    who = words.phrase("who {} {}", "never", state) if is_never(times) else words.phrase("who {}", state)
    return [*who, *what, *([] if is_never(times) else words.times(times)), *words.within(said.get("within"))]


def told(said: Said, frame: Frame, customer_id: int) -> str:
    latest = f"SELECT count(*), max(d.{MOMENTS[said['mail']]}) {_source(said, frame)} AND d.customer_id = :id"
    row = one(latest, frame, id=customer_id)
    return often(row[0], row[1], frame)


MEANING = Meaning(part, sentence, told)
