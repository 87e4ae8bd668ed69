"""Lines being typed: breaks are asked for and made only when something follows."""

from __future__ import annotations

import re

from app.content.mjml.tags import Tag

RULE = "-" * 40
SPACE = re.compile(r"[ \t\r\n\f]+")


class Typed:
    def __init__(self) -> None:
        self._parts: list[str] = []
        self._breaks = 0
        self._is_fresh = True  # nothing on this line yet, but for tags that show nothing themselves
        self._space = False

    def paragraph(self) -> None:
        self._break(2)

    def line(self) -> None:
        self._break(1)

    def _break(self, count: int) -> None:
        if not self._is_fresh:
            self._breaks = max(self._breaks, count)

    def words(self, text: str, keep: bool = False) -> None:
        """`keep`: spaces and lines as they are."""
        said = text if keep else SPACE.sub(" ", text)
        if not said.strip():
            self._space = self._space or bool(said)
            return
        self._make_breaks()
        if not keep and not self._is_fresh and (self._space or said[0] == " "):
            self._parts.append(" ")
        self._parts.append(said if keep else said.strip(" "))
        self._space = not keep and said[-1] == " "
        self._is_fresh = False

    def tag(self, tag: Tag) -> None:
        """What it shows is text; {% … %} stands before whatever follows, so that no line stays empty."""
        if tag.is_comment:
            return
        if not tag.is_control:
            self.words(tag.text.replace("\n", " "), keep=False)
            return
        self._make_breaks()
        if self._space and not self._is_fresh:
            self._parts.append(" ")
            self._space = False
        self._parts.append(tag.text)

    def _make_breaks(self) -> None:
        if self._breaks:
            self._parts.append("\n" * self._breaks)
            self._breaks, self._space, self._is_fresh = 0, False, True

    def mark(self) -> int:
        return len(self._parts)

    def is_at(self, mark: int) -> bool:
        return len(self._parts) == mark

    def address(self, start: int, href: str) -> None:
        """“label: address”, or the address alone."""
        href = " ".join(href.split())
        label = "".join(self._parts[start:]).strip()
        shown = href.removeprefix("mailto:").removeprefix("tel:")
        if not href or href.startswith("#") or shown == label:
            return
        if label:
            self._parts.append(":")
            self._space = True
        self.words(shown)

    def text(self) -> str:
        said = "".join(self._parts).replace("\u00a0", " ").replace("\u200c", "").strip()
        return said + "\n" if said else ""
