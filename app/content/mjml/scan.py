"""From source to a tree that knows where everything stands.

Jinja tags are jumped over as a whole, so that a quote or a bracket inside one never ends anything.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

from app.content.mjml import schema, tags
from app.content.mjml.problem import Broken, Problem
from app.content.mjml.tags import Tag

MAX_SOURCE = 500_000  # bytes; real newsletters are 10 to 60 KB
MAX_DEPTH = 100
MAX_ATTRIBUTES = 100
MAX_ELEMENTS = 5_000

UNWANTED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ue000]")
NEXT = re.compile(r"<|\{[{%#]")
NAME = re.compile(r"[A-Za-z][A-Za-z0-9:_.-]*")
SPACE = re.compile(r"\s*")
ATTRIBUTE = re.compile(r"""([^\s=/>"'<{]+)(\s*=\s*)?""")
BARE = re.compile(r"""[^\s"'<>{]+""")
SKIPPED = re.compile(r"<\?.*?\?>|<!doctype[^>]*>", re.IGNORECASE | re.DOTALL)


@dataclass(slots=True)
class Attribute:
    name: str
    value: str
    at: int


@dataclass(slots=True)
class Comment:
    text: str
    at: int

    @property
    def is_for_outlook(self) -> bool:
        return self.text.startswith("<!--[if")


@dataclass(slots=True)
class Stray:
    """Text between elements, where MJML shows none."""

    text: str
    at: int


@dataclass(slots=True)
class Element:
    name: str
    at: int
    attributes: dict[str, Attribute] = field(default_factory=dict)
    children: list[Node] = field(default_factory=list)
    content: str = ""
    content_at: int = 0

    def value(self, name: str) -> str:
        return self.attributes[name].value if name in self.attributes else ""

    def elements(self, name: str = "") -> Iterator[Element]:
        return (child for child in self.children if isinstance(child, Element) and name in ("", child.name))


Node = Element | Comment | Stray | Tag


class Source:
    def __init__(self, text: str) -> None:
        self.text = text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")

    @cached_property
    def _lines(self) -> list[int]:
        return [0, *(found.end() for found in re.finditer("\n", self.text))]

    def problem(self, at: int, message: str, is_error: bool = True) -> Problem:
        line = bisect_right(self._lines, at)
        return Problem(line, at - self._lines[line - 1] + 1, message, is_error)

    def broken(self, at: int, message: str) -> Broken:
        return Broken([self.problem(at, message)])


@dataclass(slots=True)
class Document:
    source: Source
    root: Element
    problems: list[Problem]

    def part(self, name: str) -> Element | None:
        return next(self.root.elements(name), None)


def scan(text: str) -> Document:
    source = Source(text)
    _refuse_unreadable(source)
    try:
        return _Scanner(source).document()
    except tags.Unclosed as unclosed:
        raise source.broken(unclosed.at, f"{unclosed} is never closed") from None


def _refuse_unreadable(source: Source) -> None:
    if len(source.text) > MAX_SOURCE or len(source.text.encode(errors="replace")) > MAX_SOURCE:
        raise source.broken(0, f"the source is larger than {MAX_SOURCE // 1000} KB")
    if unwanted := UNWANTED.search(source.text):
        raise source.broken(unwanted.start(), f"a character that no mail may contain (U+{ord(unwanted[0]):04X})")


class _Scanner:
    def __init__(self, source: Source) -> None:
        self.source, self.text, self.at, self.count = source, source.text, 0, 0
        self.problems: list[Problem] = []

    def document(self) -> Document:
        around = Element("", 0)
        self._fill([around])
        roots = list(around.elements())
        for node in around.children:
            if isinstance(node, Stray) or (isinstance(node, Tag) and not node.is_comment):
                self._say(node.at, "nothing may stand outside of <mjml>")
        if not roots or roots[0].name != "mjml":
            raise self.source.broken(roots[0].at if roots else 0, "the source must start with <mjml>")
        if len(roots) > 1:
            self._say(roots[1].at, "only one <mjml> is possible")
        return Document(self.source, roots[0], self.problems)

    def _fill(self, open_: list[Element]) -> None:
        """Reads to the end; the innermost open element is the last."""
        while found := NEXT.search(self.text, self.at):
            self._stray(open_[-1], found.start())
            self.at = found.start()
            if found[0] != "<":
                open_[-1].children.append(self._tag())
            elif self.text.startswith("<!--", self.at):
                open_[-1].children.append(self._comment())
            elif skipped := SKIPPED.match(self.text, self.at):
                self.at = skipped.end()
            elif self.text.startswith("</", self.at):
                self._close(open_)
            else:
                self._open(open_)
        self._stray(open_[-1], len(self.text))
        if len(open_) > 1:
            raise self.source.broken(open_[-1].at, f"<{open_[-1].name}> is never closed")

    def _stray(self, parent: Element, end: int) -> None:
        text = self.text[self.at : end]
        if text.strip():
            parent.children.append(Stray(text, self.at + len(text) - len(text.lstrip())))

    def _tag(self) -> Tag:
        start, self.at = self.at, tags.end_of(self.text, self.at)
        return Tag(self.text[start : self.at], start)

    def _comment(self) -> Comment:
        start, end = self.at, self.text.find("-->", self.at + 4)
        if end < 0:
            raise self.source.broken(start, "the comment <!-- is never closed")
        self.at = end + 3
        comment = Comment(self.text[start : self.at], start)
        if comment.is_for_outlook:
            list(tags.found(comment.text, start))  # whole ones only: this comment goes out
        return comment

    def _close(self, open_: list[Element]) -> None:
        start = self.at
        name = NAME.match(self.text, start + 2)
        end = self.text.find(">", start)
        if not name or end < 0 or self.text[name.end() : end].strip():
            raise self.source.broken(start, "this closing tag is not complete")
        if len(open_) < 2:
            raise self.source.broken(start, f"</{name[0]}> closes nothing")
        if name[0] != open_[-1].name:
            opened = self.source.problem(open_[-1].at, "").line
            raise self.source.broken(start, f"</{name[0]}> stands where <{open_[-1].name}> of line {opened} must close")
        open_.pop()
        self.at = end + 1

    def _open(self, open_: list[Element]) -> None:
        start = self.at
        name = NAME.match(self.text, start + 1)
        if not name:
            raise self.source.broken(start, "a “<” that starts no element: write &lt;")
        element = Element(name[0], start)
        open_[-1].children.append(element)
        self.count += 1
        if self.count > MAX_ELEMENTS:
            raise self.source.broken(start, f"more than {MAX_ELEMENTS:,} elements")
        self.at = name.end()
        is_closed = self._attributes(element)
        if is_closed:
            return
        if schema.is_verbatim(element.name):
            self._content(element)
            return
        if len(open_) > MAX_DEPTH:
            raise self.source.broken(start, f"more than {MAX_DEPTH} elements inside each other")
        open_.append(element)

    def _attributes(self, element: Element) -> bool:
        """Up to the “>”; true if the element closes itself."""
        while True:
            self.at = self._after_space()
            if self.text.startswith("/>", self.at) or self.text.startswith(">", self.at):
                is_closed = self.text[self.at] == "/"
                self.at += 2 if is_closed else 1
                return is_closed
            self._attribute(element)

    def _attribute(self, element: Element) -> None:
        at = self.at
        found = ATTRIBUTE.match(self.text, at)
        if tags.START.match(self.text, at):
            raise self.source.broken(at, f"Jinja may stand inside an attribute of {element.name}, not between them")
        if not found:
            raise self.source.broken(
                element.at if at >= len(self.text) else at, f"the tag <{element.name} is not complete"
            )
        self.at = found.end()
        value_at = self.at
        value = self._value(element, found[1]) if found[2] else ""
        if found[1] in element.attributes:
            self._say(at, f"{found[1]} is given twice")
        if len(element.attributes) >= MAX_ATTRIBUTES:
            raise self.source.broken(at, f"more than {MAX_ATTRIBUTES} attributes")
        quoted = self.text[value_at : value_at + 1] in ("'", '"')
        element.attributes[found[1]] = Attribute(found[1], value, value_at + quoted if value else at)

    def _value(self, element: Element, name: str) -> str:
        quote = self.text[self.at : self.at + 1]
        if quote not in ('"', "'") or not quote:
            return self._bare(element, name)
        start = self.at = self.at + 1
        stop = re.compile(quote + r"|\{[{%#]")
        while found := stop.search(self.text, self.at):
            if found[0] == quote:
                self.at = found.end()
                return self.text[start : found.start()]
            self.at = tags.end_of(self.text, found.start())
        raise self.source.broken(start, f"the quote of {name} is never closed")

    def _bare(self, element: Element, name: str) -> str:
        found = BARE.match(self.text, self.at)
        if not found:
            raise self.source.broken(self.at, f"the value of {name} of {element.name} wants quotes")
        value = found[0].removesuffix("/") if self.text.startswith(">", found.end()) else found[0]
        self.at += len(value)
        return value

    def _content(self, element: Element) -> None:
        element.content_at = self.at
        stop = re.compile(rf"</{re.escape(element.name)}\s*>|\{{[{{%#]")
        is_css = element.name == "mj-style"
        spaced: list[int] = []
        while found := stop.search(self.text, self.at):
            if found[0].startswith("</"):
                element.content = _spaced(self.text, element.content_at, found.start(), spaced)
                self.at = found.end()
                return
            if is_css and found[0] == "{#" and not tags.WHOLE.match(self.text, found.start()):
                self.at = found.start() + 1
                spaced.append(self.at)
            else:
                self.at = tags.end_of(self.text, found.start())
        raise self.source.broken(element.at, f"<{element.name}> is never closed")

    def _after_space(self) -> int:
        found = SPACE.match(self.text, self.at)
        return found.end() if found else self.at

    def _say(self, at: int, message: str, is_error: bool = True) -> None:
        self.problems.append(self.source.problem(at, message, is_error))


def _spaced(text: str, start: int, end: int, at: list[int]) -> str:
    """“{#id{…}}” inside a rule of CSS is no comment of Jinja, and must not become one."""
    return " ".join(text[a:b] for a, b in pairwise([start, *at, end]))
