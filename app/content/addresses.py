"""Where a link of a mail may lead, and where its pictures may come from."""

from __future__ import annotations

import re

SCHEMES = ("https://", "http://", "mailto:", "tel:")
PICTURES = ("https://", "http://")
SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:|//")
SPACE = re.compile("[\x00-\x20\x7f-\xa0\\s]")
NOWHERE = "#"


def leads_somewhere(target: str, schemes: tuple[str, ...] = SCHEMES) -> bool:
    return target.startswith(schemes) or target[:8].lower().startswith(schemes)


def is_refused(written: str) -> bool:
    """As a browser reads it: blanks and controls inside a scheme do not hide it."""
    plain = SPACE.sub("", written)
    return bool(SCHEME.match(plain)) and not leads_somewhere(plain)


def whole(target: str) -> str:
    """Without blanks, which would end it."""
    if target.isprintable() and " " not in target:
        return target
    return SPACE.sub(lambda found: "%20" if found[0] == " " else "", target.strip())
