"""How the team looks and signs: on these pages, on the public ones and in every mail."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import msgspec

from app.audit import Actor
from app.settings import setting

NAME = "brand"
COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


class Brand(msgspec.Struct, frozen=True, kw_only=True):
    name: str = "Campus"
    legal_name: str = ""
    postal_address: str = ""
    website: str = ""
    logo_url: str = ""
    accent: str = "#0c6478"
    accent_ink: str = "#ffffff"

    @property
    def imprint(self) -> str:
        """In a line. Most people write the legal name as the first line of the address, too."""
        whole, lines = self.legal_name or self.name, [line.strip() for line in self.postal_address.splitlines()]
        return ", ".join(filter(None, lines if lines[:1] == [whole] else [whole, *lines]))


def read() -> tuple[Brand, int]:
    return setting.versioned(NAME, Brand)


def current() -> Brand:
    return setting.read(NAME, Brand)


def problems(brand: Brand) -> dict[str, str]:
    found = {
        "name": _name(brand.name),
        "website": _address(brand.website),
        "logo_url": _address(brand.logo_url),
        "accent": _colour(brand.accent),
        "accent_ink": _colour(brand.accent_ink),
        "postal_address": "" if len(brand.postal_address) <= 500 else "At most 500 characters.",
    }
    if not (found["accent"] or found["accent_ink"]) and contrast(brand.accent, brand.accent_ink) < 4.5:
        found["accent_ink"] = (
            f"Text in this colour on the brand colour has a contrast of {contrast(brand.accent, brand.accent_ink):.1f};"
            " people need 4.5 to read it."
        )
    return {name: said for name, said in found.items() if said}


def save(brand: Brand, version: int, by: Actor) -> None:
    setting.save(NAME, brand, version, by)


def contrast(one: str, other: str) -> float:
    """As WCAG reckons it: 1 is invisible, 21 is black on white."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _name(name: str) -> str:
    if not name:
        return "The brand needs a name; people see it in the side bar and in every mail."
    return "" if len(name) <= 60 else "At most 60 characters."


def _address(url: str) -> str:
    parts = urlsplit(url)
    is_good = not url or (parts.scheme in {"http", "https"} and parts.hostname and len(url) <= 500)
    return "" if is_good else "A whole address, like https://www.example.com."


def _colour(colour: str) -> str:
    return "" if COLOUR.fullmatch(colour) else "Six hexadecimal digits, like #0c6478."
