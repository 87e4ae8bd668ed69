"""Rules as the text that people write and read: JSON, a condition a line."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from app.problem import Problem, Refused
from app.segments.rules import GROUPS

LONGEST = 200_000  # characters; a hundred conditions with a thousand values each have more


def read(text: str) -> Any:
    """Raises Refused, which says where it cannot be read."""
    if not text.strip():
        raise _refused("There is no condition yet. Add one, or begin with an example.")
    if len(text) > LONGEST:
        raise _refused(f"Rules have at most {LONGEST:,} characters; these have {len(text):,}.")
    try:
        return json.loads(text, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        raise _refused(f"This is no JSON yet: look at line {error.lineno}, column {error.colno}.") from None
    except (RecursionError, ValueError):
        raise _refused("This is no JSON that can be read.") from None


def of(raw: Any, indent: str = "") -> str:
    """Groups in lines, each condition on one: short enough to be compared by eye."""
    group = next((how for how in GROUPS if how in raw), None) if isinstance(raw, dict) and len(raw) == 1 else None
    if group is None or not isinstance(raw[group], list):
        return json.dumps(raw, ensure_ascii=False)
    if not raw[group]:
        return f'{{"{group}": []}}'
    inner = ",\n".join(f"{indent}  {of(one, indent + '  ')}" for one in raw[group])
    return f'{{"{group}": [\n{inner}\n{indent}]}}'


def _no_number(_word: str) -> NoReturn:
    raise ValueError


def _refused(said: str) -> Refused:
    return Refused([Problem("", said)])
