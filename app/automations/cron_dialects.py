"""Six and seven fields, as AWS, Quartz and Spring write them: refused, with the five fields that they mean."""

from __future__ import annotations

import re

NEEDED = "minute, hour, day of the month, month and weekday, like 0 10 * * * for every day at 10:00"
COUNTS = {6: "six", 7: "seven"}
YEAR = re.compile(r"\*|\d{4}([-,/]\d{1,4})*", re.ASCII)
WRAPPED = re.compile(r"cron\((.*)\)", re.ASCII | re.IGNORECASE)


def unwrapped(said: str) -> str:
    """cron(0 10 * * ? *) is what AWS calls it."""
    wrapped = WRAPPED.fullmatch(said)
    return wrapped[1].strip() if wrapped else said


def five_of(parts: list[str]) -> str:
    """Of six or seven. Those who write a question mark count the weekdays from Sunday = 1."""
    five = _without_seconds_or_year(parts)
    if "?" in parts:
        five[4] = re.sub(r"(?<![#/\d])[1-7](?!\d)", lambda day: str(int(day[0]) - 1), five[4])
    return " ".join("*" if part == "?" else part for part in five)


def _without_seconds_or_year(parts: list[str]) -> list[str]:
    if len(parts) == 7:
        return parts[1:6]
    # AWS ends with the year, so that its days stand third and fifth; Quartz and Spring begin with the seconds.
    is_aws = "?" in (parts[2], parts[4]) or ("?" not in parts and parts[5] != "*" and bool(YEAR.fullmatch(parts[5])))
    return parts[:5] if is_aws else parts[1:]


def refusal(parts: list[str], five: str | None) -> str:
    """`five`: the same in five fields, where that can be said."""
    count = COUNTS.get(len(parts), str(len(parts)))
    said = f"It has {count} field{'' if len(parts) == 1 else 's'}, and needs five"
    if five is None:
        return f"{said}: {NEEDED}."
    return f"{said}, without seconds and year: {five}"
