"""Fields in places where escaping for HTML is not enough: in styles, and inside an address."""

from __future__ import annotations

import re
from html import unescape
from typing import Any
from urllib.parse import quote

from markupsafe import escape

from app.content.language.filters import shown
from app.content.language.state import Context, state_of

NOT_IN_STYLES = re.compile(r"[^\w#.,%\s/?&=:+~-]")


def address(context: Context, written: Any, number: int) -> str:
    follow = state_of(context).address
    return follow(number, shown(written)) if follow else shown(written)


def escaped_address(context: Context, written: str, number: int) -> str:
    """Of a whole block, conditions and all, which is escaped already and will not be again."""
    return str(escape(address(context, unescape(str.__str__(written)), number)))


def joined(*parts: Any) -> str:
    return "".join(map(shown, parts))


def style(value: Any) -> str:
    """Nothing that would end the property or begin another one."""
    return NOT_IN_STYLES.sub("", shown(value))


def query(value: Any) -> str:
    """One value of an address: “Anna & Bob” stays one."""
    return quote(shown(value), safe="")


def part(value: Any) -> str:
    return quote(shown(value), safe="/:?=&%#+,;@~!$*()")
