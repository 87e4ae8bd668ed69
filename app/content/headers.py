"""What stands in a header of a mail: one line, whatever it was made of. A line break would begin another header."""

from __future__ import annotations

import re

LONGEST_SUBJECT = 300
LONGEST_PREHEADER = 500
LONGEST_NAME = 120
BREAKING = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\\s]+")


def one_line(value: str, longest: int = LONGEST_SUBJECT) -> str:
    if len(value) <= longest and value.isprintable() and "  " not in value:
        return value.strip()
    line = BREAKING.sub(" ", value[: 4 * longest]).strip()
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def name(value: str) -> str:
    """Of a sender or a recipient: nothing that could be read as an address."""
    return one_line(re.sub(r'[<>"\\,;:]', " ", value[: 4 * LONGEST_NAME]), LONGEST_NAME)
