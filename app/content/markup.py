"""Reads the tags of HTML once from left to right, also those that only Outlook sees. Never goes back, never raises."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape

NAME = re.compile("[^\\s/>\"'=<]+")
BLANK = re.compile(r"[\s/]*")
EQUALS = re.compile(r"\s*=\s*")
BARE = re.compile(r"[^\s>]+")
ANY_TAG = re.compile(r"<!--.*?-->|<[^<>]*>", re.DOTALL)
ALT = re.compile(r"<img\b[^<>]*?\salt=\"([^\"<>]*)\"", re.IGNORECASE)
UNREAD = frozenset({"script", "style"})  # what stands in them is no HTML
LONGEST_INSIDE = 5_000


@dataclass(frozen=True)
class Attribute:
    """`start` and `end` of its value."""

    name: str
    start: int
    end: int
    is_quoted: bool


@dataclass(frozen=True)
class Tag:
    name: str
    start: int
    end: int
    attributes: tuple[Attribute, ...]
    inside: tuple[int, int] | None = None


def tags(html: str) -> Iterator[Tag]:
    at = html.find("<")
    while at >= 0:
        if (skipped := _skipped(html, at)) is not None:
            at = html.find("<", skipped)
            continue
        tag = _tag(html, at)
        yield tag
        at = html.find("<", tag.inside[1] if tag.inside else tag.end)


def end_of(html: str, tag: Tag) -> int:
    found = re.compile(f"</{re.escape(tag.name)}\\b", re.IGNORECASE).search(html, tag.end, tag.end + LONGEST_INSIDE)
    return found.start() if found else tag.end


def text_of(html: str) -> str:
    """What is read there, or what its picture says."""
    text = unescape(ANY_TAG.sub(" ", html)).strip()
    picture = ALT.search(html)
    return text or (unescape(picture[1]) if picture else "")


def _skipped(html: str, at: int) -> int | None:
    """Where it goes on behind what is no tag; what stands between <!--[if …]> and <![endif]--> is read."""
    if html.startswith(("<!--[if", "<![", "<!-->"), at):
        return _behind(html, ">", at)
    if html.startswith("<!--", at):
        return _behind(html, "-->", at)
    after = html[at + 1 : at + 3].removeprefix("/")[:1]
    if after == "\x01":
        return None
    if html.startswith(("<!", "<?", "</"), at):
        return _behind(html, ">", at)
    return None if after.isascii() and after.isalpha() else at + 1


def _behind(html: str, end: str, at: int) -> int:
    found = html.find(end, at)
    return found + len(end) if found >= 0 else len(html)


def _tag(html: str, start: int) -> Tag:
    named = NAME.match(html, start + (2 if html.startswith("/", start + 1) else 1))
    name = named[0].lower() if named else ""
    at, attributes = _attributes(html, named.end() if named else start + 1)
    inside = _inside(html, name, at) if name in UNREAD else None
    return Tag(name, start, at, tuple(attributes), inside)


def _attributes(html: str, at: int) -> tuple[int, list[Attribute]]:
    found: list[Attribute] = []
    while True:
        at = _end(BLANK, html, at)
        if at >= len(html) or html[at] == ">":
            return min(at + 1, len(html)), found
        named = NAME.match(html, at)
        at = named.end() if named else at + 1
        equals = EQUALS.match(html, at) if named else None
        if named and not equals:
            found.append(Attribute(named[0], at, at, False))
        elif named and equals:
            one, at = _value(html, named[0], equals.end())
            found.append(one)


def _value(html: str, name: str, at: int) -> tuple[Attribute, int]:
    quote = html[at : at + 1]
    if quote and quote in "\"'":
        end = html.find(quote, at + 1)
        end = end if end >= 0 else len(html)
        return Attribute(name, at + 1, end, True), end + 1
    end = _end(BARE, html, at)
    return Attribute(name, at, end, False), end


def _inside(html: str, name: str, at: int) -> tuple[int, int]:
    found = re.compile(f"</{name}\\b", re.IGNORECASE).search(html, at)
    return at, found.start() if found else len(html)


def _end(pattern: re.Pattern[str], html: str, at: int) -> int:
    found = pattern.match(html, at)
    return found.end() if found else at
