"""Where a link or a picture may lead: http, https, mailto, tel, or a field that says it as a whole."""

from __future__ import annotations

import html
import re

from app.content.mjml import tags
from app.content.mjml.tags import Tag

LINK = ("http", "https", "mailto", "tel")
PICTURE = ("http", "https")
ATTRIBUTES = {
    "href": LINK,
    "action": LINK,
    "base-url": LINK,
    "cite": LINK,
    "longdesc": LINK,
    "src": PICTURE,
    "background": PICTURE,
    "background-url": PICTURE,
    "thumbnails-src": PICTURE,
    "left-icon": PICTURE,
    "right-icon": PICTURE,
    "icon-wrapped-url": PICTURE,
    "icon-unwrapped-url": PICTURE,
    "poster": PICTURE,
}
OWN = "/media/files/"  # a picture of our library: it becomes a whole address when the mail is drawn
SCHEME = re.compile(r"([a-z][a-z0-9+.\-]*):", re.IGNORECASE)
IGNORED = re.compile(r"[\x00-\x20\x7f-\xa0\u2000-\u200f\u2028-\u202f\u2060-\u206f\ufeff]")  # browsers skip them


def objection(attribute: str, value: str) -> tuple[str, bool] | None:
    """Why the address will not do, and whether it is refused."""
    if attribute == "srcset":
        candidates = [part.split() for part in value.split(",")]
        return next(filter(None, (_against(attribute, words[0], PICTURE) for words in candidates if words)), None)
    schemes = ATTRIBUTES.get(attribute)
    return _against(attribute, value, schemes) if schemes else None


def _against(attribute: str, value: str, schemes: tuple[str, ...]) -> tuple[str, bool] | None:
    """Each branch of an {% if %} at the beginning is a beginning of its own."""
    depth, is_beginning = 0, True
    for piece in tags.pieces(value):
        if isinstance(piece, Tag):
            depth += (piece.keyword in ("if", "for")) - (piece.keyword in ("endif", "endfor"))
            is_beginning = piece.is_control or (is_beginning and piece.is_comment)
        elif is_beginning and (found := _against_text(attribute, _plain(piece), schemes, piece == value)):
            return found
        else:
            is_beginning = False
        if not is_beginning and depth == 0:
            return None
    return None


def _against_text(attribute: str, text: str, schemes: tuple[str, ...], is_whole: bool) -> tuple[str, bool] | None:
    if found := SCHEME.match(text):
        is_known = found[1].lower() in schemes
        said = f"{attribute} leads to “{found[1][:20].lower()}:”; only {', '.join(schemes)} are possible"
        return None if is_known else (said, True)
    if not text or text[0] in "#?" or (schemes == PICTURE and is_whole and text.startswith(OWN)):
        return None
    if is_whole or text[0] == "/":
        return f"{attribute} wants a whole address, beginning with https://", False
    return f"{attribute} begins with “{text[:20]}” and goes on with Jinja: begin with https:// or with a field", True


def _plain(text: str) -> str:
    return IGNORED.sub("", html.unescape(text))
