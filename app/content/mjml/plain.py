"""The text version, made from the MJML: what a person would have typed, with the Jinja tags where they stood."""

from __future__ import annotations

from app.content.mjml import cures
from app.content.mjml.reading import Reader
from app.content.mjml.scan import Document, Element, scan
from app.content.mjml.tags import Tag
from app.content.mjml.typed import RULE, Typed


def text_of(source: str | Document) -> str:
    document = scan(source) if isinstance(source, str) else source
    typed = Typed()
    body = document.part("mj-body")
    if body:
        _children(body, typed)
    return typed.text()


def _children(element: Element, typed: Typed) -> None:
    for child in element.children:
        if isinstance(child, Tag):
            typed.tag(child)
        elif isinstance(child, Element):
            _element(child, element, typed)


def _element(element: Element, parent: Element, typed: Typed) -> None:
    write = KINDS.get(element.name)
    if write:
        typed.paragraph()
        write(element, parent, typed)
        typed.paragraph()
    elif element.name == "mj-raw":
        Reader(typed).read(element.content)
    else:
        _children(element, typed)


def _html(element: Element, _: Element, typed: Typed) -> None:
    Reader(typed).read(element.content)


def _labelled(element: Element, parent: Element, typed: Typed) -> None:
    """Buttons, entries of a menu, icons: label: address."""
    href = element.value("href").strip()
    if element.name == "mj-navbar-link":
        href = parent.value("base-url") + href
    if element.name == "mj-social-element":
        network = element.value("name")
        href = cures.shared(network, href) if href else ""
    start = typed.mark()
    Reader(typed).read(element.content)
    if typed.is_at(start) and element.name == "mj-social-element":
        typed.words(element.value("alt") or element.value("name").removesuffix("-noshare").capitalize())
    typed.address(start, href)


def _image(element: Element, _: Element, typed: Typed) -> None:
    start = typed.mark()
    Reader(typed).read(element.value("alt"))
    typed.address(start, element.value("href"))


def _divider(_: Element, __: Element, typed: Typed) -> None:
    typed.words(RULE)


def _list(element: Element, _: Element, typed: Typed) -> None:
    """Entries on lines of their own, without gaps."""
    for child in element.children:
        if isinstance(child, Tag):
            typed.tag(child)
        elif isinstance(child, Element) and child.name in ("mj-navbar-link", "mj-social-element"):
            typed.line()
            _labelled(child, element, typed)
            typed.line()
        elif isinstance(child, Element):
            _element(child, element, typed)


KINDS = {
    "mj-text": _html,
    "mj-table": _html,
    "mj-accordion-title": _html,
    "mj-accordion-text": _html,
    "mj-button": _labelled,
    "mj-navbar": _list,
    "mj-social": _list,
    "mj-image": _image,
    "mj-carousel-image": _image,
    "mj-divider": _divider,
}
