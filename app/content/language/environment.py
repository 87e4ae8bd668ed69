"""Jinja's immutable sandbox, emptied: no globals, no tests, our filters, and nobody's Python attributes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jinja2 import Undefined, nodes, pass_context
from jinja2.environment import Template
from jinja2.exceptions import SecurityError
from jinja2.runtime import LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment

from app.content.language import filters, finding, guarding
from app.content.language.names import LOOP


class Language(ImmutableSandboxedEnvironment):
    def __init__(self, *, is_html: bool) -> None:
        super().__init__(autoescape=is_html, finalize=filters.shown, keep_trailing_newline=True, cache_size=0)
        self.filters = dict(FILTERS)
        self.tests, self.globals = {}, {}

    def getattr(self, obj: Any, attribute: str) -> Any:
        """A loop alone has attributes; the data is reached by `finding`."""
        if type(obj) is LoopContext and attribute in LOOP:
            return getattr(obj, attribute)
        return Undefined(name=attribute)

    def getitem(self, _: Any, argument: Any) -> Any:
        return Undefined(name=str(argument))

    def call(self, *_: Any, **__: Any) -> Any:
        raise SecurityError("nothing can be called")

    def of(self, tree: nodes.Template) -> Template:
        """Ready to run. Only of a tree that was judged and rewritten."""
        tree.set_environment(self)
        code = self.compile(tree)
        return self.template_class.from_code(self, code, {})


FILTERS: dict[str, Callable[..., Any]] = {
    "default": filters.default,
    "upper": filters.upper,
    "lower": filters.lower,
    "title": filters.title,
    "date": pass_context(filters.date_),
    "money": filters.money,
    "number": filters.number,
    "truncate": filters.truncate,
    "join": filters.join,
    "length": filters.length,
    "first": filters.first,
    "last": filters.last,
    "escape": filters.escape,
    # What follows cannot be written in a template: the white list knows only the names above.
    "_find": finding.find,
    "_want": pass_context(finding.want),
    "_must": pass_context(finding.must),
    "_each": pass_context(finding.each),
    "_compare": filters.compare,
    "_plus": filters.plus,
    "_minus": filters.minus,
    "_address": pass_context(guarding.address),
    "_escaped_address": pass_context(guarding.escaped_address),
    "_joined": guarding.joined,
    "_style": guarding.style,
    "_query": guarding.query,
    "_part": guarding.part,
}
READER = Language(is_html=False)
HTML = Language(is_html=True)
TEXT = Language(is_html=False)
