"""Several mails of one automation, as its form says them: how many, and what each of them has of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.automations.definition import Definition
from app.automations.variants import LETTERS, MOST, kept
from app.blueprints.merges import number

COUNT = "versions"
OF_EACH = tuple((f"{letter.lower()}_template_id", f"{letter.lower()}_subject") for letter in LETTERS)
NAMES = ("subject", COUNT, *(name for names in OF_EACH for name in names))


def wanted(form: Mapping[str, str]) -> dict[str, Any]:
    """What stands in a version that is not among the first so many is forgotten."""
    count = number(form[COUNT])
    shown = OF_EACH[: min(count, MOST)] if count > 1 else ()
    some = [kept(number(form[template]) or None, form[subject] or None) for template, subject in shown]
    return {"subject": form["subject"] or None, "variants": some}


def held(own: Definition) -> dict[str, str]:
    found = {"subject": own.subject or "", COUNT: str(len(own.variants) or 1)}
    for (template, subject), one in zip(OF_EACH, own.variants, strict=False):
        found |= {template: str(one.get("template_id") or ""), subject: one.get("subject") or ""}
    return found


def templates(typed: Mapping[str, Any]) -> list[str]:
    return [chosen for template, _ in OF_EACH if (chosen := typed.get(template, ""))]
