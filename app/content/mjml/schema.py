"""MJML's own grammar: which elements there are, what they may contain, which attributes they take."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

EVERYWHERE = {"css-class": "string", "mj-class": "string"}
BESIDES: Mapping[str, Mapping[str, str]] = {  # elements that MJML handles outside its components
    "mjml": {"lang": "string", "dir": "string", "owa": "string"},
    "mj-all": {},
    "mj-class": {"name": "string"},
    "mj-selector": {"path": "string"},
    "mj-html-attribute": {"name": "string"},
    "mj-include": {},
}
LISTS = ("mj-attributes", "mj-class")  # they may name anything
VERBATIM_BESIDES = {"mj-html-attribute", "mj-include"}


@dataclass(frozen=True, slots=True)
class Kind:
    name: str
    attributes: Mapping[str, str]
    is_verbatim: bool  # its content is text or HTML and goes out as it stands
    children: frozenset[str]

    def may_contain(self, name: str) -> bool:
        return name in self.children


@cache
def kinds() -> Mapping[str, Kind]:
    """Read once: 22 KB of JSON."""
    read: dict[str, Any] = json.loads((Path(__file__).parent / "schema.json").read_text())
    components, children = read["components"], read["children"]
    everything = frozenset(components) | {"mj-all", "mj-class"}
    known: dict[str, Kind] = {}
    for name in [*components, *BESIDES]:
        component = components.get(name, {})
        inside = everything if name == "mj-attributes" else frozenset(children.get(name, ()))
        if name == "mj-class":
            inside = frozenset(components)
        attributes = {**EVERYWHERE, **BESIDES.get(name, component.get("attrs", {}))}
        known[name] = Kind(name, attributes, component.get("endingTag", name in VERBATIM_BESIDES), inside)
    return known


@cache
def types_of(attribute: str) -> tuple[str, ...]:
    """The types an attribute has anywhere: for mj-all and mj-class, which speak to every element."""
    return tuple(sorted({kind.attributes[attribute] for kind in kinds().values() if attribute in kind.attributes}))


def is_verbatim(name: str) -> bool:
    """An unknown element's content is of no interest either."""
    kind = kinds().get(name)
    return kind is None or kind.is_verbatim


def is_close_to(name: str, known: Mapping[str, Any] | frozenset[str]) -> str:
    close = get_close_matches(name[:40], list(known), n=1, cutoff=0.7)
    return f"; did you mean {close[0]}?" if close else ""


def parents_of(name: str) -> list[str]:
    return [kind.name for kind in kinds().values() if kind.may_contain(name) and kind.name not in LISTS]
