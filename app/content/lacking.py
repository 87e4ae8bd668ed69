"""The fields that a draft shows and a person may lack, each with what shall happen then."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from app.content import language
from app.content.writing import Draft

ABOUT_PEOPLE = ("customer.", "facts.", "recommendations")


@dataclass(frozen=True)
class Field:
    """`how`: default (`instead` stands there), skip (the person gets no mail), or empty: nothing stands there."""

    path: str
    how: str = ""
    instead: str = ""


def of(draft: Draft) -> list[Field]:
    """In the order of the mail. What the author guards there already is not asked for again."""
    return [_field(path, draft.policies.get(path, {})) for path in dict.fromkeys(_unguarded(draft))]


def policy(how: str, instead: str) -> dict[str, Any]:
    """As it is kept: nothing for “leave it empty”."""
    if how == "skip":
        return {"skip": True}
    return {"default": instead} if how == "default" and instead else {}


def _unguarded(draft: Draft) -> Iterator[str]:
    for source in (draft.subject, draft.preheader, draft.message):
        for one in _fields(source):
            if not one.is_guarded and one.path.startswith(ABOUT_PEOPLE):
                yield one.path


def _fields(source: str) -> list[language.Field]:
    """None while it is broken: that is said elsewhere."""
    try:
        return language.fields_of(source)
    except language.Refused:
        return []


def _field(path: str, said: Mapping[str, Any]) -> Field:
    return Field(
        path, "skip" if said.get("skip") else "default" if said.get("default") else "", said.get("default", "")
    )
