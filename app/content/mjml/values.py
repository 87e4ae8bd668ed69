"""What an attribute may say: units, colours, choices. Jinja only where nothing is computed from the value."""

from __future__ import annotations

import re

from PIL.ImageColor import colormap  # the colour names of CSS

from app.content.mjml import tags

NUMBER = r"\d{1,6}(?:\.\d{1,6})?"
TYPE = re.compile(r"(\w+)(?:\(([^)]*)\))?(\{1,4\})?$")
COLOUR = re.compile(r"#(?:[0-9a-f]{3}|[0-9a-f]{6}|[0-9a-f]{8})|(?:rgb|hsl)a?\([\d\s.,%/]+\)", re.IGNORECASE)
COLOUR_WORDS = frozenset(colormap) | {"transparent", "inherit", "initial", "unset", "currentcolor", "none"}
# Written as “string” in the schema, yet the layout is computed from them.
COMPUTED = {
    "mode",
    "background-size",
    "background-position",
    "background-position-x",
    "background-position-y",
    "inline",
    "mj-class",
    "base-url",
}
FULL_SHORT = re.compile(r"#([0-9a-f])([0-9a-f])([0-9a-f])", re.IGNORECASE)


def objection(attribute: str, type_: str, value: str) -> tuple[str, bool] | None:
    """Why the value will not do, and whether it breaks the mail; None if it does."""
    name, choices, several = _parts(type_)
    if tags.START.search(value):
        return _against_jinja(attribute, name)
    if name in ("unit", "unitWithNegative"):
        return _against_unit(attribute, value.strip(), choices, bool(several), name == "unitWithNegative")
    return _against_word(attribute, name, value, choices)


def _against_word(attribute: str, type_: str, value: str, choices: list[str]) -> tuple[str, bool] | None:
    wants = {
        "color": ("a colour like #1a2b3c", COLOUR.fullmatch(value.strip()) or value.strip().lower() in COLOUR_WORDS),
        "enum": (f"one of {', '.join(filter(None, choices))}", value in choices),
        "boolean": ("true or false", value in ("true", "false")),
        "integer": ("a whole number", re.fullmatch(r"\d{1,4}", value)),
    }
    wanted, is_so = wants.get(type_, ("", True))
    return None if is_so else (f"{attribute} wants {wanted}, not “{value[:40]}”", True)


def written(type_: str, value: str) -> str:
    """As old mail programs read it: #abc is #aabbcc."""
    if type_ == "color" and (short := FULL_SHORT.fullmatch(value.strip())):
        return "#" + "".join(digit * 2 for digit in short.groups())
    if type_.startswith(("unit", "color")):
        return " ".join(value.split())
    return value


def _parts(type_: str) -> tuple[str, list[str], str]:
    found = TYPE.match(type_)
    if not found:
        return "string", [], ""
    return found[1], (found[2] or "").split(","), found[3] or ""


def _against_jinja(attribute: str, type_: str) -> tuple[str, bool] | None:
    if type_ == "string" and attribute not in COMPUTED:
        return None
    return f"{attribute} cannot take Jinja: the layout is computed from it", True


def _against_unit(
    attribute: str, value: str, units: list[str], several: bool, negative: bool
) -> tuple[str, bool] | None:
    words = value.split()
    if not words or len(words) > (4 if several else 1):
        return f"{attribute} wants {_example(units, several)}, not “{value[:40]}”", True
    known = [unit for unit in units if unit not in ("auto", "")]
    sign = "-?" if negative else ""
    for word in words:
        if word in ("0", *("auto",) * ("auto" in units)) or re.fullmatch(rf"{sign}{NUMBER}({'|'.join(known)})", word):
            continue
        if not re.fullmatch(sign + NUMBER, word):
            return f"{attribute} wants {_example(units, several)}, not “{value[:40]}”", True
        if "" not in units:
            return f"{attribute} has a number without a unit: write {word}{known[0]}", False
    return None


def _example(units: list[str], several: bool) -> str:
    number = "10" if units[0] == "px" else "1"
    ways = ["auto" if unit == "auto" else f"{number}{unit}" for unit in units]
    return ("one to four of " if several else "") + " or ".join(ways)
