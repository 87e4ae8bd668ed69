"""Everything that can be said about a source without compiling it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice

import soupsieve

from app.content.mjml import links, markup, schema, tags, values
from app.content.mjml.problem import Broken, Problem
from app.content.mjml.scan import Comment, Document, Element, Stray, scan
from app.content.mjml.tags import Tag

MOST = 50  # nobody reads more at once
MAX_CAROUSEL = 30  # its style sheet grows with the square
NEEDED = {
    "mj-font": ("name", "href"),
    "mj-class": ("name",),
    "mj-breakpoint": ("width",),
    "mj-selector": ("path",),
    "mj-html-attribute": ("name",),
}
NO_JINJA = {"mj-attributes", "mj-class", "mj-html-attributes", "mj-selector", "mj-head", "mjml", "mj-carousel"}
HTML = ("mj-text", "mj-table", "mj-raw", "mj-button", "mj-accordion-title", "mj-accordion-text")
WITH_HTML = (*HTML, "mj-social-element", "mj-navbar-link", "mj-preview")
PLAIN_NAME = re.compile(r"(?!on)[a-z_][\w:.-]{0,60}", re.IGNORECASE)


def check(source: str) -> list[Problem]:
    """All problems, in the order of the source; warnings among them."""
    try:
        return problems(scan(source))
    except Broken as broken:
        return broken.problems


def problems(document: Document) -> list[Problem]:
    found = [*document.problems, *islice(_Check(document).all(), 10 * MOST)]
    errors = [problem for problem in found if problem.is_error]
    return sorted((errors or found)[:MOST] if len(found) > MOST else found)


class _Check:
    def __init__(self, document: Document) -> None:
        self.source, self.root = document.source, document.root
        self.classes = {
            listed.value("name")
            for head in self.root.elements("mj-head")
            for attributes in head.elements("mj-attributes")
            for listed in attributes.elements("mj-class")
        }

    def all(self) -> Iterator[Problem]:
        yield from self._once("mj-head", is_needed=False)
        yield from self._once("mj-body", is_needed=True)
        yield from self._element(self.root, None)

    def _once(self, name: str, is_needed: bool) -> Iterator[Problem]:
        found = list(self.root.elements(name))
        if is_needed and not found:
            yield self._say(self.root.at, f"<{name}> is missing")
        for again in found[1:]:
            yield self._say(again.at, f"only one <{name}> is possible")

    def _element(self, element: Element, parent: Element | None) -> Iterator[Problem]:
        kind = schema.kinds().get(element.name)
        if element.name == "mj-include":
            yield self._say(element.at, "mj-include is not available: put its content here, or use a saved block")
            return
        if kind is None:
            yield self._say(element.at, _unknown(element.name))
            return
        if parent is not None and not schema.kinds()[parent.name].may_contain(element.name):
            yield self._say(element.at, _misplaced(element.name, parent.name))
        yield from self._attributes(element, kind, parent)
        yield from self._content(element)
        yield from self._children(element)

    # Attributes

    def _attributes(self, element: Element, kind: schema.Kind, parent: Element | None) -> Iterator[Problem]:
        for needed in NEEDED.get(element.name, ()):
            if not element.value(needed).strip():
                yield self._say(element.at, f"{element.name} wants {needed}")
        for attribute in element.attributes.values():
            where = f" of {element.name}"
            for said, is_error in self._objections(element, attribute.name, attribute.value, kind, parent):
                yield self._say(attribute.at, said.replace(attribute.name, attribute.name + where, 1), is_error)
            for at, said in tags.unbalanced(tags.found(attribute.value, attribute.at)):
                yield self._say(at, said)

    def _objections(
        self, element: Element, name: str, value: str, kind: schema.Kind, parent: Element | None
    ) -> Iterator[tuple[str, bool]]:
        types: tuple[str, ...] = (kind.attributes[name],) if name in kind.attributes else ()
        if element.name in ("mj-all", "mj-class") and not types:
            types = schema.types_of(name)
        if not types:
            # A slip of the finger is meant to do something; what resembles nothing does no harm.
            meant = schema.is_close_to(name, kind.attributes)
            yield f"{name} is no attribute and has no effect{meant}", bool(meant)
            return
        against = [values.objection(name, type_, value) for type_ in types]
        if all(against) and against[0]:
            yield against[0]
        if parent is not None and parent.name == "mj-navbar" and name == "href":
            value = parent.value("base-url") + value
        if found := links.objection(name, value):
            yield found
        if name == "mj-class":
            for used in value.split():
                if used not in self.classes:
                    yield f"mj-class names “{used[:40]}”, which is not in mj-attributes", False
        if element.name == "mj-selector" and name == "path":
            yield from _against_selector(value)

    # Content

    def _content(self, element: Element) -> Iterator[Problem]:
        if not element.content.strip():
            return
        if not schema.is_verbatim(element.name) or element.name == "mj-carousel-image":
            return
        if nested := tags.veiled(element.content).find("<mj-") + 1:
            at = element.content_at + nested - 1
            yield self._say(at, f"{element.name} contains text or HTML, no elements of MJML")
            return
        if element.name != "mj-raw":
            for at, said in tags.unbalanced(tags.found(element.content, element.content_at)):
                yield self._say(at, said)
        if element.name in WITH_HTML:
            for at, said, is_error in markup.problems(element.content, element.name != "mj-raw"):
                yield self._say(element.content_at + at, said, is_error)
        if element.name == "mj-html-attribute":
            yield from self._given_attribute(element)
        if element.name == "mj-style" and "</style" in element.content.lower():
            yield self._say(element.at, "mj-style contains rules of CSS, no </style>")

    def _given_attribute(self, element: Element) -> Iterator[Problem]:
        name = element.value("name")
        if not PLAIN_NAME.fullmatch(name):
            yield self._say(element.at, f"“{name[:40]}” is no attribute that a mail may have")
        if found := links.objection(name.lower(), element.content.strip()):
            yield self._say(element.content_at, *found)

    def _children(self, element: Element) -> Iterator[Problem]:
        if element.name == "mj-carousel" and len(list(element.elements())) > MAX_CAROUSEL:
            yield self._say(element.at, f"more than {MAX_CAROUSEL} pictures in a carousel")
        stream: list[Tag] = []
        for child in element.children:
            if isinstance(child, Tag):
                stream.append(child)
                if element.name in NO_JINJA and not child.is_comment:
                    yield self._say(child.at, f"Jinja cannot stand directly inside {element.name}")
            elif isinstance(child, Stray):
                said = f"text directly inside {element.name} is not shown: put it inside mj-text"
                yield self._say(child.at, said, is_error=False)
            elif isinstance(child, Comment):
                if child.is_for_outlook:
                    stream += tags.found(child.text, child.at)
                elif tags.START.search(child.text):
                    yield self._say(child.at, "Jinja in this comment does nothing", is_error=False)
            else:
                if child.name == "mj-raw":
                    stream += tags.found(child.content, child.content_at)
                yield from self._element(child, element)
        for at, said in tags.unbalanced(stream):
            yield self._say(at, said)

    def _say(self, at: int, message: str, is_error: bool = True) -> Problem:
        return self.source.problem(at, message, is_error)


def _unknown(name: str) -> str:
    if name.startswith("mj"):
        return f"<{name[:40]}> is no element of MJML{schema.is_close_to(name, schema.kinds())}"
    return f"<{name[:40]}> is HTML: put it inside mj-text or mj-raw"


def _misplaced(name: str, parent: str) -> str:
    parents: Sequence[str] = schema.parents_of(name)
    return f"{name} cannot stand inside {parent}" + (f", only inside {', '.join(parents)}" if parents else "")


def _against_selector(path: str) -> Iterator[tuple[str, bool]]:
    try:
        if tags.START.search(path) or len(path) > 200:
            raise ValueError
        soupsieve.compile(path)
    except Exception:
        yield f"path is no selector of CSS: “{path[:40]}”", True
