"""{"mail": "clicked", "automation": id?, "template": id?, "times"?, "within"?}: what became of our mails.

Sent is what a provider has accepted, whatever followed. Opens, clicks and conversions are nobody's until they are kept.
"""

from __future__ import annotations

from app.deliveries.delivery import ACCEPTED
from app.segments import words
from app.segments.conditions.event import as_often, often
from app.segments.fields import MAIL_STATES
from app.segments.frame import Frame
from app.segments.meaning import Meaning, Said, bounds, one
from app.segments.sets import Part
from app.segments.words import Words

NOTHING = "FROM (SELECT c.id AS customer_id, now() AS at FROM customers c WHERE false) mails WHERE true"
STATES = ", ".join(map(repr, ACCEPTED))
SENT = f"""
  FROM (SELECT d.customer_id, d.accepted_at AS at, r.automation_id, v.template_id
          FROM deliveries d
          JOIN runs r ON r.id = d.run_id
          JOIN template_versions v ON v.id = r.version_id
         WHERE d.state IN ({STATES})) mails
 WHERE true"""


def part(said: Said, frame: Frame) -> Part:
    return as_often(_source(said, frame), said.get("times"), frame)


def _source(said: Said, frame: Frame) -> str:
    if said["mail"] != "sent":
        return NOTHING
    which = [f" AND mails.{name}_id = {frame.bind(said[name])}" for name in ("automation", "template") if name in said]
    return SENT + "".join(which) + bounds("mails.at", said.get("within"), frame)


def sentence(said: Said) -> Words:
    by = words.phrase(" of automation {}", said["automation"]) if "automation" in said else []
    of = words.phrase(" from template {}", said["template"]) if "template" in said else []
    what = [words.Bit(" a mail"), *by, *of]
    state = words.phrase("who {}", dict(MAIL_STATES)[said["mail"]])
    return [*state, *what, *words.times(said.get("times")), *words.within(said.get("within"))]


def told(said: Said, frame: Frame, customer_id: int) -> str:
    source = _source(said, frame)
    row = one(f"SELECT count(*), max(mails.at) {source} AND mails.customer_id = :id", frame, id=customer_id)
    return often(row[0], row[1], frame)


MEANING = Meaning(part, sentence, told)
