"""What a function asks for, as data: a form is drawn from it, the API is checked by it, a run is read by it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from app import spans
from app.settings import topics

LONGEST = 200
UNKEEPABLE = re.compile("[\0\ud800-\udfff]")
WHOLE = re.compile(r"[+-]?\d{1,15}", re.ASCII)
FRACTION = re.compile(r"[+-]?(\d{1,15}\.?\d{0,15}|\.\d{1,15})", re.ASCII)


@dataclass(frozen=True)
class Argument:
    """`kind` is a reader below. With a default, or where it is not needed, it may be left out."""

    name: str
    label: str
    kind: str
    help: str = ""
    least: float | None = None
    most: float | None = None
    choices: tuple[tuple[str, str], ...] = ()  # value and label
    default: Any = None
    may_be_absent: bool = False

    @property
    def is_needed(self) -> bool:
        return self.default is None and not self.may_be_absent

    def offers(self) -> Sequence[tuple[str, str]]:
        """What a form lets one choose from."""
        if self.kind == "topic":
            return [(topic.slug, topic.name) for topic in topics.in_use()]
        return self.choices


def integer(name: str, label: str, **more: Any) -> Argument:
    return Argument(name, label, "integer", **more)


def number(name: str, label: str, **more: Any) -> Argument:
    return Argument(name, label, "number", **more)


def text(name: str, label: str, **more: Any) -> Argument:
    return Argument(name, label, "text", **more)


def duration(name: str, label: str, **more: Any) -> Argument:
    return Argument(name, label, "duration", **more)


def day(name: str, label: str, **more: Any) -> Argument:
    return Argument(name, label, "day", **more)


def yes_or_no(name: str, label: str, **more: Any) -> Argument:
    return Argument(name, label, "yes_or_no", **({"default": False} | more))


def choice(name: str, label: str, choices: Sequence[tuple[str, str]], **more: Any) -> Argument:
    return Argument(name, label, "choice", choices=tuple(choices), **more)


def topic(name: str, label: str, **more: Any) -> Argument:
    return Argument(name, label, "topic", **more)


def read(argument: Argument, said: Mapping[str, Any]) -> Any:
    """Its value as the function gets it, or ValueError with a sentence."""
    raw = said.get(argument.name)
    raw = argument.default if raw is None or raw == "" else raw
    if raw is None:
        if argument.is_needed:
            raise ValueError("It is needed.")
        return None
    return READERS[argument.kind](argument, raw)


def from_form(argument: Argument, form: Mapping[str, str]) -> Any:
    """As the API would send it; what cannot be read stays as it was typed, so that read() says why. None: nothing."""
    typed = form.get(argument.name, "").strip()
    if argument.kind == "yes_or_no":
        return bool(typed)
    if argument.kind in {"integer", "number"} and WHOLE.fullmatch(typed):
        return int(typed)
    if argument.kind == "number" and FRACTION.fullmatch(typed):
        return float(typed)
    return typed or None


def _integer(argument: Argument, raw: Any) -> int:
    if not isinstance(raw, int) or isinstance(raw, bool):
        raise ValueError(f"It must be a whole number{_bounds(argument)}.")
    _check_bounds(argument, raw, "a whole number")
    return raw


def _number(argument: Argument, raw: Any) -> float:
    if isinstance(raw, bool) or not isinstance(raw, int | float) or not math.isfinite(raw):
        raise ValueError(f"It must be a number{_bounds(argument)}.")
    _check_bounds(argument, raw, "a number")
    return raw


def _check_bounds(argument: Argument, value: float, what: str) -> None:
    least = -(2**53) if argument.least is None else argument.least
    most = 2**53 if argument.most is None else argument.most
    if not least <= value <= most:
        raise ValueError(f"It must be {what}{_bounds(argument)}.")


def _bounds(argument: Argument) -> str:
    if argument.least is not None and argument.most is not None:
        return f" from {argument.least:,} to {argument.most:,}"
    if argument.least is not None:
        return f" of at least {argument.least:,}"
    return "" if argument.most is None else f" of at most {argument.most:,}"


def _text(argument: Argument, raw: Any) -> str:
    longest = int(argument.most or LONGEST)
    if not isinstance(raw, str) or len(raw) > longest or UNKEEPABLE.search(raw):
        raise ValueError(f"It must be a text of at most {longest:,} characters.")
    return raw


def _duration(_argument: Argument, raw: Any) -> spans.Duration:
    return spans.duration(raw)


def _day(_argument: Argument, raw: Any) -> date:
    try:
        if isinstance(raw, str) and spans.DAY.fullmatch(raw):
            return date.fromisoformat(raw)
    except ValueError:
        pass
    raise ValueError("It must be a day like 2026-10-22.")


def _yes_or_no(_argument: Argument, raw: Any) -> bool:
    if not isinstance(raw, bool):
        raise ValueError("It must be true or false.")
    return raw


def _choice(argument: Argument, raw: Any) -> str:
    known = [value for value, _ in argument.offers()]
    if raw not in known:
        raise ValueError(f"It must be one of: {', '.join(known)}.")
    return str(raw)


READERS: dict[str, Callable[[Argument, Any], Any]] = {
    "integer": _integer,
    "number": _number,
    "text": _text,
    "duration": _duration,
    "day": _day,
    "yes_or_no": _yes_or_no,
    "choice": _choice,
    "topic": _choice,
}
