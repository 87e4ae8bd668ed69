"""What they did in the last year: a few do a great deal, many do little, a fifth nothing at all."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from random import Random

from app.demo import rhythm, visits
from app.demo.chance import shares
from app.demo.people import Person
from app.demo.plan import Plan
from app.demo.rhythm import DAY
from app.demo.visits import LONGEST, ORDER, Scripts

TABLE = "events"
COLUMNS = "id, customer_id, occurred_at, received_at, name, properties"
BUSIEST = 4_000.0  # times the weight of a quiet person
EAGER = 14  # this many events, and somebody may come ten days in a row

Happening = tuple[int, int, str]  # at, customer, name and properties

scripts = cache(visits.write)


def lines(people: list[Person], plan: Plan, number: int, dice: Random) -> Iterator[str]:
    """In the order of time, as they would have come in: one person's rows do not lie side by side."""
    happened: list[Happening] = []
    counts = shares(plan.event_count(number), [_weight(dice.random()) for _ in people])
    for person, count in zip(people, counts, strict=True):
        if count:
            _live(person, count, plan, dice.random, happened)
    happened.sort()
    written, clock, first = plan.calendar.written, plan.calendar.clock, plan.calendar.first
    for event_id, (at, customer_id, tail) in enumerate(happened, plan.first_event(number)):
        moment = written[at // DAY - first] + clock[at % DAY]
        yield f"{event_id}\t{customer_id}\t{moment}\t{moment}\t{tail}\n"


def _weight(throw: float) -> float:
    """Pareto's law: with this exponent a fifth of the people do four fifths of everything."""
    return 0.0 if throw < 0.18 else min(BUSIEST, ((throw - 0.18) / 0.82 + 1e-9) ** -0.85)


def _live(person: Person, count: int, plan: Plan, throw: rhythm.Throw, out: list[Happening]) -> None:
    begin = max(person.signed_up + 60, plan.now - 365 * DAY)
    left = count
    if count >= EAGER and person.signed_up >= begin - 60 and throw() < 0.2:
        left -= _come_daily(person, plan, min(left, 10 + int(throw() * 6)), throw, out)
    if left and person.studying and begin <= person.studying[0] < plan.now:
        out.append((person.studying[0], person.id, visits.event("course_started", course=person.course)))
        left -= 1
    moments = _moments(person, plan, begin, throw)
    orders = 0
    while left:
        at = next(moments)
        orders += 1
        left -= _visit(person, at, left, scripts(plan.seed), orders, throw, out)


def _visit(
    person: Person, at: int, most: int, told: Scripts, number: int, throw: rhythm.Throw, out: list[Happening]
) -> int:
    is_student = person.studying and person.studying[0] <= at < person.studying[1]
    moods = told.student if is_student else told.visitor
    script = told.pick(moods[int(throw() * len(moods))], person.currency, throw())
    played, key = script.events[:most], person.id
    if 0 <= script.order_at < most:
        order = f"{key}-{number}"
        out.extend([(at + after, key, tail.replace(ORDER, order)) for after, tail in played])
    else:
        out.extend([(at + after, key, tail) for after, tail in played])
    return len(played)


def _moments(person: Person, plan: Plan, begin: int, throw: rhythm.Throw) -> Iterator[int]:
    """Visits thin out as time passes, unless one studies; days and hours are those of the person's own zone."""
    calendar, last = plan.calendar, plan.now - LONGEST
    first_day, span = begin // DAY, (last - begin) / DAY
    lean = 1.15 if person.studying else 1.7
    offsets, first = rhythm.offsets(person.zone, calendar.first), calendar.first
    hours, size = rhythm.VISIT, len(rhythm.VISIT)
    while True:
        day = first_day + int(span * throw() ** lean)
        if calendar.is_quiet(day, throw()):
            day = first_day + int(span * throw() ** lean)
        at = day * DAY + hours[int(throw() * size)] + int(throw() * 3600) - offsets[day - first]
        yield at if begin <= at < last else begin + int((last - begin) * throw())


def _come_daily(person: Person, plan: Plan, days: int, throw: rhythm.Throw, out: list[Happening]) -> int:
    """A login on each day from the sign-up on."""
    first_day, came = person.signed_up // DAY, 0
    for day in range(first_day, min(first_day + days, plan.calendar.today)):
        at = person.local(day, rhythm.second_of(rhythm.VISIT, throw), plan.calendar.first)
        at = at if at > person.signed_up else person.signed_up + 300
        out.append((at, person.id, 'login\t{"platform": "web"}'))
        came += 1
    return came
