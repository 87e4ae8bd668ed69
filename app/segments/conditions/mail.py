"""{"mail": "clicked", "automation": id?, "template": id?, "times"?, "within"?}: what became of our mails.

Nothing has been sent before sending is there: nobody was sent, opened or clicked anything.
"""

from __future__ import annotations

from app.segments import words
from app.segments.conditions.event import as_often
from app.segments.fields import MAIL_STATES
from app.segments.frame import Frame
from app.segments.meaning import Meaning, Said
from app.segments.sets import Part
from app.segments.words import Words

NOTHING = "FROM (SELECT c.id AS customer_id FROM customers c WHERE false) mails WHERE true"


def part(said: Said, frame: Frame) -> Part:
    return as_often(NOTHING, said.get("times"), frame)


def sentence(said: Said) -> Words:
    by = words.phrase(" of automation {}", said["automation"]) if "automation" in said else []
    of = words.phrase(" from template {}", said["template"]) if "template" in said else []
    what = [words.Bit(" a mail"), *by, *of]
    state = words.phrase("who {}", dict(MAIL_STATES)[said["mail"]])
    return [*state, *what, *words.times(said.get("times")), *words.within(said.get("within"))]


def told(_said: Said, _frame: Frame, _customer_id: int) -> str:
    return "nothing was sent yet"


MEANING = Meaning(part, sentence, told)
