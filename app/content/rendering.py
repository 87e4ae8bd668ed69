"""A frozen version becomes a mail for one person. Compiled once in a process, then pure and cheap.

A target that leads to no allowed place is made harmless here, because only here it is known.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from jinja2 import TemplateSyntaxError, nodes
from jinja2.environment import Template

from app.content import addresses, headers, links
from app.content.language import Problem, Refused, names
from app.content.language.environment import HTML, TEXT, Language
from app.content.language.reading import read
from app.content.language.rewriting import Policies, rewritten
from app.content.language.state import State

MOST = 2_000_000  # characters of one part of a mail; Gmail cuts at a twentieth
PIECES = 1_000
KEPT = 64  # versions that a process keeps compiled
ALONE = re.compile(r"(?m)^[ \t]*(\{%(?:(?!%\}).)*%\})[ \t]*\n")
UTC = ZoneInfo("UTC")
GIVEN: dict[str, Any] = {name: [] if name == "recommendations" else {} for name in names.ROOTS}

Replace = Callable[[int, str], str]


@dataclass(frozen=True)
class Frozen:
    """The sources of a version. Policies: {field: {"default": text} or {"skip": true}}"""

    subject: str
    preheader: str
    html: str
    text: str
    policies: Policies = field(default_factory=dict)


@dataclass(frozen=True)
class Rendered:
    """`missing` fields of this person, loops over nothing, and the places of links that lead nowhere."""

    subject: str
    preheader: str
    html: str
    text: str
    missing: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()
    dead: tuple[int, ...] = ()


def render(frozen: Frozen, known: Mapping[str, Any], zone: ZoneInfo = UTC, replace: Replace | None = None) -> Rendered:
    return compiled(frozen).render(known, zone, replace)


def compiled(frozen: Frozen, led: Mapping[int, str] = links.NONE, tail: str = "") -> Mail:
    """Raises Refused. Ask once for a batch, not for each of its people. `led` and `tail`: see `links.read`."""
    policies = json.dumps({name: dict(policy) for name, policy in frozen.policies.items()}, sort_keys=True)
    return _compiled(frozen.subject, frozen.preheader, frozen.html, frozen.text, policies, tuple(led.items()), tail)


def problems(frozen: Frozen) -> dict[str, list[Problem]]:
    """Of each part that has some."""
    found = {name: read(getattr(frozen, name)).problems for name in ("subject", "preheader", "html", "text")}
    if not found["html"]:
        found["html"] = links.read(frozen.html).problems
    if not any(found.values()):
        try:
            compiled(frozen)
        except Refused as refused:
            found["html"] = refused.problems
    return {name: some for name, some in found.items() if some}


@dataclass(frozen=True)
class Mail:
    subject: Template
    preheader: Template
    html: Template
    text: Template
    found: links.Found

    def render(
        self, known: Mapping[str, Any], zone: ZoneInfo = UTC, replace: Replace | None = None, word: str = ""
    ) -> Rendered:
        """`replace` gets the place of each link that holds a field and where it leads, and answers where it shall lead;
        `word` stands wherever `links.HERE` was. Raises Skip."""
        given = {name: known.get(name, nothing) for name, nothing in GIVEN.items()}
        state = State(_zone_of(given["customer"], zone))
        given["_state"], given["_word"] = state, word
        follower = _Follower(self.found.marks, replace)
        state.address = follower.follow
        return Rendered(
            headers.one_line(_run(self.subject, given)),
            headers.one_line(_run(self.preheader, given), headers.LONGEST_PREHEADER),
            _run(self.html, given),
            _run(self.text, given),
            tuple(state.missing),
            tuple(state.empty),
            tuple(follower.dead),
        )


@lru_cache(KEPT)
def _compiled(
    subject: str, preheader: str, html: str, text: str, policies: str, led: tuple[tuple[int, str], ...], tail: str
) -> Mail:
    kept = json.loads(policies)
    _judge(html)
    found = links.read(html, dict(led), tail)
    if found.problems:
        raise Refused(found.problems)
    return Mail(
        _template(TEXT, subject, kept),
        _template(TEXT, preheader, kept),
        _template(HTML, found.html, kept, found.places, is_judged=True),
        _template(TEXT, ALONE.sub(r"\1", text), kept),
        found,
    )


def _judge(source: str) -> nodes.Template:
    reading = read(source)
    if reading.problems or reading.tree is None:
        raise Refused(reading.problems)
    return reading.tree


def _template(
    language: Language, source: str, policies: Policies, places: list[str] | None = None, *, is_judged: bool = False
) -> Template:
    """With its marks a source holds what the judge refuses: he saw it without them."""
    tree = _parsed(language, source) if is_judged else _judge(source)
    return language.of(rewritten(tree, policies, places or ()))


def _parsed(language: Language, source: str) -> nodes.Template:
    try:
        return language.parse(source)
    except TemplateSyntaxError as error:
        message = "an address is not closed, or a condition or loop begins inside it and ends outside"
        raise Refused([Problem(error.lineno, message)]) from None


def _run(template: Template, given: dict[str, Any]) -> str:
    pieces = template.root_render_func(template.new_context(given, shared=True))
    return "".join(_bounded(pieces))


def _bounded(pieces: Iterator[str]) -> list[str]:
    kept = list(islice(pieces, PIECES))
    size, seen = 0, 0
    while seen < len(kept):
        size += sum(map(len, kept[seen:]))
        seen = len(kept)
        if size > MOST:
            raise Refused([Problem(1, f"for this person it would be longer than {MOST:,} characters")])
        kept += islice(pieces, PIECES)
    return kept


@dataclass(slots=True)
class _Follower:
    """Hears of each address that a field stands in, as it is rendered."""

    marks: list[links.Mark]
    replace: Replace | None
    dead: list[int] = field(default_factory=list)

    def follow(self, number: int, target: str) -> str:
        """What it gets and what it answers is not escaped."""
        mark = self.marks[number]
        target = self.checked(addresses.whole(target), mark)
        if mark.place is None or self.replace is None or target == addresses.NOWHERE:
            return target
        return self.replace(mark.place, target)

    def checked(self, target: str, mark: links.Mark) -> str:
        if addresses.leads_somewhere(target, mark.schemes):
            return target
        if mark.place is not None:
            self.dead.append(mark.place)
        return mark.instead


@lru_cache(1_000)
def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _zone_of(customer: Any, instead: ZoneInfo) -> ZoneInfo:
    name = customer.get("timezone") if isinstance(customer, dict) else None
    return (_zone(name) if isinstance(name, str) and name and len(name) < 64 else None) or instead
