"""The vocabulary of the demo, read once from words.toml."""

from __future__ import annotations

import json
import tomllib
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from app.demo.chance import wheel

PLAIN = str.maketrans(
    {"ß": "ss", "ø": "o", "Ø": "o", "ł": "l", "Ł": "l", "æ": "ae", "Æ": "ae", "ı": "i", "đ": "d", "Đ": "d"}
)


@dataclass(frozen=True)
class Name:
    written: str
    plain: str  # as it stands in an e-mail address


@dataclass(frozen=True)
class Place:
    city: str
    zone: str


@dataclass(frozen=True)
class Origin:
    code: str
    first: list[Name]
    last: list[Name]
    places: list[Place]
    mobile: str


@dataclass(frozen=True)
class Product:
    id: str
    name: str
    category: str
    price: int  # cents


@dataclass(frozen=True)
class Words:
    origins: list[Origin]  # a wheel, as are the next three
    at_home: list[Origin]  # where somebody lives who has moved: the campus's own cities
    providers: list[str]
    interests: list[str]
    courses: dict[str, list[str]]
    campuses: list[str]
    products: list[Product]
    pages: list[str]
    searches: list[str]
    odd: list[tuple[str, str]]

    @property
    def zones(self) -> list[str]:
        return sorted({place.zone for origin in self.origins for place in origin.places})


@cache
def words() -> Words:
    raw = tomllib.loads(Path(__file__).with_name("words.toml").read_text("utf-8"))
    origins = [(_origin(one), one["weight"]) for one in raw["origins"]]
    return Words(
        origins=wheel(origins),
        at_home=[origin for origin, _ in origins if origin.code in {"de", "nl", "pt", "se", "it"}],
        providers=wheel(raw["providers"]),
        interests=wheel((one["name"], one["weight"]) for one in raw["interests"]),
        courses=raw["courses"],
        campuses=raw["campuses"],
        products=_products(raw["products"]),
        pages=raw["pages"]["all"],
        searches=raw["searches"]["all"],
        odd=[(first, last) for first, last in raw["odd"]],
    )


def _origin(raw: dict[str, str]) -> Origin:
    places = [Place(*one.split("|")) for one in raw["places"]]
    return Origin(raw["code"], _names(raw["first"]), _names(raw["last"]), places, raw["mobile"])


def _names(text: str) -> list[Name]:
    return [Name(name, plain(name)) for name in (one.replace("_", " ") for one in text.split())]


def plain(text: str) -> str:
    parts = unicodedata.normalize("NFKD", text.translate(PLAIN).lower())
    return "".join(c for c in parts if c.isascii() and (c.isalnum() or c == "-"))


def _products(raw: dict[str, list[tuple[str, int]]]) -> list[Product]:
    every = [(name, category, price) for category, things in raw.items() for name, price in things]
    return [Product(f"P-{1001 + n}", *one) for n, one in enumerate(every)]


def as_json(value: object) -> str:
    """Compact, letters as they are; goes into COPY as it stands, for no word of ours holds a quote or a backslash."""
    return json.dumps(value, ensure_ascii=False, separators=(", ", ": "))
