"""Reads a template and judges its tree: what is not on the white list is refused with its line, in plain words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches

from jinja2 import TemplateSyntaxError, nodes

from app.content.language import allowed, names, tree, wording
from app.content.language.environment import READER
from app.content.language.problem import Problem

LONGEST = 1_000_000
MOST_TAGS = 3_000
MOST_LOOPS_INSIDE = 2
DEEPEST = 20  # blocks in blocks, or parts of an expression
LONGEST_CONSTANT = 1_000
MOST_PROBLEMS = 50
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


@dataclass
class Reading:
    tree: nodes.Template | None
    problems: list[Problem]


def check(source: str) -> list[Problem]:
    return read(source).problems


def read(source: str) -> Reading:
    try:
        if problem := _shape(source):
            return Reading(None, [problem])
        found = READER.parse(source)
        judge = _Judge()
        judge.body(found.body, 0)
    except TemplateSyntaxError as error:
        return Reading(None, [Problem(error.lineno, wording.syntax(error.message or ""))])
    except RecursionError:
        return Reading(None, [Problem(1, "it is nested too deeply")])
    except (ValueError, OverflowError, MemoryError):
        return Reading(None, [Problem(1, "a number or a text in it is too large")])
    return Reading(found, sorted(set(judge.problems))[:MOST_PROBLEMS])


def _shape(source: str) -> Problem | None:
    if len(source) > LONGEST:
        return Problem(1, f"it is longer than {LONGEST:,} characters")
    if found := CONTROL.search(source):
        line = source.count("\n", 0, found.start()) + 1
        return Problem(line, "there is a control character; take it out")
    if source.count("{{") + source.count("{%") + source.count("{#") > MOST_TAGS:
        return Problem(1, f"it has more than {MOST_TAGS:,} fields and conditions")
    for line, kind, _ in READER.lex(source) if "raw" in source else ():
        if kind == "raw_begin":
            return Problem(line, "“{% raw %}” is not part of the language")
    return None


@dataclass
class _Judge:
    problems: list[Problem] = field(default_factory=list)
    loops: list[str] = field(default_factory=list)

    def refuse(self, node: nodes.Node, message: str) -> None:
        line = node.lineno or next((one.lineno for one in node.find_all(nodes.Node) if one.lineno), 1)
        self.problems.append(Problem(line, message))

    def body(self, body: Iterable[nodes.Node], depth: int) -> None:
        for node in body:
            self.statement(node, depth)

    def statement(self, node: nodes.Node, depth: int) -> None:
        if depth > DEEPEST:
            self.refuse(node, f"conditions and loops are nested more than {DEEPEST} deep")
        elif isinstance(node, nodes.Output):
            for one in node.nodes:
                self.expression(one, 0)
        elif isinstance(node, nodes.If):
            self.condition(node, depth)
        elif isinstance(node, nodes.For):
            self.loop(node, depth)
        else:
            self.refuse(node, f"{wording.of(node)} is not part of the language")

    def condition(self, node: nodes.If, depth: int) -> None:
        for one in (node, *node.elif_):
            self.expression(one.test, 0)
            self.body(one.body, depth + 1)
        self.body(node.else_, depth + 1)

    def loop(self, node: nodes.For, depth: int) -> None:
        name = node.target.name if isinstance(node.target, nodes.Name) else ""
        if node.recursive or node.test is not None:
            return self.refuse(node, "a loop is written {% for item in a list %}, with nothing behind it")
        if not name or name in (*names.ROOTS, *self.loops, "loop") or name.startswith("_"):
            return self.refuse(node, "a loop needs one new name, as in {% for item in facts.cart.items %}")
        if len(self.loops) == MOST_LOOPS_INSIDE:
            return self.refuse(node, f"loops stand at most {MOST_LOOPS_INSIDE} deep in each other")
        if tree.path_of(node.iter) is None:
            return self.refuse(node, "a loop goes over a given list, as in {% for item in facts.cart.items %}")
        self.path(node.iter)
        self.loops.append(name)
        self.body(node.body, depth + 1)
        self.loops.pop()
        return self.body(node.else_, depth + 1)

    def expression(self, node: nodes.Node, depth: int) -> None:
        if depth > DEEPEST:
            self.refuse(node, "this expression has too many parts")
        elif isinstance(node, nodes.Const):
            self.constant(node)
        elif isinstance(node, nodes.Name | nodes.Getattr | nodes.Getitem):
            self.path(node)
        elif isinstance(node, nodes.Filter) and node.node is not None:
            self.filter(node, depth)
        elif isinstance(node, nodes.Compare) and len(node.ops) > 1:
            self.refuse(node, "compare two things at a time, and join comparisons by “and”")
        elif isinstance(node, allowed.EXPRESSIONS):
            for one in node.iter_child_nodes():
                self.expression(one, depth + 1)
        elif not isinstance(node, nodes.TemplateData) and not _is_negative(node):
            self.refuse(node, f"{wording.of(node)} is not part of the language")

    def constant(self, node: nodes.Const) -> None:
        value = node.value
        if isinstance(value, str) and (len(value) > LONGEST_CONSTANT or CONTROL.search(value)):
            self.refuse(node, f"a text in quotes has at most {LONGEST_CONSTANT:,} plain characters")
        elif isinstance(value, int | float) and not abs(value) < 1e15:
            self.refuse(node, "this number is too large")
        elif not isinstance(value, str | int | float | None):
            self.refuse(node, "this value is not part of the language")

    def path(self, node: nodes.Node) -> None:
        found = tree.path_of(node)
        if found is None:
            return self.refuse(node, _no_path(node))
        root, steps = found
        if root.name == "loop":
            if not self.loops:
                return self.refuse(node, "“loop” is only known inside a loop")
            if len(steps) != 1 or steps[0] not in names.LOOP:
                return self.refuse(node, f"of “loop” only {', '.join(names.LOOP)} are known")
            return None
        if root.name in self.loops:
            message = names.trouble(("facts", *steps))
        elif root.name in names.ROOTS or root.name.startswith("_"):
            message = names.trouble((root.name, *steps))
        else:
            message = names.unknown(root.name, self.loops)
        return self.refuse(node, message) if message else None

    def filter(self, node: nodes.Filter, depth: int) -> None:
        assert node.node is not None
        self.expression(node.node, depth + 1)
        wanted = allowed.FILTERS.get(node.name)
        if wanted is None:
            near = get_close_matches(node.name, allowed.FILTERS, 1, 0.6)
            hint = f"did you mean “{near[0]}”?" if near else f"there are {', '.join(allowed.FILTERS)}"
            return self.refuse(node, f"the filter “{node.name}” is not known; {hint}")
        if node.kwargs or node.dyn_args or node.dyn_kwargs or not wanted.least <= len(node.args) <= wanted.most:
            return self.refuse(node, f"“{node.name}” is written {wanted.example}")
        for one in node.args:
            self.expression(one, depth + 1)
        if message := wanted.trouble([one.value for one in node.args if isinstance(one, nodes.Const)]):
            self.refuse(node, message)
        return None


def _is_negative(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Neg) and isinstance(node.node, nodes.Const) and type(node.node.value) in (int, float)


def _no_path(node: nodes.Node) -> str:
    if isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Slice):
        return "taking a part by [a:b] is not part of the language; try the filter “truncate”"
    return "a name is followed by a dot and a name, or by a text or a number in [ ]; nothing else has parts"
