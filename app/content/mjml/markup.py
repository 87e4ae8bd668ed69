"""The HTML inside mj-text, mj-table, mj-raw and their like: links looked at, scripts refused, tags that stay open."""

from __future__ import annotations

import re
from collections.abc import Iterator

from app.content.mjml import links, tags

REFUSED = {"script", "iframe", "frame", "frameset", "object", "embed", "applet", "base"}
VOID = {"area", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}
LEFT_OPEN = {"p", "li", "td", "th", "tr", "tbody", "thead", "tfoot", "dt", "dd", "option", "colgroup"}
FOREIGN = re.compile(r"\w+:\w")  # VML of Outlook
COMMENT = re.compile(r"<!--(?!\[if).*?-->", re.DOTALL)
TAG = re.compile(r"""<(/?)([a-zA-Z][\w:-]*)((?:"[^"]*"|'[^']*'|[^"'>])*+)>""")
OPENING = re.compile(r"</?[a-zA-Z]")
ATTRIBUTE = re.compile(r"""([^\s=/>"']+)(?:\s*=\s*("[^"]*"|'[^']*'|[^\s"'>]+))?""")

Found = tuple[int, str, bool]  # where, what, is it an error


def problems(html: str, is_whole: bool) -> Iterator[Found]:
    """`is_whole`: what opens here should close here; mj-raw may hold half of something."""
    veiled = tags.veiled(html)
    without = COMMENT.sub(lambda comment: " " * len(comment[0]), veiled)
    open_: list[tuple[str, int]] = []
    position = 0
    while opening := OPENING.search(without, position):
        tag = TAG.match(without, opening.start())
        if not tag:
            yield opening.start(), "this tag of HTML is never closed by “>” (a plain “<” is written &lt;)", True
            return
        yield from _attributes(html, tag)
        yield from _nested(open_, tag[2].lower(), bool(tag[1]), tag)
        position = tag.end()
    for name, at in open_ if is_whole else ():
        if name not in LEFT_OPEN:
            yield at, f"<{name}> stays open", False


def _attributes(html: str, tag: re.Match[str]) -> Iterator[Found]:
    name = tag[2].lower()
    if name in REFUSED:
        yield tag.start(), f"<{name}> is refused: no mail program runs it", True
    if name == "meta" and "refresh" in tag[3].lower():
        yield tag.start(), "<meta> that leads elsewhere is refused", True
    for attribute in ATTRIBUTE.finditer(tag[3]):
        at = tag.start(3) + attribute.start()
        named = attribute[1].lower()
        if named.startswith("on") and len(named) > 3:
            yield at, f"{named[:40]} is refused: no mail program runs it", True
        if attribute[2]:
            start, end = (tag.start(3) + place for place in attribute.span(2))
            if against := links.objection(named, html[start:end].strip("\"'")):
                yield at, *against


def _nested(open_: list[tuple[str, int]], name: str, is_closing: bool, tag: re.Match[str]) -> Iterator[Found]:
    if name in VOID or tag[3].endswith("/") or FOREIGN.match(name):
        return
    if not is_closing:
        open_.append((name, tag.start()))
        return
    while open_ and open_[-1][0] != name and open_[-1][0] in LEFT_OPEN:
        open_.pop()
    if open_ and open_[-1][0] == name:
        open_.pop()
    elif name not in LEFT_OPEN and not any(known == name for known, _ in open_):
        yield tag.start(), f"</{name}> closes nothing", False
