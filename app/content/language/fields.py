"""The fields that a template shows, each with its line and whether it minds that a person lacks it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from jinja2 import nodes

from app.content.language import tree
from app.content.language.problem import Refused
from app.content.language.reading import read

NEVER_MISSING = ("urls.", "brand.name", "brand.accent", "customer.id")


@dataclass(frozen=True)
class Field:
    """Guarded: it has a default, or stands where it is surely there, or only decides something."""

    path: str
    line: int
    is_guarded: bool


def fields_of(source: str) -> list[Field]:
    """In their order, each as often as it stands there. Raises Refused."""
    reading = read(source)
    if reading.problems or reading.tree is None:
        raise Refused(reading.problems)
    found = _Fields()
    found.body(reading.tree.body, frozenset())
    return found.fields


@dataclass
class _Fields:
    fields: list[Field] = field(default_factory=list)
    loops: dict[str, str] = field(default_factory=dict)

    def body(self, body: Iterable[nodes.Node], there: frozenset[str]) -> None:
        for node in body:
            if isinstance(node, nodes.Output):
                for one in node.nodes:
                    self.shown(one, there)
            elif isinstance(node, nodes.If):
                self.condition(node, there)
            elif isinstance(node, nodes.For):
                self.loop(node, there)

    def condition(self, node: nodes.If, there: frozenset[str]) -> None:
        otherwise = there
        for one in (node, *node.elif_):
            self.asked(one.test)
            self.body(one.body, otherwise | tree.there_if(one.test, self.loops))
            otherwise |= tree.there_unless(one.test, self.loops)
        self.body(node.else_, otherwise)

    def loop(self, node: nodes.For, there: frozenset[str]) -> None:
        assert isinstance(node.target, nodes.Name)
        self.asked(node.iter)
        before, self.loops = self.loops, self.loops | {node.target.name: tree.named(node.iter, self.loops) or ""}
        self.body(node.body, there)
        self.loops = before
        self.body(node.else_, there)

    def shown(self, node: nodes.Node, there: frozenset[str]) -> None:
        path = tree.named(node, self.loops)
        if path is not None:
            self.add(path, node.lineno, path in there or path.startswith(NEVER_MISSING))
        elif isinstance(node, nodes.Filter) and node.node is not None:
            (self.asked if node.name == "default" else lambda one: self.shown(one, there))(node.node)
            for argument in node.args:
                self.shown(argument, there)
        elif isinstance(node, nodes.Or | nodes.And):
            self.asked(node.left)
            right = tree.there_if(node.left, self.loops) if isinstance(node, nodes.And) else set()
            self.shown(node.right, there | right)
        elif isinstance(node, nodes.Add | nodes.Sub):
            self.shown(node.left, there)
            self.shown(node.right, there)
        else:
            self.asked(node)

    def asked(self, node: nodes.Node) -> None:
        """It decides something, and is not shown."""
        path = tree.named(node, self.loops)
        if path is not None:
            return self.add(path, node.lineno, True)
        for one in node.iter_child_nodes():
            self.asked(one)
        return None

    def add(self, path: str, line: int, is_guarded: bool) -> None:
        if not path.startswith("loop."):
            self.fields.append(Field(path, line, is_guarded))
