"""The blocks that a mail is composed of: each kind with its parts, once. The composer draws its forms from here,
the reader refuses by it, and composing.py writes MJML of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app import operators
from app.problem import Problem, Refused

MOST = 60
MOST_COLUMNS = 3
MOST_NETWORKS = 8


@dataclass(frozen=True)
class Input:
    name: str
    label: str
    kind: str  # a key of READERS
    choices: tuple[tuple[str, str], ...] = ()
    default: Any = ""
    hint: str = ""


@dataclass(frozen=True)
class Kind:
    name: str
    label: str
    icon: str
    inputs: tuple[Input, ...]

    def fresh(self) -> dict[str, Any]:
        return {"kind": self.name, **{one.name: one.default for one in self.inputs}}


ALIGNS = (("left", "left"), ("center", "centred"), ("right", "right"))
SIZES = (("large", "large"), ("medium", "medium"), ("small", "small"))
SOURCES = (
    ("facts.cart.items", "what lies in the cart"),
    ("recommendations", "recommendations"),
    ("facts.product", "the product that it is about"),
    ("facts.products", "the products that it is about, where there are several"),
)
NETWORKS = (
    ("facebook", "Facebook"), ("instagram", "Instagram"), ("linkedin", "LinkedIn"), ("x", "X"),
    ("youtube", "YouTube"), ("web", "Website"),
)  # fmt: skip
MARKED = "**bold**, *italic*, [a link](https://…); lines that begin with - are a list"
ALIGN = Input("align", "Aligned", "choice", ALIGNS, "left")
LINK = Input("href", "Link", "link", hint="https://…, or a field like {{ facts.product_link }}")
ONLY_IF = Input("only_if", "Only if this is known", "field", hint="like customer.attributes.course; empty: always")

KINDS: dict[str, Kind] = {
    one.name: one
    for one in (
        Kind("heading", "Heading", "heading",
             (Input("text", "Text", "words", default="A heading"),
              Input("size", "Size", "choice", SIZES, "large"), ALIGN)),
        Kind("text", "Text", "align-left",
             (Input("text", "Text", "marked", default="Write here.",
                    hint=MARKED), ALIGN)),
        Kind("image", "Image", "photo",
             (Input("src", "Image", "source"), Input("alt", "Alternative text", "words",
                    hint="What people read who see no images"), LINK,
              Input("width", "Width", "choice", (("full", "full"), ("half", "half"), ("small", "small")), "full"))),
        Kind("button", "Button", "hand-click",
             (Input("text", "Label", "words", default="Have a look"), LINK,
              Input("look", "Look", "choice", (("filled", "filled"), ("outlined", "outlined")), "filled"),
              Input("align", "Aligned", "choice", ALIGNS, "center"))),
        Kind("columns", "Columns", "columns", (Input("columns", "Columns", "columns", default=[[], []]),)),
        Kind("products", "Products", "shopping-cart",
             (Input("source", "Which", "choice", SOURCES, "facts.cart.items"),
              Input("button", "Button", "words", default="View"),
              Input("most", "At most", "whole", default=6))),
        Kind("divider", "Divider", "minus", ()),
        Kind("spacer", "Space", "spacing-vertical", (Input("size", "Size", "choice", SIZES, "medium"),)),
        Kind("social", "Social", "share", (Input("networks", "Networks", "networks", default=[]), )),
        Kind("footer", "Footer", "layout-bottombar",
             (Input("text", "Text above the address", "marked"),)),
        Kind("saved", "Saved block", "bookmark", (Input("media", "Block", "saved", default=None),)),
    )
}  # fmt: skip
INSIDE_COLUMNS = ("heading", "text", "image", "button", "divider", "spacer")


def read(raw: Any) -> list[dict[str, Any]]:
    """Blocks as they are kept, or Refused with everything that is wrong with them."""
    problems: list[Problem] = []
    found = _blocks(raw, "blocks", tuple(KINDS), problems)
    if problems:
        raise Refused(problems)
    return found


def media_of(blocks: Sequence[Mapping[str, Any]]) -> set[int]:
    """The saved blocks that these name."""
    return {int(one["media"]) for one in blocks if one["kind"] == "saved" and one["media"]}


def _blocks(raw: Any, path: str, kinds: Sequence[str], problems: list[Problem]) -> list[dict[str, Any]]:
    if not isinstance(raw, list) or len(raw) > MOST:
        problems.append(Problem(path, f"It must be a list of at most {MOST} blocks."))
        return []
    return [_block(one, f"{path}[{number}]", kinds, problems) for number, one in enumerate(raw)]


def _block(raw: Any, path: str, kinds: Sequence[str], problems: list[Problem]) -> dict[str, Any]:
    kind = KINDS.get(str(raw.get("kind"))) if isinstance(raw, dict) else None
    if kind is None or kind.name not in kinds:
        problems.append(Problem(path, f"A block here is one of: {', '.join(kinds)}."))
        return {}
    inputs = {one.name: one for one in (*kind.inputs, ONLY_IF)}
    unknown = sorted(str(word) for word in raw.keys() - inputs.keys() - {"kind"})
    problems += [Problem(f"{path}.{word[:60]}", "This word is not known here.") for word in unknown]
    found = {"kind": kind.name}
    for name, part in inputs.items():
        value = raw.get(name, part.default)
        try:
            found[name] = READERS[part.kind](part, value, f"{path}.{name}", problems)
        except ValueError as error:
            problems.append(Problem(f"{path}.{name}", str(error)))
    return found


def _words(_part: Input, raw: Any, _path: str, _problems: list[Problem]) -> str:
    return operators.text(raw, 500) if raw else ""


def _marked(_part: Input, raw: Any, _path: str, _problems: list[Problem]) -> str:
    return operators.text(raw, 20_000) if raw else ""


def _link(_part: Input, raw: Any, _path: str, _problems: list[Problem]) -> str:
    return operators.text(raw, 2_000) if raw else ""


def _choice(part: Input, raw: Any, _path: str, _problems: list[Problem]) -> str:
    if raw not in dict(part.choices):
        raise ValueError(f"It must be one of: {', '.join(dict(part.choices))}.")
    return str(raw)


def _whole(_part: Input, raw: Any, _path: str, _problems: list[Problem]) -> int:
    if not isinstance(raw, int) or isinstance(raw, bool) or not 1 <= raw <= 24:
        raise ValueError("It must be a number from 1 to 24.")
    return raw


def _field(_part: Input, raw: Any, _path: str, _problems: list[Problem]) -> str:
    if raw and not all(part.replace("_", "").isalnum() for part in str(raw).split(".")):
        raise ValueError("It must name a field, like customer.first_name.")
    return str(raw or "")


def _columns(_part: Input, raw: Any, path: str, problems: list[Problem]) -> list[list[dict[str, Any]]]:
    if not isinstance(raw, list) or not 2 <= len(raw) <= MOST_COLUMNS:
        raise ValueError(f"There are 2 or {MOST_COLUMNS} columns.")
    return [_blocks(one, f"{path}[{number}]", INSIDE_COLUMNS, problems) for number, one in enumerate(raw)]


def _networks(_part: Input, raw: Any, _path: str, _problems: list[Problem]) -> list[dict[str, str]]:
    if not isinstance(raw, list) or len(raw) > MOST_NETWORKS:
        raise ValueError(f"It must be a list of at most {MOST_NETWORKS} networks.")
    for one in raw:
        if not isinstance(one, dict) or one.keys() != {"network", "href"} or one["network"] not in dict(NETWORKS):
            raise ValueError("Each is a network and its link.")
    return [{"network": str(one["network"]), "href": operators.text(one["href"], 2_000)} for one in raw]


def _saved(_part: Input, raw: Any, _path: str, _problems: list[Problem]) -> int | None:
    if raw is not None and (not isinstance(raw, int) or isinstance(raw, bool) or raw < 1):
        raise ValueError("It must be a saved block.")
    return raw


READERS: dict[str, Callable[[Input, Any, str, list[Problem]], Any]] = {
    "words": _words,
    "marked": _marked,
    "link": _link,
    "source": _link,
    "choice": _choice,
    "whole": _whole,
    "field": _field,
    "columns": _columns,
    "networks": _networks,
    "saved": _saved,
}
