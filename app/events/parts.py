"""The list of events is a union of parts, and an index brings each part's next page: newest first, never a scan.

A part that is found by several keys at once (people, names, stages) asks for a page of each key in turn (LATERAL).
A fact may be in several parts; whoever reads them leaves it out the second time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from app.customers.who import folded as folded_email
from app.events import occurring
from app.events.fact import BEHAVIOUR, EVENTS, FUNNEL, MOVES, PENDING, WAITING, Shelf
from app.events.funnel_event import FUNNEL_TYPES
from app.events.occurring import Move
from app.events.wanted import Wanted, Words
from app.listing import patterns

Where = tuple[str, ...]


class Values(dict[str, Any]):
    """What a statement is given: `values.add(7)` keeps it and returns its place."""

    def add(self, value: Any) -> str:
        name = f"v{len(self)}"
        self[name] = value
        return f":{name}"

    def texts(self, values: Iterable[str]) -> str:
        return f"CAST({self.add(sorted(values))} AS text[])"

    def ids(self, values: Iterable[int]) -> str:
        return f"CAST({self.add(sorted(values))} AS bigint[])"

    def moves(self, moves: Sequence[Move]) -> str:
        columns = ([one.funnel for one in moves], [one.came_from for one in moves], [one.to for one in moves])
        return f"unnest({', '.join(f'CAST({self.add(column)} AS text[])' for column in columns)})"


@dataclass(frozen=True)
class Part:
    shelf: Shelf
    where: Where
    over: str = ""  # the keys by which it is found, as a table `one`

    def page(self, way: str, ahead: Sequence[str]) -> str:
        shelf, where = self.shelf, [*self.where, *(one.format(at=self.shelf.at) for one in ahead)]
        here = f"""SELECT {shelf.columns} FROM {shelf.table} WHERE {_all(where)}
                    ORDER BY {shelf.at} {way}, id {way} LIMIT :most"""
        return f"SELECT fact.* {self._each(here)} ORDER BY fact.at {way}, fact.id {way} LIMIT :most"

    def counted(self) -> str:
        here = f"SELECT id FROM {self.shelf.table} WHERE {_all(self.where)} LIMIT :cap"
        return f"SELECT fact.id {self._each(here)} LIMIT :cap"

    def _each(self, here: str) -> str:
        return f"FROM {self.over} CROSS JOIN LATERAL ({here}) fact" if self.over else f"FROM ({here}) fact"


def of(wanted: Wanted, values: Values) -> list[Part]:
    made = [*_behaviour(wanted, values), *_moves(wanted, values), *_waiting(wanted, values)]
    return [_within(part, wanted, values) for part in made]


def _within(part: Part, wanted: Wanted, values: Values) -> Part:
    since = (f"{part.shelf.at} >= {values.add(wanted.since)}",) if wanted.since else ()
    until = (f"{part.shelf.at} < {values.add(wanted.until)}",) if wanted.until else ()
    return replace(part, where=(*part.where, *since, *until))


def _all(where: Sequence[str]) -> str:
    return " AND ".join(where) or "true"


def _people(ids: Iterable[int], values: Values) -> dict[str, Any]:
    return {"over": f"unnest({values.ids(ids)}) AS one(customer_id)"}


THEIRS = "customer_id = one.customer_id"


# Behaviour


def _behaviour(wanted: Wanted, values: Values) -> Iterator[Part]:
    if BEHAVIOUR not in wanted.kinds or wanted.funnels is not None or wanted.stages:
        return
    where: Where = () if wanted.names is None else (f"name = ANY ({values.texts(wanted.names)})",)
    if wanted.people is not None:
        where += () if wanted.words is None else (_fits_behaviour(wanted.words, values),)
        yield Part(EVENTS, (THEIRS, *where), **_people(wanted.people, values))
    elif wanted.words:
        yield _named(_both(wanted.words.names, wanted.names), values)
        yield Part(EVENTS, (THEIRS, *where), **_people(wanted.words.people, values))
    elif wanted.names is not None:
        yield _named(wanted.names, values)
    else:
        yield Part(EVENTS, ())


def _named(names: Iterable[str], values: Values) -> Part:
    return Part(EVENTS, ("name = one.name",), f"unnest({values.texts(names)}) AS one(name)")


def _both(found: Iterable[str], asked: frozenset[str] | None) -> set[str]:
    return {*found} if asked is None else {*found} & asked


def _fits_behaviour(words: Words, values: Values) -> str:
    return f"(name = ANY ({values.texts(words.names)}) OR customer_id = ANY ({values.ids(words.people)}))"


# Funnel moves


def _moves(wanted: Wanted, values: Values) -> Iterator[Part]:
    if FUNNEL not in wanted.kinds or wanted.names is not None:
        return
    where = _of_move(wanted, "funnel_type", values)
    if wanted.people is not None:
        where += () if wanted.words is None else (_fits_move(wanted.words, values),)
        yield Part(MOVES, (THEIRS, *where), **_people(wanted.people, values))
    elif wanted.words:
        yield _like([move for move in wanted.words.moves if _is_asked(move, wanted)], values)
        yield Part(MOVES, (THEIRS, *where), **_people(wanted.words.people, values))
    elif wanted.stages or wanted.funnels is not None:
        yield _all_like(wanted, where, values)
    else:
        yield Part(MOVES, ())


def _all_like(wanted: Wanted, where: Where, values: Values) -> Part:
    moves = occurring.moves()
    if len(moves) == occurring.MOST:
        return Part(MOVES, where)  # so many different moves are no funnel: there may be more of them
    return _like([move for move in moves if _is_asked(move, wanted)], values)


def _is_asked(move: Move, wanted: Wanted) -> bool:
    is_of_funnel = wanted.funnels is None or move.funnel in wanted.funnels
    return is_of_funnel and all(move.is_at(op, stage) for op, stage in wanted.stages)


def _like(moves: Sequence[Move], values: Values) -> Part:
    found = ("funnel_type = one.funnel", "coalesce(from_stage, '') = one.came_from", "to_stage = one.to_stage")
    return Part(MOVES, found, f"{values.moves(moves)} AS one(funnel, came_from, to_stage)")


def _of_move(wanted: Wanted, funnel: str, values: Values) -> Where:
    funnels = () if wanted.funnels is None else (f"{funnel} = ANY ({values.texts(wanted.funnels)})",)
    return (*funnels, *(_at_stage(op, values.add(stage)) for op, stage in wanted.stages))


def _at_stage(op: str, stage: str) -> str:
    return f"(to_stage = {stage} OR from_stage = {stage})" if op == "is" else f"{op}_stage = {stage}"


def _fits_move(words: Words, values: Values) -> str:
    is_like = f"(funnel_type, coalesce(from_stage, ''), to_stage) IN (SELECT * FROM {values.moves(words.moves)})"
    return f"({is_like} OR customer_id = ANY ({values.ids(words.people)}))"


# Those who wait for their customer


def _waiting(wanted: Wanted, values: Values) -> Iterator[Part]:
    if WAITING not in wanted.kinds:
        return
    is_move = bool(wanted.funnels is not None or wanted.stages)
    where: Where = ("kind = 'funnel'", *_of_move(wanted, "name", values)) if is_move else ()
    if wanted.names is not None:
        where += ("kind = 'event'",)
    if wanted.who:
        yield _for(wanted, where, values)
    elif wanted.words:
        yield from _waiting_words(wanted, where, values)
    elif wanted.names is not None or is_move:
        names = FUNNEL_TYPES if wanted.names is None else wanted.names
        yield _waiting_named(names, where, values)
    else:
        yield Part(PENDING, ())


def _for(wanted: Wanted, where: Where, values: Values) -> Part:
    """Found by whom they wait for, then sorted: OFFSET 0 keeps the planner from walking time instead."""
    theirs = " AND ".join(_waits_for(said, values) for said in wanted.who)
    if wanted.names is not None:
        where += (f"name = ANY ({values.texts(wanted.names)})",)
    if wanted.words:
        where += (f"({_is_named(wanted.words, values)} OR {_is_said(wanted.words, values)})",)
    return Part(replace(PENDING, table=f"(SELECT * FROM pending_events WHERE {theirs} OFFSET 0) AS pending"), where)


def _waiting_words(wanted: Wanted, where: Where, values: Values) -> Iterator[Part]:
    words = wanted.words
    assert words is not None
    names = _both(words.names, wanted.names)
    behaviour, move = ("kind = 'event'",), ("kind = 'funnel'", _is_said(words, values))
    yield _waiting_named(names, (*where, *behaviour), values)
    yield _waiting_named(FUNNEL_TYPES, (*where, *move), values)
    named = () if wanted.names is None else (f"name = ANY ({values.texts(wanted.names)})",)
    theirs = f"(SELECT * FROM pending_events WHERE {_waits_for(words.said, values)} OFFSET 0) AS pending"
    yield Part(replace(PENDING, table=theirs), (*where, *named))


def _waiting_named(names: Iterable[str], where: Where, values: Values) -> Part:
    return Part(PENDING, ("name = one.name", *where), f"unnest({values.texts(names)}) AS one(name)")


def _waits_for(said: str, values: Values) -> str:
    here = values.add(said)
    return f"(lms_lead_id = {here} OR email_folded = {values.add(folded_email(said))} OR anonymous_id = {here})"


def _is_named(words: Words, values: Values) -> str:
    return f"(kind = 'event' AND name = ANY ({values.texts(words.names)}))"


def _is_said(words: Words, values: Values) -> str:
    """Their stages may be ones that no known customer was in: read, for there are few that wait."""
    said = "fold(' ' || name || ' ' || coalesce(from_stage, '') || ' ' || to_stage)"
    return _all(["(kind = 'funnel'", *(f"{said} LIKE {values.add(one)}" for one in patterns(words.said))]) + ")"
