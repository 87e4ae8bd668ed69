"""What both readers of a template's tree ask of it."""

from __future__ import annotations

from collections.abc import Mapping

from jinja2 import nodes

from app.content.language import names
from app.content.language.names import Path


def path_of(node: nodes.Node) -> tuple[nodes.Name, Path] | None:
    """The name that it begins with, and the steps from there."""
    steps: list[str | int] = []
    while not isinstance(node, nodes.Name):
        if isinstance(node, nodes.Getattr):
            steps.append(node.attr)
        elif isinstance(node, nodes.Getitem) and is_key(node.arg):
            steps.append(node.arg.value)  # type: ignore[attr-defined]  # is_key
        else:
            return None
        node = node.node
    return node, tuple(reversed(steps))


def is_key(node: nodes.Node) -> bool:
    if not isinstance(node, nodes.Const) or isinstance(node.value, bool):
        return False
    return isinstance(node.value, str) or (isinstance(node.value, int) and 0 <= node.value < 10_000)


def full(root: str, steps: Path, loops: Mapping[str, str]) -> str:
    """The whole way to a field: `item.name` is facts.cart.items[].name"""
    if root not in loops:
        return names.said((root, *steps))
    rest = names.said(steps)
    return f"{loops[root]}[]" + (("" if rest.startswith("[") else ".") + rest if rest else "")


def named(node: nodes.Node, loops: Mapping[str, str]) -> str | None:
    found = path_of(node)
    return full(found[0].name, found[1], loops) if found else None


def there_if(test: nodes.Node, loops: Mapping[str, str]) -> set[str]:
    """The fields that are surely there where the test holds."""
    if isinstance(test, nodes.And):
        return there_if(test.left, loops) | there_if(test.right, loops)
    if isinstance(test, nodes.Not):
        return there_unless(test.node, loops)
    if isinstance(test, nodes.Filter) and test.name != "default" and test.node:
        return there_if(test.node, loops)
    if isinstance(test, nodes.Compare) and _needs_a_value(test):
        return there_if(test.expr, loops)
    field = named(test, loops)
    return {field} if field else set()


def there_unless(test: nodes.Node, loops: Mapping[str, str]) -> set[str]:
    if isinstance(test, nodes.Or):
        return there_unless(test.left, loops) | there_unless(test.right, loops)
    return there_if(test.node, loops) if isinstance(test, nodes.Not) else set()


def _needs_a_value(test: nodes.Compare) -> bool:
    """Nobody's missing value is more than something, or equals a word."""
    if len(test.ops) != 1 or isinstance(test.expr, nodes.Filter):
        return False
    operand = test.ops[0]
    is_word = isinstance(operand.expr, nodes.Const) and operand.expr.value not in (None, "")
    return operand.op in {"gt", "gteq", "lt", "lteq"} or (operand.op == "eq" and is_word)
