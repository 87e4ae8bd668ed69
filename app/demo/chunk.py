"""Two thousand people and everything that belongs to them, as the lines of a COPY."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from random import Random

from app.demo import attributes, behaviour, journeys, people
from app.demo.chance import dice
from app.demo.people import Person
from app.demo.plan import Plan


@dataclass(frozen=True)
class Chunk:
    plan: Plan
    number: int

    def dice(self, part: str) -> Random:
        """Each part throws its own: a new noun changes nobody else's rows."""
        return dice(self.plan.seed, part, self.number)

    @cached_property
    def people(self) -> list[Person]:
        made = people.make(self.plan, self.plan.people(self.number), self.dice("people"))
        travels, facts = self.dice("journeys"), self.dice("attributes")
        for person in made:
            journeys.travel(person, self.plan, travels)
            attributes.know(person, self.plan, facts)
        return made


@dataclass(frozen=True)
class Part:
    """One table's rows of a chunk."""

    table: str
    columns: str
    lines: Callable[[Chunk], Iterable[str]]


def _customers(chunk: Chunk) -> Iterator[str]:
    return (people.line(person, chunk.plan) for person in chunk.people)


def _changes(chunk: Chunk) -> Iterator[str]:
    return chain.from_iterable(attributes.lines(person, chunk.plan) for person in chunk.people)


def _moves(chunk: Chunk) -> Iterator[str]:
    return chain.from_iterable(journeys.lines(person, chunk.plan) for person in chunk.people)


def _events(chunk: Chunk) -> Iterator[str]:
    return behaviour.lines(chunk.people, chunk.plan, chunk.number, chunk.dice("behaviour"))


PARTS = (
    Part(people.TABLE, people.COLUMNS, _customers),
    Part(attributes.TABLE, attributes.COLUMNS, _changes),
    Part(journeys.TABLE, journeys.COLUMNS, _moves),
    Part(behaviour.TABLE, behaviour.COLUMNS, _events),
)
