"""The white list: kinds of expressions, and the filters with what may stand in their brackets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from jinja2 import nodes

from app.content.language import dates

EXPRESSIONS = (nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Add, nodes.Sub)
LONGEST_CUT = 1_000
MOST_DIGITS = 6


def _nothing(_: Sequence[Any]) -> str | None:
    return None


@dataclass(frozen=True)
class Allowed:
    """`trouble` sees the constants in the brackets; `example` teaches."""

    example: str
    least: int = 0
    most: int = 0
    trouble: Callable[[Sequence[Any]], str | None] = _nothing


def _whole(name: str, least: int, most: int) -> Callable[[Sequence[Any]], str | None]:
    def trouble(constants: Sequence[Any]) -> str | None:
        wrong = [one for one in constants if type(one) is not int or not least <= one <= most]
        return f"“{name}” takes a whole number from {least} to {most:,}" if wrong else None

    return trouble


def _currency(constants: Sequence[Any]) -> str | None:
    wrong = [one for one in constants if not isinstance(one, str) or len(one) != 3 or not one.isalpha()]
    return '“money” takes a currency of three letters, as in money("EUR")' if wrong else None


def _date(constants: Sequence[Any]) -> str | None:
    return next((said for one in constants if (said := dates.trouble(one))), None)


FILTERS = {
    "default": Allowed('{{ customer.first_name | default("there") }}', 1, 2),
    "upper": Allowed("{{ … | upper }}"),
    "lower": Allowed("{{ … | lower }}"),
    "title": Allowed("{{ … | title }}"),
    "date": Allowed('{{ … | date("long") }}', 0, 1, _date),
    "money": Allowed('{{ facts.product.price | money }} or money("EUR")', 0, 1, _currency),
    "number": Allowed("{{ … | number }} or number(2)", 0, 1, _whole("number", 0, MOST_DIGITS)),
    "truncate": Allowed("{{ … | truncate(40) }}", 0, 1, _whole("truncate", 1, LONGEST_CUT)),
    "join": Allowed('{{ … | join(", ") }}', 0, 1),
    "length": Allowed("{{ … | length }}"),
    "first": Allowed("{{ … | first }}"),
    "last": Allowed("{{ … | last }}"),
    "escape": Allowed("{{ … | escape }}"),
}
