"""How single variables of the environment are read. A wrong value stops the start with one sentence (ConfigError)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}
LIMIT = re.compile(r"([1-9]\d{0,8})/(second|minute|hour|day)")


@dataclass(frozen=True)
class Limit:
    """At most so many calls in so many seconds."""

    most: int
    seconds: int


class ConfigError(Exception):
    """A sentence for the person who set the variable."""


def web_address(env: Mapping[str, str], name: str, otherwise: str) -> str:
    url = (env.get(name) or otherwise).rstrip("/")
    if not re.fullmatch(r"https?://[^/\s?#]+(/[^\s?#]*)?", url):
        raise ConfigError(f"{name} must be a web address, like https://marketing.example.com.")
    return url


def limit(env: Mapping[str, str], name: str) -> Limit | None:
    if not (written := env.get(name, "").strip()):
        return None
    if not (found := LIMIT.fullmatch(written)):
        raise ConfigError(f"{name} must look like 600/minute (second, minute, hour or day), not “{written}”.")
    return Limit(int(found[1]), SECONDS[found[2]])
