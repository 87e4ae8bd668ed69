"""Is this an e-mail address that a provider would take?"""

from __future__ import annotations

import re

LOCAL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}")
DOMAIN = re.compile(r"(?=.{4,253}$)([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z0-9-]{2,63}")


def is_address(text: str) -> bool:
    local, at, domain = text.rpartition("@")
    return bool(at and LOCAL.fullmatch(local) and ".." not in local and DOMAIN.fullmatch(domain))
