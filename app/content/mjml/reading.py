"""HTML read aloud: headings, paragraphs, lists, tables row by row, links as “label: address”."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from app.content.mjml import tags
from app.content.mjml.tags import Tag
from app.content.mjml.typed import RULE, Typed

PARAGRAPHS = {"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "blockquote", "pre", "dl", "figure"}
LINES = {"div", "tr", "li", "dt", "dd", "section", "article", "header", "footer", "caption", "figcaption", "center"}
SILENT = {"style", "script", "head", "title"}
NUMBERED = re.compile("\ue000" + r"(\d+)\.")


class Reader(HTMLParser):
    def __init__(self, typed: Typed) -> None:
        super().__init__(convert_charrefs=True)
        self.typed = typed
        self.tags: list[Tag] = []
        self.links: list[tuple[int, str]] = []
        self.lists: list[int | None] = []
        self.silent = 0
        self.is_first_cell = True

    def read(self, html: str) -> None:
        """Jinja tags go through the parser as numbered marks."""
        self.feed("".join(self._mark(piece) if isinstance(piece, Tag) else piece for piece in tags.pieces(html)))
        self.close()

    def _mark(self, tag: Tag) -> str:
        self.tags.append(tag)
        return f"{tags.VEIL}{len(self.tags) - 1}."

    def _unmarked(self, text: str) -> str:
        return NUMBERED.sub(lambda mark: self.tags[int(mark[1])].text, text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        self._around(tag)
        self.silent += tag in SILENT
        if tag == "br":
            self.typed.line()
        elif tag == "hr":
            self.typed.paragraph()
            self.typed.words(RULE)
            self.typed.paragraph()
        elif tag == "img":
            self._say(said.get("alt", ""))
        elif tag == "a":
            self.links.append((self.typed.mark(), self._unmarked(said.get("href", ""))))
        elif tag in ("ul", "ol"):
            self.lists.append(0 if tag == "ol" else None)
        elif tag == "li":
            self.typed.words(self._bullet(), keep=True)
        elif tag == "tr":
            self.is_first_cell = True
        elif tag in ("td", "th"):
            self._cell()

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        self.silent -= tag in SILENT and self.silent > 0
        if tag == "a" and self.links:
            self.typed.address(*self.links.pop())
        if tag in ("ul", "ol") and self.lists:
            self.lists.pop()
        self._around(tag)

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self._say(data)

    def _say(self, text: str) -> None:
        done = 0
        for mark in NUMBERED.finditer(text):
            self.typed.words(text[done : mark.start()])
            self.typed.tag(self.tags[int(mark[1])])
            done = mark.end()
        self.typed.words(text[done:])

    def _around(self, tag: str) -> None:
        if tag in PARAGRAPHS and not (tag in ("ul", "ol") and self.lists):
            self.typed.paragraph()
        elif tag in LINES or tag in PARAGRAPHS:
            self.typed.line()

    def _bullet(self) -> str:
        indent = "  " * max(0, len(self.lists) - 1)
        if self.lists and self.lists[-1] is not None:
            self.lists[-1] += 1
            return f"{indent}{self.lists[-1]}. "
        return f"{indent}- "

    def _cell(self) -> None:
        if not self.is_first_cell:
            self.typed.words(" | ", keep=True)
        self.is_first_cell = False
