"""Words that stand for what must come through untouched: Jinja, entities, whole contents."""

from __future__ import annotations

import re
from itertools import count

from app.content.mjml import tags
from app.content.mjml.tags import Tag

AWKWARD = re.compile(r"""&(?:\#\d+|\#[xX][0-9a-fA-F]+|\w+);|[&<>"]""")
ESCAPED = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}


class Tokens:
    """The same source gets the same words."""

    def __init__(self, source: str) -> None:
        self.prefix = next(word for word in (f"jx{n}x" for n in count()) if word not in source)
        self.kept: list[str] = []

    def hide(self, text: str) -> str:
        self.kept.append(text)
        return f"{self.prefix}{len(self.kept) - 1}z"

    def in_attribute(self, value: str) -> str:
        """An attribute's value that can end neither its quotes nor its tag, whatever decodes it on the way."""
        return "".join(
            self.hide(piece.text) if isinstance(piece, Tag) else AWKWARD.sub(self._entity, " ".join(piece.split("\n")))
            for piece in tags.pieces(value)
        )

    def _entity(self, found: re.Match[str]) -> str:
        return self.hide(ESCAPED.get(found[0], found[0]))

    def restored(self, text: str) -> str:
        return re.sub(rf"{self.prefix}(\d+)z", lambda found: self.kept[int(found[1])], text)
