"""How far they came: each funnel is a chain of moves in which every move starts where the last one ended."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from app.demo import rhythm
from app.demo.people import Person
from app.demo.plan import Plan
from app.demo.rhythm import DAY
from app.demo.words import words

TABLE = "funnel_events"
COLUMNS = "id, customer_id, funnel_type, from_stage, to_stage, created_date, received_at"
MOST = 16  # moves of one person; ids are dealt out in hands of this size

Steps = list[tuple[str, int]]  # the stage, and after how many days


def travel(person: Person, plan: Plan, dice: Random) -> None:
    throw = dice.random
    if throw() < 0.06:
        return  # came for the shop only
    ended = _walk(person, plan, "sales", _sales(throw), person.signed_up + 60 + int(throw() * 900), throw)
    if person.moves[-1][3] == "enrolled":
        person.course = _course(person, throw)
        _walk(person, plan, "service-delivery", _service(throw), ended + int((0.1 + throw()) * DAY), throw)
        person.studying = _studying(person, plan.now)
    elif len(person.moves) > 1:
        person.course = _course(person, throw)


def lines(person: Person, plan: Plan) -> Iterator[str]:
    number = plan.events + (person.id - 1) * MOST  # behind the ids of behaviour: an id names one fact
    for at, funnel, came_from, to in person.moves:
        number += 1
        moment = plan.calendar.stamp(at)
        yield f"{number}\t{person.id}\t{funnel}\t{came_from or chr(92) + 'N'}\t{to}\t{moment}\t{moment}\n"


def _sales(throw: rhythm.Throw) -> Steps:
    if throw() < 0.38:
        return [("enquired", 0), *([("lapsed", 45)] if throw() < 0.4 else [])]
    steps = [("enquired", 0), ("applied", 9)]
    if throw() < 0.3:
        steps.append(("lapsed", 30))
        if throw() < 0.3:
            steps += [("enquired", 60), ("applied", 12)]
        else:
            return steps
    if throw() < 0.35:
        return steps
    steps.append(("interview", 12))
    end = throw()
    return [*steps, ("enrolled", 10)] if end < 0.62 else [*steps, ("lapsed", 25)] if end < 0.85 else steps


def _service(throw: rhythm.Throw) -> Steps:
    steps = [("onboarding", 0), ("studying", 14)]
    if throw() < 0.15:
        steps.append(("paused", 60))
        if throw() < 0.3:
            return [*steps, ("withdrawn", 40)]
        steps.append(("studying", 35))
    return [*steps, ("graduated", 150)] if throw() < 0.8 else steps


def _walk(person: Person, plan: Plan, funnel: str, steps: Steps, begin: int, throw: rhythm.Throw) -> int:
    """Takes the steps whose time has come; returns the moment of the last one taken."""
    calendar, came_from, at = plan.calendar, "", min(begin, plan.now - 60)
    for number, (stage, days) in enumerate(steps):
        if number:
            day = at // DAY + 1 + int(days * (0.3 + 1.4 * throw()))
            if day >= calendar.today:
                break
            at = max(at + 3600, person.local(day, rhythm.second_of(rhythm.OFFICE, throw), calendar.first))
        if at >= plan.now:
            break
        person.moves.append((at, funnel, came_from, stage))
        came_from = stage
    return at


def _course(person: Person, throw: rhythm.Throw) -> str:
    if not person.interests:
        return "Data Foundations"
    offered = words().courses[person.interests[0]]
    return offered[int(throw() * len(offered))]


def _studying(person: Person, now: int) -> tuple[int, int] | None:
    began = next((at for at, _, _, to in person.moves if to == "studying"), 0)
    ended = next((at for at, _, _, to in person.moves if to in {"graduated", "withdrawn"}), now)
    return (began, ended) if began else None
