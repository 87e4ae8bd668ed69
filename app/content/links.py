"""The links of a mail's HTML, found once, and where its fields stand: in text, in a style, inside an address.

Fields are masked first, so that nothing in them is taken for HTML. Around each address that holds some a filter is put
that only we can write: rendering hears by it where the link leads, and may lead it elsewhere. A link that is the same
for everybody is led elsewhere here, once for all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import escape, unescape

from app.content import addresses, markup
from app.content.language import Problem
from app.content.language.environment import READER
from app.content.markup import Attribute, Tag

MASK = re.compile("\x01(\\d+)\x02")
ADDRESSES = frozenset({"href", "src", "background", "action", "formaction", "poster", "xlink:href"})
LINKED = frozenset({"a", "area", "v:roundrect", "v:rect"})
LONGEST_LABEL = 200
MARKED = "{{% filter _address({}) %}}{}{{% endfilter %}}"
NONE: Mapping[int, str] = {}
HERE = "\x1f"  # in an address or a tail of ours: a word that is another one in each mail
SAID = "{% filter _word() %}{% endfilter %}"
END = "</body>"


@dataclass(frozen=True)
class Link:
    place: int
    line: int
    href: str
    label: str


@dataclass(frozen=True)
class Mark:
    """Around an address: of a link with its place, or of a picture. It moves where it holds a field."""

    place: int | None
    is_moving: bool

    @property
    def schemes(self) -> tuple[str, ...]:
        return addresses.PICTURES if self.place is None else addresses.SCHEMES

    @property
    def instead(self) -> str:
        return "" if self.place is None else addresses.NOWHERE


@dataclass
class Found:
    """`html` has marks around addresses that move; `places` say where each {{ … }} stands."""

    html: str = ""
    links: list[Link] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def find(html: str) -> list[Link]:
    """In their order; Outlook's own button is a link as well."""
    return read(html).links


def read(html: str, led: Mapping[int, str] = NONE, tail: str = "") -> Found:
    """Of a source that the language takes; `led` says where links without a field lead instead, by their places, and
    `tail` is put at its end."""
    found = _Reader(*_masked(html), led).read()
    at = found.html.rfind(END) if tail else -1
    found.html = f"{found.html[:at]}{tail}{found.html[at:]}" if at >= 0 else found.html + tail
    found.html = found.html.replace(HERE, SAID)
    return found


def _masked(html: str) -> tuple[str, list[str], list[int]]:
    """The HTML with a mask for each tag of the language, these tags, and which of them show something."""
    plain: list[str] = []
    tags: list[str] = []
    shown: list[int] = []
    inside = False
    for _, kind, value in READER.lex(html):
        if kind == "data" and not inside:
            plain.append(value)
            continue
        if not inside:
            plain.append(f"\x01{len(tags)}\x02")
            shown += [len(tags)] if kind == "variable_begin" else []
            tags.append("")
        tags[-1] += value
        inside = not kind.endswith("_end")
    return "".join(plain), tags, shown


@dataclass
class _Reader:
    masked: str
    tags: list[str]
    shown: list[int]
    led: Mapping[int, str]
    found: Found = field(default_factory=Found)
    fields: frozenset[int] = frozenset()
    at: dict[int, str] = field(default_factory=dict)
    edges: list[tuple[int, int]] = field(default_factory=list)
    counted: tuple[int, int] = (0, 1)

    def read(self) -> Found:
        self.fields = frozenset(self.shown)
        for tag in markup.tags(self.masked):
            self.tag(tag)
        self.found.places = [self.at.get(number, "") for number in self.shown]
        self.found.html = self.restored("".join(self.marked()))
        return self.found

    def tag(self, tag: Tag) -> None:
        if self.numbers(tag.name):
            self.refuse(tag.start, "a field may not stand directly behind “<”")
        if tag.inside and (numbers := self.numbers(self.masked[slice(*tag.inside)])):
            if tag.name == "script":
                self.refuse(tag.start, "a field may not stand in a script")
            self.at.update(dict.fromkeys(numbers, "style"))
        for one in tag.attributes:
            self.attribute(tag, one)

    def attribute(self, tag: Tag, one: Attribute) -> None:
        name, value = MASK.sub("", one.name).lower(), self.masked[one.start : one.end]
        numbers = self.numbers(value)
        if self.numbers(one.name):
            self.refuse(tag.start, "a field may not stand for an attribute; put it in the quotes of one")
        elif numbers and not one.is_quoted:
            self.refuse(tag.start, f"put quotes around the value of “{name}”")
        elif numbers and (name.startswith("on") or name in {"srcdoc", "srcset"}):
            self.refuse(tag.start, f"a field may not stand in “{name}”")
        elif name == "style":
            self.at.update(dict.fromkeys(numbers, "style"))
        elif name in ADDRESSES:
            self.address(tag, name, one, value)

    def address(self, tag: Tag, name: str, one: Attribute, value: str) -> None:
        is_link = name.endswith("href") and tag.name in LINKED
        href = self.restored(unescape(value)).strip()
        if not self.numbers(value) and addresses.is_refused(unescape(MASK.sub("", value))) and name != "src":
            self.refuse(tag.start, f"a link leads to http, https, mailto or tel, not to “{href[:60]}”")
        elif MASK.search(value) or (is_link and href and not href.startswith(addresses.NOWHERE)):
            self.places_in(value)
            self.edges.append((one.start, one.end))
            self.found.marks.append(Mark(len(self.found.links) if is_link else None, bool(MASK.search(value))))
        if is_link:
            place = len(self.found.links)
            self.found.links.append(Link(place, self.line(tag.start), href, self.label(tag)))

    def places_in(self, value: str) -> None:
        """The first is an address of its own; behind “=” stands one value; elsewhere a part."""
        for found in MASK.finditer(value):
            before = value[: found.start()]
            if MASK.sub("", before).strip() or self.numbers(before):
                self.at[int(found[1])] = "query" if before.endswith("=") else "part"

    def label(self, tag: Tag) -> str:
        end = markup.end_of(self.masked, tag)
        text = markup.text_of(self.masked[tag.end : end])
        return " ".join(self.restored(text).split())[:LONGEST_LABEL]

    def numbers(self, text: str) -> list[int]:
        """The fields in it; conditions and loops show nothing."""
        if "\x01" not in text:
            return []
        return [int(one) for one in MASK.findall(text) if int(one) in self.fields]

    def restored(self, text: str) -> str:
        return MASK.sub(lambda found: self.tags[int(found[1])], text)

    def marked(self) -> Iterator[str]:
        at = 0
        for number, (start, end) in enumerate(self.edges):
            mark = self.found.marks[number]
            if mark.is_moving or mark.place in self.led:
                yield self.masked[at:start]
                yield self.moving(number, start, end) if mark.is_moving else escape(self.led[mark.place or 0])
                at = end
        yield self.masked[at:]

    def moving(self, number: int, start: int, end: int) -> str:
        return MARKED.format(number, self.masked[start:end])

    def line(self, start: int) -> int:
        at, line = self.counted
        line += self.restored(self.masked[at:start]).count("\n")
        self.counted = start, line
        return line

    def refuse(self, start: int, message: str) -> None:
        self.found.problems.append(Problem(self.line(start), message))
