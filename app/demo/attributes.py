"""What is known about them: attributes of all six types with the gaps of real data, and how some of them changed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from random import Random

from app.demo.people import Person
from app.demo.plan import Plan
from app.demo.rhythm import DAY, Throw
from app.demo.words import as_json, plain, words

TABLE = "attribute_changes"
COLUMNS = "id, customer_id, name, old, new, source, at"
TYPES_COLUMNS = "name, field_type, is_declared, created_date"
MOST = 8  # changes of one person

DECLARED = {
    "score": "numeric",
    "course": "string",
    "interest": "array",
    "intake": "date",
    "first_visit": "timestamp",
    "scholarship": "boolean",
}
OBSERVED = {
    "campus_city": "string",
    "shop_user": "boolean",
    "referral_code": "string",
    "languages": "array",
    "budget": "numeric",
}
LANGUAGES = ("German", "English", "French", "Spanish", "Italian", "Polish", "Turkish", "Arabic", "Ukrainian", "Dutch")
STAGE_SCORE = {"enquired": 0, "lapsed": -8, "applied": 14, "interview": 24, "enrolled": 34}


def know(person: Person, plan: Plan, dice: Random) -> None:
    throw = dice.random
    score = _score(person, throw)
    person.changes = _score_changes(person, plan, score, throw) if score is not None and throw() < 0.14 else []
    person.attributes = "{" + ", ".join(_held(person, plan, score, throw)) + "}"
    moments = [person.signed_up, *(at for at, *_ in person.changes), *(at for at, *_ in person.moves)]
    person.updated = max(moments)


def lines(person: Person, plan: Plan) -> Iterator[str]:
    number = (person.id - 1) * MOST
    for at, name, old, new, source in person.changes:
        number += 1
        yield f"{number}\t{person.id}\t{name}\t{old}\t{new}\t{source}\t{plan.calendar.stamp(at)}\n"


def types(plan: Plan) -> Iterator[str]:
    """The rows of attribute_types: some names are bound to their type, some were only seen with it."""
    began = plan.calendar.stamp(plan.calendar.first * DAY)
    for kinds, is_declared in ((DECLARED, "t"), (OBSERVED, "f")):
        yield from (f"{name}\t{kind}\t{is_declared}\t{began}\n" for name, kind in kinds.items())


def _score(person: Person, throw: Throw) -> int | None:
    if throw() < 0.07:
        return None
    stage = STAGE_SCORE.get(person.moves[-1][3], 40) if person.moves else -5
    return max(0, min(100, int(20 + stage + 45 * throw() * throw() ** 0.3)))


def _held(person: Person, plan: Plan, score: int | None, throw: Throw) -> Iterator[str]:
    said = words()
    if score is not None:
        yield f'"score": {score}'
    if person.interests:
        yield f'"interest": {as_json(person.interests)}'
    if person.course:
        yield f'"course": "{person.course}"'
        yield f'"intake": "{_intake(person)}"'
    if person.course or throw() < 0.3:
        yield f'"scholarship": {"true" if throw() < 0.11 else "false"}'
    if throw() < 0.83:
        before = min(int(throw() ** 3 * 40 * DAY), person.signed_up - plan.calendar.first * DAY)
        yield f'"first_visit": "{plan.calendar.iso(person.signed_up - max(0, before))}"'
    if throw() < 0.78:
        yield f'"campus_city": "{said.campuses[int(len(said.campuses) * throw() ** 1.7)]}"'
    if throw() < 0.9:
        yield f'"shop_user": {"true" if throw() < 0.34 else "false"}'
    if throw() < 0.22 and (letters := plain(person.first).upper()):
        yield f'"referral_code": "{letters[:4]}-{_code(person.id)}"'
    if throw() < 0.25:
        yield f'"languages": {as_json(list(dict.fromkeys(LANGUAGES[int(10 * throw() ** 2)] for _ in range(3))))}'
    if throw() < 0.08:
        yield f'"budget": {250 * (2 + int(58 * throw() ** 2))}'


def _intake(person: Person) -> str:
    """The second Monday of the next January, April or September after they asked."""
    asked = date.fromordinal(719163 + person.signed_up // DAY)
    starts = [date(asked.year + n // 3, (1, 4, 9)[n % 3], 8) for n in range(1, 6)]
    first = next(day for day in starts if day > asked)
    return first.replace(day=8 + (-first.weekday()) % 7).isoformat()


def _code(number: int) -> str:
    """Four letters and digits, none of which is read as another."""
    signs, number = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ", number * 613_651 % 1_048_576
    return "".join(signs[number >> shift & 31] for shift in (15, 10, 5, 0))


def _score_changes(person: Person, plan: Plan, score: int, throw: Throw) -> list[tuple[int, str, str, str, str]]:
    """A chain that ends at the score of today."""
    span = plan.now - 60 - person.signed_up
    moments = sorted({person.signed_up + 1 + int(span * throw()) for _ in range(1 + int(4 * throw() ** 2))})
    values = [max(0, score - int((len(moments) - n) * (3 + 14 * throw()))) for n in range(len(moments))] + [score]
    steps = zip(moments, values, values[1:], strict=False)
    return [(at, "score", str(old), str(new), _source(throw)) for at, old, new in steps if old != new]


def _source(throw: Throw) -> str:
    return "LMS (API)" if throw() < 0.8 else "lms-september.csv"
