"""From the judged tree to the one that runs: each path, comparison and sum becomes one of our own verbs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import unescape
from typing import Any

from jinja2 import nodes

from app.content.language import tree
from app.content.language.names import Path

Policies = Mapping[str, Mapping[str, Any]]
CURRENCIES: tuple[Path, ...] = (("currency",), ("product", "currency"), ("cart", "currency"))


def rewritten(judged: nodes.Template, policies: Policies, places: Sequence[str] = ()) -> nodes.Template:
    """`places` say where each {{ … }} stands, in their order: see guarding."""
    return nodes.Template(_Rewriter(policies, iter(places)).body(judged.body), lineno=1)


@dataclass
class _Rewriter:
    policies: Policies
    places: Iterator[str]
    loops: dict[str, str] = field(default_factory=dict)
    lists: dict[str, nodes.Node] = field(default_factory=dict)

    def body(self, body: Sequence[nodes.Node]) -> list[nodes.Node]:
        return [self.statement(node) for node in body]

    def statement(self, node: nodes.Node) -> nodes.Node:
        if isinstance(node, nodes.If):
            return self.condition(node)
        if isinstance(node, nodes.For):
            return self.loop(node)
        if isinstance(node, nodes.FilterBlock):  # the mark of a word or an address: nobody else can write one
            return _word(node) if node.filter.name == "_word" else self.address(node)
        assert isinstance(node, nodes.Output)
        return nodes.Output([self.output(one) for one in node.nodes], lineno=node.lineno)

    def output(self, node: nodes.Expr) -> nodes.Expr:
        if isinstance(node, nodes.TemplateData):
            return node
        place = next(self.places, "")
        value = self.value(node, True)
        return _verb(f"_{place}", value) if place else value

    def address(self, node: nodes.FilterBlock) -> nodes.Node:
        """One expression, to be escaped at its end, where no conditions stand in it."""
        body, number = self.body(node.body), node.filter.args[0]
        if not all(isinstance(one, nodes.Output) for one in body):
            return nodes.FilterBlock(body, _verb("_escaped_address", None, number), lineno=node.lineno)
        parts = [_unescaped(part) for one in body if isinstance(one, nodes.Output) for part in one.nodes]
        whole = parts[0] if len(parts) == 1 else _verb("_joined", *(parts or [nodes.Const("")]))
        return nodes.Output([_verb(node.filter.name, whole, number)], lineno=node.lineno)

    def condition(self, node: nodes.If) -> nodes.If:
        test, body = self.value(node.test, False), self.body(node.body)
        elifs = [self.condition(one) for one in node.elif_]
        return nodes.If(test, body, elifs, self.body(node.else_), lineno=node.lineno)

    def loop(self, node: nodes.For) -> nodes.For:
        assert isinstance(node.target, nodes.Name)
        name, path = node.target.name, tree.named(node.iter, self.loops) or ""
        given = self.path("_each", node.iter, path, node.lineno)
        before = self.loops, self.lists
        self.loops, self.lists = self.loops | {name: path}, self.lists | {name: node.iter}
        body = self.body(node.body)
        self.loops, self.lists = before
        return nodes.For(node.target, given, body, self.body(node.else_), None, False, lineno=node.lineno)

    def value(self, node: nodes.Node, is_shown: bool) -> nodes.Expr:
        if isinstance(node, nodes.Name | nodes.Getattr | nodes.Getitem):
            return self.field(node, is_shown)
        if isinstance(node, nodes.Filter):
            return self.filter(node, is_shown)
        if isinstance(node, nodes.Compare | nodes.Not):
            return self.question(node)
        if isinstance(node, nodes.BinExpr):
            return self.pair(node, is_shown)
        assert isinstance(node, nodes.Const | nodes.Neg)
        return node

    def question(self, node: nodes.Compare | nodes.Not) -> nodes.Expr:
        if isinstance(node, nodes.Not):
            return nodes.Not(self.value(node.node, False))
        operand = node.ops[0]
        return _verb("_compare", self.value(node.expr, False), operand.op, self.value(operand.expr, False))

    def pair(self, node: nodes.BinExpr, is_shown: bool) -> nodes.Expr:
        if isinstance(node, nodes.And | nodes.Or):  # what stands before decides
            return type(node)(self.value(node.left, False), self.value(node.right, is_shown))
        verb = "_plus" if isinstance(node, nodes.Add) else "_minus"
        return _verb(verb, self.value(node.left, is_shown), self.value(node.right, is_shown))

    def field(self, node: nodes.Node, is_shown: bool) -> nodes.Expr:
        name = tree.named(node, self.loops) or ""
        if name.startswith("loop."):
            assert isinstance(node, nodes.Expr)
            return node
        policy = self.policies.get(name, {})
        if not is_shown:
            return self.path("_find", node)
        if policy.get("skip"):
            return self.path("_must", node, name)
        instead = policy.get("default")
        return self.path("_want", node, name, *([instead] if instead and isinstance(instead, str) else []))

    def filter(self, node: nodes.Filter, is_shown: bool) -> nodes.Expr:
        assert node.node is not None
        given = self.value(node.node, is_shown and node.name != "default")
        arguments = [self.value(one, is_shown) for one in node.args]
        if node.name == "money" and not arguments:
            arguments = [self.currency(node.node)]
        return nodes.Filter(given, node.name, arguments, [], None, None, lineno=node.lineno)

    def currency(self, priced: nodes.Node) -> nodes.Expr:
        """The one beside the price, else beside the list that it is of, else that of the facts."""
        asked: list[nodes.Expr] = []
        near: nodes.Node | None = priced
        while near is not None and (found := tree.path_of(near)):
            root, steps = found
            asked.append(_at("_find", root, (*steps[:-1], "currency")))
            near = self.lists.get(root.name)
        asked += [_at("_find", nodes.Name("facts", "load"), path) for path in CURRENCIES]
        answer = asked.pop()
        while asked:
            answer = nodes.Or(asked.pop(), answer)
        return answer

    def path(self, verb: str, node: nodes.Node, *arguments: Any) -> nodes.Filter:
        found = tree.path_of(node)
        assert found
        return _at(verb, *found, *arguments)


def _at(verb: str, root: nodes.Name, path: Path, *arguments: Any) -> nodes.Filter:
    return _verb(verb, nodes.Name(root.name, "load", lineno=root.lineno), path, *arguments)


def _word(node: nodes.FilterBlock) -> nodes.Output:
    return nodes.Output([nodes.Name("_word", "load")], lineno=node.lineno)


def _unescaped(part: nodes.Expr) -> nodes.Expr:
    return nodes.Const(unescape(part.data)) if isinstance(part, nodes.TemplateData) else part


def _verb(name: str, given: nodes.Expr | None, *arguments: Any) -> nodes.Filter:
    said = [one if isinstance(one, nodes.Expr) else nodes.Const(one) for one in arguments]
    return nodes.Filter(given, name, said, [], None, None, lineno=(given and given.lineno) or 1)
