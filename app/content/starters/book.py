"""The starters: written here with pictures named by their files, and frozen as the first migration publishes them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from PIL import Image as Opened

from app.content import blocks, composing, links, publishing
from app.content.composing import Look
from app.content.writing import Draft
from app.settings.brand import Brand

SHELF = Path(__file__).parent
IMAGES, FROZEN = SHELF / "images", SHELF / "frozen"
NAMES = (
    "welcome",
    "newsletter",
    "abandoned-cart",
    "browse-reminder",
    "price-drop",
    "back-in-stock",
    "product-launch",
)
TAGS = ("starter",)


@dataclass(frozen=True)
class Image:
    """A picture of a starter; its address is that of the library."""

    file: str
    content: bytes

    @property
    def content_hash(self) -> str:
        return hashlib.blake2b(self.content, digest_size=16).hexdigest()

    @property
    def address(self) -> str:
        return f"/media/files/{self.content_hash}"

    def facts(self, name: str, alt: str) -> dict[str, Any]:
        with Opened.open(IMAGES / self.file) as image:
            size = {"width": image.width, "height": image.height, "size": len(self.content)}
        return {"file": self.file, "content_hash": self.content_hash, "name": name, "alt": alt, "tags": TAGS, **size}


def draft(name: str) -> Draft:
    written = _written(name)
    return Draft(**{**written, "blocks": [_addressed(block) for block in written["blocks"]]})


def frozen(name: str) -> dict[str, Any]:
    """What publishing makes of it today, in the colours of a brand that nobody has set yet."""
    kept = composed(draft(name))
    made = publishing.frozen(kept)
    found = [{"place": one.place, "href": one.href, "label": one.label} for one in links.find(made.html)]
    version = {
        "subject": made.subject,
        "preheader": made.preheader,
        "html": made.html,
        "text": made.text,
        "fields": publishing.fields(made),
        "weight": len(made.html.encode()),
    }
    return {"starter": name, "template": kept.kept(), "version": version, "links": found, "images": _images(name)}


def composed(wanted: Draft) -> Draft:
    kept = blocks.read(wanted.blocks)
    return replace(wanted, blocks=kept, message=composing.mjml(kept, Look.of(Brand()), {}))


def freeze() -> list[Path]:
    FROZEN.mkdir(exist_ok=True)
    files = {name: FROZEN / f"{name}.json" for name in NAMES}
    for name, file in files.items():
        file.write_text(as_file(frozen(name)))
    return list(files.values())


def as_file(made: Mapping[str, Any]) -> str:
    return json.dumps(made, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def _written(name: str) -> dict[str, Any]:
    written: dict[str, Any] = json.loads((SHELF / f"{name}.json").read_text())
    return written


def _addressed(block: dict[str, Any]) -> dict[str, Any]:
    return {**block, "src": _image(block["src"]).address} if block["kind"] == "image" else block


def _images(name: str) -> list[dict[str, Any]]:
    written = _written(name)
    shown = [block for block in written["blocks"] if block["kind"] == "image"]
    return [_image(block["src"]).facts(written["name"], block["alt"]) for block in shown]


def _image(path: str) -> Image:
    file = IMAGES / Path(path).name
    return Image(file.name, file.read_bytes())
