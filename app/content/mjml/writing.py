"""The document as the compiler gets it: only what the schema knows, classes resolved, nothing left to interpret."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from app.content.mjml import schema, values
from app.content.mjml.scan import Comment, Document, Element
from app.content.mjml.tags import Tag
from app.content.mjml.tokens import Tokens

Attributes = Mapping[str, str]


@dataclass(slots=True)
class Head:
    """What the head says, gathered."""

    fonts: dict[str, str] = field(default_factory=dict)
    inline: list[Element] = field(default_factory=list)
    selectors: list[Element] = field(default_factory=list)
    defaults: dict[str, dict[str, str]] = field(default_factory=dict)
    classes: dict[str, dict[str, str]] = field(default_factory=dict)
    inside_classes: dict[str, dict[str, dict[str, str]]] = field(default_factory=dict)
    is_wide_in_outlook: bool = False


def gathered(document: Document) -> Head:
    head = Head(is_wide_in_outlook=document.root.value("owa") == "desktop")
    for element in _of_head(document):
        if element.name == "mj-font":
            head.fonts[element.value("name")] = element.value("href")
        elif element.name == "mj-style" and element.value("inline") == "inline":
            head.inline.append(element)
        elif element.name == "mj-html-attributes":
            head.selectors += element.elements("mj-selector")
        elif element.name == "mj-attributes":
            _gather_attributes(head, element)
    return head


def _gather_attributes(head: Head, attributes: Element) -> None:
    for element in attributes.elements():
        said = _known(element)
        if element.name != "mj-class":
            head.defaults.setdefault(element.name, {}).update(said)
            continue
        name = element.value("name")
        head.classes.setdefault(name, {}).update({key: said[key] for key in said if key != "name"})
        for inside in element.elements():
            head.inside_classes.setdefault(name, {}).setdefault(inside.name, {}).update(_known(inside))


def _known(element: Element) -> dict[str, str]:
    kind = schema.kinds()[element.name]
    return {
        name: values.written((schema.types_of(name) or ("",))[0], attribute.value)
        for name, attribute in element.attributes.items()
        if name in kind.attributes or (element.name in ("mj-all", "mj-class") and schema.types_of(name))
    }


def _of_head(document: Document) -> Iterator[Element]:
    head = document.part("mj-head")
    return head.elements() if head else iter(())


class Writing:
    def __init__(self, document: Document, head: Head, tokens: Tokens) -> None:
        self.document, self.head, self.tokens = document, head, tokens

    def text(self) -> str:
        root = self.document.root
        spoken = self._attributes({name: root.value(name) for name in ("lang", "dir") if root.value(name)})
        body = self.document.part("mj-body")
        return f"<mjml{spoken}>{self._head()}{self._element(body, '') if body else ''}</mjml>"

    def first(self) -> str:
        """What stands before the doctype."""
        raws = self.document.root.elements("mj-raw")
        return "".join(raw.content.strip() + "\n" for raw in raws if raw.value("position") == "file-start")

    def _head(self) -> str:
        return f"<mj-head><mj-no-fonts></mj-no-fonts>{self._defaults()}{''.join(self._head_parts())}</mj-head>"

    def _defaults(self) -> str:
        said = "".join(f"<{name}{self._attributes(values)}></{name}>" for name, values in self.head.defaults.items())
        return f"<mj-attributes>{said}</mj-attributes>"

    def _head_parts(self) -> Iterator[str]:
        for element in _of_head(self.document):
            if element.name == "mj-title":
                yield f"<mj-title>{self.tokens.in_attribute(element.content.strip())}</mj-title>"
            elif element.name == "mj-breakpoint":
                yield f"<mj-breakpoint{self._attributes(_known(element))}></mj-breakpoint>"
            elif element.name in ("mj-preview", "mj-raw"):
                yield f"<{element.name}>{self._content(element)}</{element.name}>"
            elif element.name == "mj-style" and element not in self.head.inline:
                yield f"<mj-style>{self._content(element)}</mj-style>"

    def _element(self, element: Element, class_around: str) -> str:
        named = element.value("mj-class")
        said = self._attributes(self._resolved(element, class_around))
        inside = "".join(self._children(element, named or class_around))
        return f"<{element.name}{said}>{inside or self._content(element)}</{element.name}>"

    def _children(self, element: Element, class_around: str) -> Iterator[str]:
        for child in element.children:
            if isinstance(child, Element):
                yield self._element(child, class_around)
            elif (isinstance(child, Tag) and not child.is_comment) or (
                isinstance(child, Comment) and child.is_for_outlook
            ):
                yield f"<mj-raw>{self.tokens.hide(child.text)}</mj-raw>"

    def _resolved(self, element: Element, class_around: str) -> dict[str, str]:
        """Classes lie below what the element says itself; their css-class adds up."""
        said: dict[str, str] = {}
        for name in element.value("mj-class").split():
            listed = self.head.classes.get(name, {})
            both = " ".join(filter(None, (said.get("css-class"), listed.get("css-class"))))
            said |= listed | ({"css-class": both} if both else {})
        for name in class_around.split():
            said |= self.head.inside_classes.get(name, {}).get(element.name, {})
        said |= _known(element)
        return said

    def _attributes(self, said: Attributes) -> str:
        return "".join(
            f' {name}="{self.tokens.in_attribute(_curable(name, value))}"'
            for name, value in said.items()
            if name != "mj-class" and (name, value) != ("fluid-on-mobile", "false")
        )

    def _content(self, element: Element) -> str:
        content = element.content.strip()
        return self.tokens.hide(content) if content else ""


def _curable(name: str, value: str) -> str:
    """An address between the quotes of url('…') must not end them."""
    return value.replace("'", "%27").replace("\\", "%5C") if name == "background-url" else value
