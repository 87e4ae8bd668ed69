"""{"consent": "newsletter", "is": "given"}: may a promotional mail about this topic be sent to them now?"""

from __future__ import annotations

from app.consent import permission
from app.segments import words
from app.segments.frame import Frame
from app.segments.meaning import Meaning, Said
from app.segments.sets import Ids, Part
from app.segments.unavailable import Unavailable
from app.segments.words import Words


def part(said: Said, frame: Frame) -> Part:
    try:
        judgement = permission.judged("promotional", said["consent"], frame.now)
    except permission.UnknownTopic:
        raise Unavailable(f"There is no topic “{said['consent']}” any more.") from None
    sql = judgement.sql
    for name, value in judgement.said.items():
        sql = sql.replace(f":{name}", frame.bind(value))
    allowed = Ids(f"SELECT customer_id FROM ({sql}) judged WHERE refusal IS NULL", is_once=True, is_living=True)
    return allowed if said.get("is", "given") == "given" else allowed.negated


def sentence(said: Said) -> Words:
    may = "may" if said.get("is", "given") == "given" else "may not"
    return words.phrase(f"who {may} be mailed about {{}}", said["consent"])


def told(said: Said, frame: Frame, customer_id: int) -> str:
    refusal = permission.refusals([customer_id], "promotional", said["consent"], frame.now).get(customer_id)
    return f"no: {refusal.replace('_', ' ')}" if refusal else "yes"


MEANING = Meaning(part, sentence, told)
