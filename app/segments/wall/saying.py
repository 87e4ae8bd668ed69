"""What PostgreSQL refuses, worded for whoever wrote the SQL, with line and column in their own text."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
from sqlglot import tokenize
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import Token, TokenType

from app.segments.unavailable import Unavailable
from app.segments.wall.views import NAMES, SCHEMA

READABLE = ", ".join(NAMES)
COLUMNS = {column.name for view in SCHEMA for column in view.columns}
ONLY_READ = "SQL segments only read: begin with SELECT or WITH."
QUOTED = re.compile(r'"([^"]+)"')
MEANT = re.compile(r'Perhaps you meant to reference the column "(?:[^".]+\.)?([^"]+)"')


@contextmanager
def worded(sql: str, before: int) -> Iterator[None]:
    """`before`: how many characters of ours stand before theirs."""
    try:
        yield
    except psycopg.Error as error:
        line, column = _place(sql, error, before)
        raise Unavailable(_said(error, sql), line, column) from None


def no_question(sql: str) -> Unavailable:
    """It is a statement, and answers nothing."""
    first = next(iter(_tokens(sql)), None)
    return Unavailable(ONLY_READ, first.line if first else None, _column(first))


def without_last_semicolon(sql: str) -> str:
    last = next(reversed(_tokens(sql)), None)
    if last is None or last.token_type != TokenType.SEMICOLON or sql[last.start] != ";":
        return sql
    return f"{sql[: last.start]} {sql[last.start + 1 :]}"


def _place(sql: str, error: psycopg.Error, before: int) -> tuple[int | None, int | None]:
    if error.sqlstate == "42601" and (second := _second_statement(sql)):
        return second.line, _column(second)
    position = int(error.diag.statement_position or 0) - before
    if not 0 < position <= len(sql) + 1:
        return None, None
    ahead = sql[: position - 1]
    return ahead.count("\n") + 1, len(ahead) - (ahead.rfind("\n") + 1) + 1


def _said(error: psycopg.Error, sql: str) -> str:
    state = error.sqlstate or ""
    if state == "42601" and _second_statement(sql):
        return "There are several statements. Leave one SELECT, without a semicolon before its end."
    if say := SAY.get(state):
        return say(error.diag.message_primary or "", error.diag.message_hint or "")
    if said := SENTENCES.get(state) or SENTENCES.get(state[:2]):
        return said
    return f"PostgreSQL cannot run this: {error.diag.message_primary or 'the connection was lost'}."


def _no_column(message: str, hint: str) -> str:
    name = re.sub(r"^column (.*) does not exist$", r"\1", message).strip('"').rpartition(".")[2]
    found = MEANT.search(hint)
    meant = found[1] if found else next(iter(difflib.get_close_matches(name, COLUMNS - {name}, 1)), "")
    return f"There is no column “{name}”." + (f" Did you mean “{meant}”?" if meant else "")


def _no_view(message: str, _hint: str) -> str:
    name = _quoted(message)
    if "FROM-clause" in message:
        return f"“{name}” is not among what stands after FROM."
    near = difflib.get_close_matches(name, NAMES, 1)
    return f"There is no “{name}”. " + (f"Did you mean “{near[0]}”?" if near else f"SQL segments read {READABLE}.")


def _not_allowed(message: str, _hint: str) -> str:
    name = message.rpartition(" ")[2].strip('"')
    return f"“{name}” is not part of what SQL segments may read: {READABLE}."


def _no_function(message: str, _hint: str) -> str:
    what = message.replace(" does not exist", "").replace("operator:", "operator")
    return f"There is no {what}. A value of another type may need a cast, like ::text or ::int."


def _syntax(message: str, _hint: str) -> str:
    if "end of input" in message:
        return "Something is missing at the end."
    if "multiple commands" in message:
        return "There are several statements. Leave one SELECT, without a semicolon before its end."
    near = re.search(r'at or near "(.*)"$', message, re.DOTALL)
    return f"This cannot be read near “{near[1]}”." if near else f"This cannot be read: {message}."


def _quoted(message: str) -> str:
    found = QUOTED.search(message)
    return found[1] if found else message


SAY: dict[str, Callable[[str, str], str]] = {
    "42703": _no_column,
    "42P01": _no_view,
    "3F000": _no_view,
    "42501": _not_allowed,
    "42883": _no_function,
    "42601": _syntax,
}
TOO_LARGE = "It needs more room than a segment may take. Narrow it down."
SENTENCES = {
    "57014": "It took longer than 5 seconds and was stopped. Narrow it down, or use a rule instead.",
    "55P03": "The data is being rebuilt at this moment. Try again in a minute.",
    "25006": ONLY_READ,
    "53300": "Others are counting at this moment. Try again in a few seconds.",
    "53": TOO_LARGE,
    "54": TOO_LARGE,
    "42809": "Procedures and the like cannot be used here: only plain SELECTs are possible.",
    "22012": "Something is divided by zero.",
    "22": "A value does not fit what is done with it: a text is read as a number or a date, for example.",
    "57": "The database stopped it. Try again in a minute.",
    "0A000": "SQL segments cannot do this: only plain SELECTs are possible.",
}


def _tokens(sql: str) -> list[Token]:
    try:
        return list(tokenize(sql, read="postgres"))
    except (SqlglotError, RecursionError):
        return []


def _second_statement(sql: str) -> Token | None:
    tokens = _tokens(sql)
    ends = (at for at, token in enumerate(tokens) if token.token_type == TokenType.SEMICOLON)
    return next((tokens[at + 1] for at in ends if at + 1 < len(tokens)), None)


def _column(token: Token | None) -> int | None:
    """sqlglot counts to the end of a token."""
    return None if token is None else max(1, token.col - len(token.text) + 1)
