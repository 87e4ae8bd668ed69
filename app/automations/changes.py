"""What each version of an automation changed, as lines that were taken out or put in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from app.automations import keeping
from app.automations.automation import Automation, AutomationVersion

MOST = 20  # versions
SAID = {
    "segment_id": "segment",
    "template_id": "template",
    "variants": "mails to compare",
    "sender_id": "sender",
    "timezone": "time zone",
    "reply_to": "answers to",
    "discount_pool_id": "discount codes",
    "trigger": "when",
}


@dataclass(frozen=True)
class Line:
    sign: str  # + or -
    text: str


@dataclass(frozen=True)
class Step:
    version: int
    by: str
    at: datetime
    lines: list[Line]
    is_first: bool
    more: int = 0


def of(automation: Automation) -> list[Step]:
    """The latest first."""
    versions = keeping.versions(automation)[: MOST + 1]
    before = [*versions[1:], None]
    return [_step(one, former) for one, former in zip(versions, before, strict=True)][:MOST]


def _step(one: AutomationVersion, former: AutomationVersion | None) -> Step:
    lines = _differences(former.definition, one.definition) if former else []
    return Step(one.version, one.by_name, one.created_date, lines, one.version == 1)


def _differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Line]:
    found: list[Line] = []
    for name in after:
        if (before.get(name) or None) != (after[name] or None):  # what came later stands in no older version
            found += [Line("-", _said(name, before.get(name))), Line("+", _said(name, after[name]))]
    return found


def _said(name: str, value: Any) -> str:
    shown = value if isinstance(value, str) else "none" if value is None else msgspec.json.encode(value).decode()
    return f"{SAID.get(name, name)}: {shown}"
