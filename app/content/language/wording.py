"""Jinja's own words for what is wrong, in those of people who write mails."""

from __future__ import annotations

import re

from jinja2 import nodes

TAGS: dict[type[nodes.Node], str] = {
    nodes.Assign: "set",
    nodes.AssignBlock: "set",
    nodes.Macro: "macro",
    nodes.CallBlock: "call",
    nodes.Import: "import",
    nodes.FromImport: "from",
    nodes.Include: "include",
    nodes.Extends: "extends",
    nodes.Block: "block",
    nodes.FilterBlock: "filter",
    nodes.With: "with",
    nodes.Scope: "autoescape",
    nodes.ScopedEvalContextModifier: "autoescape",
    nodes.EvalContextModifier: "autoescape",
}
EXPRESSIONS: dict[type[nodes.Node], str] = {
    nodes.Call: "calling something with ( )",
    nodes.Mul: "“*”",
    nodes.Div: "“/”",
    nodes.FloorDiv: "“//”",
    nodes.Mod: "“%”",
    nodes.Pow: "“**”",
    nodes.Concat: "“~” (write one {{ … }} beside the other)",
    nodes.CondExpr: "“… if … else …” in one line (write {% if … %})",
    nodes.Test: "“is …” (write {% if … %} with a comparison)",
    nodes.List: "a list in [ ]",
    nodes.Tuple: "a list of values",
    nodes.Dict: "a list in { }",
    nodes.Neg: "a minus before a name",
    nodes.Pos: "a plus before a name",
}
UNKNOWN_TAG = re.compile(r"Encountered unknown tag '([^']*)'")
OPEN_TAG = re.compile(r"innermost block that needs to be closed is '(\w+)'")
EXPECTED = re.compile(r"expected token '([^']*)', got '(.*)'", re.DOTALL)
ENDS = {"end of statement block": "%}", "end of print statement": "}}", "begin of statement block": "{%"}


def of(node: nodes.Node) -> str:
    """What stands there, for “… is not part of the language”."""
    if type(node) in TAGS:
        return f"“{{% {TAGS[type(node)]} %}}”"
    return EXPRESSIONS.get(type(node), "this")


def syntax(message: str) -> str:
    if open_tag := OPEN_TAG.search(message):
        return f"“{{% {open_tag[1]} %}}” has no “{{% end{open_tag[1]} %}}” where it is needed"
    if unknown := UNKNOWN_TAG.search(message):
        return _tag(unknown[1])
    if message.startswith(("Missing end of comment", "unexpected end of template", "Unexpected end of template")):
        return "something that was opened is not closed before the end"
    if message.startswith("Missing end of raw"):
        return "“{% raw %}” is not part of the language"
    if expected := EXPECTED.search(message):
        wanted, got = (ENDS.get(word, word)[:40] for word in expected.groups())
        return f"“{wanted}” was expected and “{got}” stands there"
    return f"it cannot be read: {message[:120]}"


def _tag(name: str) -> str:
    if name.startswith("end") or name in {"else", "elif"}:
        return f"“{{% {name[:40]} %}}” closes nothing that is open"
    return f"“{{% {name[:40]} %}}” is not part of the language"
