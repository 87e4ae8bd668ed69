"""One way to search, filter and sort, used by every list.

A `Listing` says what a list understands; an `Ask` is what somebody asked of it; a word that the list does not
know is refused with a sentence (BadAsk), never ignored: a filter that silently does nothing shows wrong people.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import unquote

from sqlalchemy import ColumnElement, Select, and_, true

from app.paging import BadCursor, Order, Page, page
from app.seeking import COUNT_CAP, FILTERED_CAP

DAMAGED = "This page link is damaged or belongs to another sort order. Start at the first page."
LONGEST_SEARCH = 200
MOST_FILTERS = 20
TRUNK = re.compile(r"^0+(?=\d{3})")  # the 0 of 0151 is not there in +49 151
VALUELESS = frozenset({"exists", "not_exists"})


class BadAsk(ValueError):
    """What was asked makes no sense; the sentence says why."""


@dataclass(frozen=True)
class Filter:
    """`status:is:open`, as it stands in the URL."""

    field: str
    op: str
    value: str

    def __str__(self) -> str:
        # The name of an attribute may hold a colon; the op never does, and the value may hold whatever it likes.
        return f"{self.field.replace('%', '%25').replace(':', '%3A')}:{self.op}:{self.value}"

    @classmethod
    def parse(cls, written: str) -> Filter:
        name, op, value = [*written.split(":", 2), "", ""][:3]
        if not name or not op or "\0" in value:
            raise BadAsk(f"“{written[:60]}” is not a filter: it needs a field, a comparison and a value.")
        return cls(unquote(name), op, value)


@dataclass(frozen=True)
class Field:
    """What one may filter by. `ops` maps the word in the URL to the words on the screen."""

    name: str
    label: str
    kind: str  # text, number, date, choice, yesno
    ops: Mapping[str, str]
    compile: Callable[[str, str], ColumnElement[bool]]
    choices: tuple[tuple[str, str], ...] = ()
    is_open: bool = False  # the choices help, others may be asked for too

    def where(self, asked: Filter) -> ColumnElement[bool]:
        self.check(asked)
        return self.compile(asked.op, asked.value)

    def check(self, asked: Filter) -> None:
        if asked.op not in self.ops:
            raise BadAsk(f"{self.label} cannot be compared by “{asked.op[:40]}”.")
        if not asked.value.strip() and asked.op not in VALUELESS:
            raise BadAsk(f"{self.label} needs a value to compare with.")
        if self.choices and not self.is_open and asked.value not in dict(self.choices):
            raise BadAsk(f"{self.label} is never “{asked.value[:60]}”.")

    def said(self, asked: Filter) -> str:
        return f"{self.ops.get(asked.op, asked.op)} {dict(self.choices).get(asked.value, asked.value)}".strip()


@dataclass(frozen=True)
class Ask:
    q: str
    filters: tuple[Filter, ...]
    sort: str
    cursor: str | None
    path: Mapping[str, Any] = field(default_factory=dict)  # what stands in the address of the list itself

    @property
    def is_plain(self) -> bool:
        return not self.q and not self.filters

    def args(self, **changes: Any) -> dict[str, Any]:
        """The query of a link: this ask with something changed; a changed ask starts at the first page."""
        args = {"q": self.q or None, "filter": [str(f) for f in self.filters] or None, "sort": self.sort, **changes}
        return {**self.path, **{name: value for name, value in args.items() if value}}

    def without(self, asked: Filter) -> dict[str, Any]:
        return self.args(filter=[str(f) for f in self.filters if f != asked])


@dataclass(frozen=True)
class Listing:
    sorts: Mapping[str, tuple[Any, Any]]  # name -> (column, tie breaker); both indexed
    default: str
    search: Callable[[str], ColumnElement[bool]]
    fields: Mapping[str, Field] = field(default_factory=dict)

    def read(self, q: str, filters: list[str], sort: str | None, cursor: str | None, **path: Any) -> Ask:
        if len(q) > LONGEST_SEARCH:
            raise BadAsk(f"A search is at most {LONGEST_SEARCH} characters long.")
        if len(filters) > MOST_FILTERS:
            raise BadAsk(f"At most {MOST_FILTERS} filters at once.")
        sort = sort or self.default
        if sort.removeprefix("-") not in self.sorts:
            raise BadAsk(f"This list cannot be sorted by “{sort[:40]}”.")
        return Ask(q.strip(), tuple(map(Filter.parse, filters)), sort, cursor or None, path)

    def where(self, ask: Ask) -> ColumnElement[bool]:
        asked = [self.field(f.field).where(f) for f in ask.filters]
        return and_(true(), *([self.search(ask.q)] if ask.q else []), *asked)

    def field(self, name: str) -> Field:
        if name not in self.fields:
            raise BadAsk(f"This list cannot be filtered by “{name[:60]}”.")
        return self.fields[name]

    def order(self, ask: Ask) -> Order:
        column, tie = self.sorts[ask.sort.removeprefix("-")]
        return Order(ask.sort, column, tie)

    def page(self, rows: Select[Any], ask: Ask) -> Page[Any]:
        cap = COUNT_CAP if ask.is_plain else FILTERED_CAP
        try:
            return page(rows.where(self.where(ask)), self.order(ask), ask.cursor, cap=cap)
        except BadCursor as error:
            raise BadAsk(DAMAGED) from error


def words(column: Any) -> Callable[[str], ColumnElement[bool]]:
    """Search by words over one folded text that starts each word after a space (trigram index)."""

    def where(q: str) -> ColumnElement[bool]:
        return and_(true(), *(_like(column, pattern) for pattern in patterns(q)))

    return where


def _like(column: Any, pattern: str) -> ColumnElement[bool]:
    """Of an address only the part before the @ goes to the index: the trigrams of its provider are in every other
    row, and reading them all costs 80 ms instead of 6. An expression that no index has checks the rest."""
    local, at, _ = pattern.partition("@")
    if not at or len(local) < 4:
        return cast("ColumnElement[bool]", column.like(pattern, escape="\\"))
    return and_(column.like(f"{local}@%", escape="\\"), column.concat("").like(pattern, escape="\\"))


def patterns(q: str) -> list[str]:
    tokens = [token for token in folded(q).split() if any(map(str.isalnum, token))]
    return [_pattern(TRUNK.sub("", token) if token.isdecimal() else token) for token in tokens]


def _pattern(token: str) -> str:
    """Trigrams need three characters: shorter words match where a word begins."""
    escaped = token.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%" if len(token) >= 3 else f"% {escaped}%"


def folded(text: str) -> str:
    """The same as SQL's fold(): lower case, no accents, no NUL (PostgreSQL has none)."""
    plain = unicodedata.normalize("NFKD", text.lower().replace("\0", " "))
    return "".join(c for c in plain if not 0x300 <= ord(c) <= 0x36F)
