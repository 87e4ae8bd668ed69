"""The few marks of the composer's texts (**bold**, *italic*, [label](link), lists) as HTML. Everything else is text."""

from __future__ import annotations

import re
from html import escape
from itertools import groupby

JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
BOLD = re.compile(r"\*\*(?=\S)(.+?)(?<=\S)\*\*", re.DOTALL)
ITALIC = re.compile(r"(?<![*\w])\*(?=\S)(.+?)(?<=\S)\*(?![*\w])", re.DOTALL)
LINK = re.compile(r"\[([^\[\]]+)\]\(([^()\s]+(?: [^()]*)?|\{\{.*?\}\})\)")
ITEM = re.compile(r"\s*[-•]\s+")
KEPT = "\ue000{}\ue001"
HELD = re.compile("\ue000(\\d+)\ue001")


def html(written: str) -> str:
    """Paragraphs and lists; fields pass untouched, whatever signs they hold."""
    held: list[str] = []
    plain = JINJA.sub(lambda found: _hold(held, found[0]), written.replace("\ue000", "").replace("\ue001", ""))
    parts = [_part(part) for part in re.split(r"\n\s*\n", plain.strip()) if part.strip()]
    return HELD.sub(lambda found: held[int(found[1])], "\n".join(parts))


def inline(written: str) -> str:
    """One line of it: no paragraphs."""
    held: list[str] = []
    plain = JINJA.sub(lambda found: _hold(held, found[0]), written.replace("\ue000", "").replace("\ue001", ""))
    return HELD.sub(lambda found: held[int(found[1])], _marks(escape(" ".join(plain.split()), quote=False)))


def attribute(written: str) -> str:
    """For an attribute in double quotes: its fields pass, everything else is escaped."""
    held: list[str] = []
    plain = JINJA.sub(lambda found: _hold(held, found[0].replace('"', "'")), written)
    return HELD.sub(lambda found: held[int(found[1])], escape(plain, quote=True))


def _hold(held: list[str], written: str) -> str:
    held.append(written)
    return KEPT.format(len(held) - 1)


def _part(part: str) -> str:
    lines = part.strip().splitlines()
    groups = groupby(lines, key=lambda line: bool(ITEM.match(line)))
    return "\n".join(
        _list(list(some)) if is_list else f"<p>{_marks('<br>'.join(_escaped(some)))}</p>" for is_list, some in groups
    )


def _list(lines: list[str]) -> str:
    items = "".join(f"<li>{_marks(escape(ITEM.sub('', line, count=1), quote=False))}</li>" for line in lines)
    return f"<ul>{items}</ul>"


def _escaped(lines: object) -> list[str]:
    return [escape(line.strip(), quote=False) for line in lines]  # type: ignore[attr-defined]


def _marks(text: str) -> str:
    linked = LINK.sub(lambda found: f'<a href="{found[2].replace(chr(34), "%22")}">{found[1]}</a>', text)
    return ITALIC.sub(r"<em>\1</em>", BOLD.sub(r"<strong>\1</strong>", linked))
