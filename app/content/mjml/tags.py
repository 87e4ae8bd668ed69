"""Jinja tags in a text: found whole, never split, wherever they stand."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

# A quoted string inside a tag may contain the tag's end; possessive, so that a missing end costs one pass.
_INSIDE = r"""(?:[^"'{0}]|"(?:[^"\\]|\\.)*+"|'(?:[^'\\]|\\.)*+'|\{0}(?!\}}))*+"""
WHOLE = re.compile(
    r"\{\{" + _INSIDE.format("}") + r"\}\}|\{%" + _INSIDE.format("%") + r"%\}|\{\#(?:[^#]|\#(?!\}))*+\#\}", re.DOTALL
)
START = re.compile(r"\{[{%#]")
KEYWORD = re.compile(r"\{%[-+]?\s*(\w*)")
CLOSERS = {"endif": "if", "endfor": "for"}
BRANCHES = {"elif": ("if",), "else": ("if", "for")}
VEIL = "\ue000"  # of private use: no source has it after a scan


@dataclass(frozen=True, slots=True)
class Tag:
    text: str
    at: int

    @property
    def is_control(self) -> bool:
        return self.text.startswith("{%")

    @property
    def is_comment(self) -> bool:
        return self.text.startswith("{#")

    @property
    def keyword(self) -> str:
        found = KEYWORD.match(self.text)
        return found[1] if found else ""


class Unclosed(Exception):
    def __init__(self, at: int, start: str) -> None:
        super().__init__(start)
        self.at = at


def pieces(text: str, at: int = 0) -> Iterator[Tag | str]:
    """The tags and what stands between them, in order."""
    done = 0
    for tag in found(text, at):
        if tag.at - at > done:
            yield text[done : tag.at - at]
        yield tag
        done = tag.at - at + len(tag.text)
    if done < len(text):
        yield text[done:]


def found(text: str, at: int = 0) -> Iterator[Tag]:
    position = 0
    while start := START.search(text, position):
        tag = WHOLE.match(text, start.start())
        if not tag:
            raise Unclosed(at + start.start(), start[0])
        yield Tag(tag[0], at + tag.start())
        position = tag.end()


def end_of(text: str, at: int) -> int:
    """Where the tag that starts here ends."""
    tag = WHOLE.match(text, at)
    if not tag:
        raise Unclosed(at, text[at : at + 2])
    return tag.end()


def veiled(text: str) -> str:
    """The text with each tag covered by as many neutral characters: offsets stay."""
    return "".join(piece if isinstance(piece, str) else VEIL * len(piece.text) for piece in pieces(text))


def unbalanced(tags: Iterable[Tag]) -> Iterator[tuple[int, str]]:
    """Whatever opens here must close here."""
    open_: list[Tag] = []
    for tag in tags:
        word = tag.keyword
        if word in ("if", "for"):
            open_.append(tag)
        elif word in BRANCHES and not (open_ and open_[-1].keyword in BRANCHES[word]):
            yield tag.at, f"{{% {word} %}} stands outside of the {{% if %}} it belongs to"
        elif word in CLOSERS:
            if open_ and open_[-1].keyword == CLOSERS[word]:
                open_.pop()
            else:
                yield tag.at, f"{{% {word} %}} closes nothing that was opened in the same place"
        elif word == "raw":
            yield tag.at, "{% raw %} is not available: write the text itself"
    for tag in open_:
        yield tag.at, f"{{% {tag.keyword} %}} is not closed in the place where it was opened"
