"""The functions that segments can name: what they are called, what they ask for, and whether that was said well.

Every file of this folder is looked into by itself, and so is every module that SEGMENT_FUNCTIONS names.
"""

from __future__ import annotations

import inspect
import os
import pkgutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

from app.logs import log, place_of
from app.segments import functions as folder
from app.segments.functions import arguments as kinds
from app.segments.functions.arguments import Argument

GIVEN = frozenset({"now", "zone"})  # to whoever has them among their parameters: the moment, and the team's zone

Run = TypeVar("Run", bound=Callable[..., Any])


@dataclass(frozen=True)
class Function:
    """`run` answers ids of customers: an iterable of them, or a select of one column."""

    name: str
    label: str
    run: Callable[..., Any]
    arguments: tuple[Argument, ...] = ()
    help: str = ""

    @property
    def given(self) -> frozenset[str]:
        return GIVEN & inspect.signature(self.run).parameters.keys()

    @property
    def file(self) -> Path:
        return Path(self.run.__code__.co_filename)


_known: dict[str, Function] = {}


def segment_function(name: str, label: str, arguments: Iterable[Argument] = (), help: str = "") -> Callable[[Run], Run]:
    """The function stays what it is. What it takes must be what it asks for: that is said at once, not at a run."""

    def register(run: Run) -> Run:
        function = Function(name, label, run, tuple(arguments), help or inspect.getdoc(run) or "")
        takes = inspect.signature(run).parameters.keys() - GIVEN
        if takes != {one.name for one in function.arguments}:
            raise TypeError(f"{name}: its parameters are {sorted(takes)}, its arguments are not.")
        if name in _known and _known[name].file != function.file:
            raise TypeError(f"{name} is in {_known[name].file.name} already.")
        _known[name] = function
        return run

    return register


def everything() -> Sequence[Function]:
    _look_around()
    return sorted(_known.values(), key=lambda one: one.label.lower())


def named(name: object) -> Function | None:
    _look_around()
    return _known.get(name) if isinstance(name, str) else None


def problems(name: object, arguments: object) -> dict[str, str]:
    """What is wrong, by the name of the argument; empty when all is well."""
    return _read(name, arguments)[1]


def read(name: str, arguments: object) -> dict[str, Any]:
    """As the function gets them; ValueError with the first problem."""
    values, wrong = _read(name, arguments)
    for field, sentence in wrong.items():
        raise ValueError(f"{field}: {sentence}")
    return values


def from_form(name: str, form: Mapping[str, str]) -> dict[str, Any]:
    """What a form sent, as the API would send it: fields have the names of the arguments."""
    function = named(name)
    read = {one.name: kinds.from_form(one, form) for one in (function.arguments if function else ())}
    return {field: value for field, value in read.items() if value is not None}


def said(name: str, arguments: Mapping[str, Any]) -> str:
    """“Top spenders (How many 100, Within 30d)”, also of what is not there any more."""
    function = named(name)
    labels = {one.name: one.label for one in function.arguments} if function else {}
    told = ", ".join(f"{labels.get(field, field)} {value}" for field, value in arguments.items())
    return (function.label if function else f"“{name}”") + (f" ({told})" if told else "")


def _read(name: object, arguments: object) -> tuple[dict[str, Any], dict[str, str]]:
    function = named(name)
    if function is None:
        known = ", ".join(sorted(_known))
        return {}, {"handler_function": f"There is no function “{str(name)[:60]}”. Known are {known}."}
    if not isinstance(arguments, Mapping):
        return {}, {"arguments": "They are an object of names and values."}
    values, wrong = {}, _unknown(function, arguments)
    for one in function.arguments:
        try:
            values[one.name] = kinds.read(one, arguments)
        except ValueError as error:
            wrong[one.name] = str(error)
    return values, wrong


def _unknown(function: Function, arguments: Mapping[Any, Any]) -> dict[str, str]:
    names = [one.name for one in function.arguments]
    sentence = f"{function.name} asks for no such thing, but for {', '.join(names) or 'nothing'}."
    return {str(name)[:60]: sentence for name in arguments if name not in names}


@cache
def _look_around() -> None:
    """A file that cannot be loaded takes its own function away, not the others."""
    inside = [f"{folder.__name__}.{one.name}" for one in pkgutil.iter_modules(folder.__path__)]
    for module in [*inside, *os.environ.get("SEGMENT_FUNCTIONS", "").split()]:
        try:
            import_module(module)
        except Exception as error:
            log.error("segment function", module=module, outcome="not loaded", **place_of(error))
